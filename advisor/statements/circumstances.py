"""Circumstances: what every page about a study must say beside its charts, if it is so."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.evidence import has_quality
from advisor.report.numbers import every, number
from advisor.statements.recomputed import whole_runs
from advisor.statements.statement import Case, Statement
from studies.quantities import listed, several


@dataclass(frozen=True, kw_only=True)
class Alone(Statement):
    """Alone: one optimizer is all that there is to look at, so that nothing is compared."""

    in_question: int

    def __str__(self) -> str:
        name, others = self.subjects[0], self.in_question - 1
        if not others:
            return f"{name} is the only optimizer in question: nothing is compared."
        rest = "the other one has" if others == 1 else f"the {others} others have"
        return f"{name} alone has a whole run so far: {rest} none, so that nothing is compared."

    def holds(self, case: Case) -> bool:
        """Tell whether nobody else is in question, or nobody else has a whole run."""
        names = case.evidence.optimizers
        whole = tuple(name for name in names if whole_runs(case.evidence, name))
        return self.in_question == len(names) and self.subjects == (names if len(names) == 1 else whole)


@dataclass(frozen=True, kw_only=True)
class AllAlike(Statement):
    """All alike: the best whole run of every optimizer that has one measured the same."""

    metric: str
    quality: float

    def __str__(self) -> str:
        who = every(len(self.subjects), "optimizer")
        best = f"{self.metric} {number(self.quality)}"
        return (
            f"{who.capitalize()} with a whole run reach {best} at best: the search does not tell them apart."
        )

    def holds(self, case: Case) -> bool:
        """Tell whether the best search trials are those, and as good."""
        runs = {name: whole_runs(case.evidence, name) for name in case.evidence.optimizers}
        best = {
            name: case.evidence.direction.best(run.measured_quality for run in of)
            for name, of in runs.items()
            if of
        }
        return set(best) == set(self.subjects) and set(best.values()) == {self.quality} and len(best) > 1


@dataclass(frozen=True, kw_only=True)
class ToCompress(Statement):
    """To compress: models that are to be made small and are not yet."""

    chosen: bool
    """Whether the study has chosen its finalists, who are the subjects."""

    def __str__(self) -> str:
        of = f" ({listed(self.subjects)})" if self.chosen else ""
        return f"Not made small yet: the finalists' models{of}. Sizes and latencies are those before it."

    def holds(self, case: Case) -> bool:
        """Tell whether the study compresses and none of these has a model that was tried to make small."""
        tried = {
            run.optimizer
            for run in case.evidence.records
            if run.stage == "compress" and run.state in {"complete", "infeasible", "failed"}
        }
        return (
            case.evidence.compression == "after"
            and not case.evidence.compression_ended
            and bool(self.subjects)
            and not tried & set(self.subjects)
            and self.chosen == bool(case.evidence.compression_finalists or tried)
        )


@dataclass(frozen=True, kw_only=True)
class NothingWhole(Statement):
    """Nothing whole: trials have ended, and none of them at its end."""

    ended: int
    failed: int
    infeasible: int

    def __str__(self) -> str:
        parts = (
            (self.failed, "failed"),
            (self.infeasible, "came to no result"),
            (self._stopped, "stopped early"),
        )
        how = listed([f"{count} {word}" for count, word in parts if count])
        return f"No whole run in {several(self.ended, 'trial')}: {how}. The page Trials says why."

    @property
    def _stopped(self) -> int:
        return self.ended - self.failed - self.infeasible

    def holds(self, case: Case) -> bool:
        """Tell whether no trial is whole, and so many failed or came to no result."""
        ended = [run for run in case.evidence.records if run.state != "running"]
        states = [run.state for run in ended]
        return (
            not any(map(has_quality, case.evidence.records))
            and (self.ended, self.failed, self.infeasible)
            == (len(ended), states.count("failed"), states.count("infeasible"))
            and self.ended > 0
        )
