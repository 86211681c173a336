"""Statements on confidence: how likely the advised one is as good as any, and what the trials can tell."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.confidence import DECIDED, LEANING
from advisor.report.numbers import chance, number, percent, ratio
from advisor.statements.recomputed import same
from advisor.statements.statement import Case, Statement
from advisor.statements.tie_margin import TieMargin
from studies.quantities import several


@dataclass(frozen=True, kw_only=True)
class AsGood(Statement):
    """As good: the chance that nothing in question is better than the advised one beyond the tie margin."""

    tie: TieMargin
    p_tie: float
    p_best: float
    compared: int
    """Optimizers that fit."""
    expected_regret: float
    loss: str
    """What the loss is called."""

    def __str__(self) -> str:
        return (
            f"With {chance(self.p_tie)} nothing compared is better by more than {self.tie}; "
            f"it is the very best of {self.compared} with {chance(self.p_best)}. "
            f"On average the choice costs {ratio(self.expected_regret)} of the {self.loss}."
        )

    def holds(self, case: Case) -> bool:
        """The chances are those of the answer, fit its label, and being the very best is the rarer thing."""
        advised = case.contender(case.answer.optimizer)
        least = {"decided": DECIDED, "leaning": LEANING}.get(case.answer.label, 0.0)
        return (
            advised is not None
            and (self.p_tie, self.p_best) == (advised.p_tie, advised.p_best)
            and self.compared == len(case.answer.contenders) > 1
            and self.p_best <= self.p_tie + 1e-9
            and self.p_tie >= least
            and (case.answer.label != "open" or self.p_tie < LEANING)
            and self.expected_regret == advised.expected_regret >= 0
            and self.tie.gap == case.answer.margin
        )


@dataclass(frozen=True, kw_only=True)
class OnlyOne(Statement):
    """Only one: the advised optimizer was compared with no other."""

    in_question: int
    """Optimizers in question, those that were ruled out included."""

    def __str__(self) -> str:
        if self.in_question > 1:
            return f"It is the only optimizer of {self.in_question} that is not ruled out."
        return "It is the only optimizer in question: it was compared with no other."

    def holds(self, case: Case) -> bool:
        """No other fits, and whoever else is in question was ruled out in so many words."""
        vetoed = {finding.subject for finding in case.answer.findings if finding.verdict == "veto"}
        others = set(case.evidence.optimizers) - {case.answer.optimizer}
        return len(case.answer.contenders) == 1 and others <= vetoed and len(others) + 1 == self.in_question


@dataclass(frozen=True, kw_only=True)
class NoWholeRun(Statement):
    """No whole run: nothing was trained to its end, so little is sure."""

    cap: float
    """Largest probability that is stated then."""

    def __str__(self) -> str:
        return f"No whole run of it has been made, so no probability above {percent(self.cap)} is stated."

    def holds(self, case: Case) -> bool:
        """No whole run of it is on record, and no larger chance is stated."""
        whole = case.evidence.complete(case.answer.optimizer)
        advised = case.contender(case.answer.optimizer)
        return not whole and advised is not None and case.answer.label == "prior only"


@dataclass(frozen=True, kw_only=True)
class SeedSpread(Statement):
    """Seed spread: by how much the confirmed recipes differ from seed to seed."""

    gap: float
    loss: str
    is_margin: bool
    """Whether the tie margin is as wide for it."""
    fresh_splits: bool = False
    """Whether each seed had a split of its own, whose expected noise is taken off."""

    def __str__(self) -> str:
        ties = ", so smaller differences count as ties" if self.is_margin else ""
        beyond = ", beyond what other rows explain," if self.fresh_splits else ""
        return f"From seed to seed{beyond} the confirmed recipes differ by {self._spread()}{ties}."

    def _spread(self) -> str:
        return f"{ratio(self.gap)} of the {self.loss}"

    def holds(self, case: Case) -> bool:
        """Recipes were run with several seeds, and the margin is that spread where it says so."""
        cells: dict[tuple[str, int | None], set[int]] = {}
        for run in case.evidence.records:
            if run.stage == "confirm" and run.state == "complete":
                cells.setdefault((run.optimizer, run.source), set()).add(run.seed)
        several_seeds = any(len(seeds) > 1 for seeds in cells.values())
        return several_seeds and (not self.is_margin or same(self.gap, case.answer.margin))


@dataclass(frozen=True, kw_only=True)
class RowsTell(Statement):
    """Rows tell: the smallest difference that the validation rows can show."""

    rows: int
    tie: TieMargin

    def __str__(self) -> str:
        rows = several(self.rows, "validation row")
        return f"With {rows}, differences up to {self.tie} count as ties."

    def holds(self, case: Case) -> bool:
        """That many rows validate, and the tie margin is that difference."""
        return self.rows == case.evidence.valid_rows and same(self.tie.gap, case.answer.margin)


@dataclass(frozen=True, kw_only=True)
class NothingApart(Statement):
    """Nothing apart: every optimizer in question measured exactly the same."""

    metric: str
    quality: float
    rows: int | None
    confirmed: bool = False
    """Whether these are those that were confirmed, and others were not."""
    untried: bool = False
    """Whether these are those with a whole run, and others have none."""

    def __str__(self) -> str:
        count = len(self.subjects)
        rows = "" if self.rows is None else f" on {several(self.rows, 'validation row')}"
        which = "confirmed optimizers" if self.confirmed else "optimizers"
        which += " with a whole run" if self.untried else ""
        reach = f"{count} of {count} {which} reach {self.metric} {number(self.quality)}{rows}"
        return f"{reach}: that tells nothing apart."

    def holds(self, case: Case) -> bool:
        """Each of them has that quality, and the answer is labelled so."""
        qualities = [other.quality for other in case.answer.contenders if other.optimizer in self.subjects]
        return (
            len(qualities) == len(self.subjects) > 1
            and (self.confirmed or self.untried) == (len(self.subjects) < len(case.answer.contenders))
            and not (self.untried and self._confirmed(case))
            and (not self.confirmed or self._confirmed(case))
            and all(same(quality, self.quality) for quality in qualities)
            and case.answer.label == "tied"
            and self.rows == case.evidence.valid_rows
        )

    def _confirmed(self, case: Case) -> bool:
        """Tell whether the runs behind the answer are with fresh seeds, or of a compressed model."""
        return any(not run.searched for run in case.runs(case.answer.trials))
