"""Statements on evidence that is wanted: runs, seeds, rows or ranges that could change the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from advisor.evidence import has_quality
from advisor.report.numbers import chance, ratio
from advisor.statements.statement import Case, Statement
from studies.quantities import listed, several


def _is_confirmed(case: Case, name: str) -> bool:
    return any(
        run.stage == "confirm" and run.optimizer == name and has_quality(run) for run in case.evidence.records
    )


@dataclass(frozen=True, kw_only=True)
class AnyTrial(Statement):
    """Any trial: nothing was tried yet."""

    def __str__(self) -> str:
        return "Any trial: a search of a few minutes outweighs everything that is said here."

    def holds(self, case: Case) -> bool:
        """There is no record."""
        return not case.evidence.records


@dataclass(frozen=True, kw_only=True)
class FirstWholeRun(Statement):
    """First whole run: there were trials, and none of the advised optimizer came to its end."""

    def __str__(self) -> str:
        return f"A whole run of {self.subjects[0]}: it has none yet (advisor list trials says why)."

    def holds(self, case: Case) -> bool:
        """There are records, and none is a whole run of it."""
        name = self.subjects[0]
        return bool(case.evidence.records) and not any(
            run.optimizer == name and run.searched and has_quality(run) for run in case.evidence.records
        )


@dataclass(frozen=True, kw_only=True)
class WholeRunsOf(Statement):
    """Whole runs of: optimizers that fit and have no whole run yet."""

    def __str__(self) -> str:
        they = "it has" if len(self.subjects) == 1 else "they have"
        return f"Whole runs of {listed(self.subjects)}: {they} none yet."

    def holds(self, case: Case) -> bool:
        """Each fits and has no whole run that a quality was measured of."""
        whole = {run.optimizer for run in case.evidence.records if run.searched and has_quality(run)}
        return all(case.contender(name) for name in self.subjects) and not whole & set(self.subjects)


@dataclass(frozen=True, kw_only=True)
class FreshSeeds(Statement):
    """Fresh seeds: recipes that one seed speaks for, whose order may be luck."""

    def __str__(self) -> str:
        if len(self.subjects) == 1:
            return f"Fresh seeds for the recipe of {self.subjects[0]}: one run of it may be luck."
        luck = "what separates them now may be the luck of one seed"
        return f"Fresh seeds for the recipes of {listed(self.subjects)}: {luck}."

    def holds(self, case: Case) -> bool:
        """The recipe in question of at least one of them was not run with fresh seeds."""
        contenders = [other for name in self.subjects if (other := case.contender(name))]
        stages = [{run.stage for run in case.runs(other.trials)} for other in contenders]
        return len(contenders) == len(self.subjects) and any("confirm" not in each for each in stages)


@dataclass(frozen=True, kw_only=True)
class MoreRows(Statement):
    """More rows: a difference that no number of seeds on these validation rows tells from luck."""

    rows: int
    gap: float

    def __str__(self) -> str:
        these = "this one" if self.rows == 1 else "these"
        luck = f"a difference of {ratio(self.gap)} between {listed(self.subjects)}"
        luck += " may be luck, whatever the number of seeds"
        return f"More validation rows than {self.rows}: on {these} {luck}."

    def holds(self, case: Case) -> bool:
        """That many rows validate, and both were run with fresh seeds."""
        return self.rows == case.evidence.valid_rows and all(
            _is_confirmed(case, name) for name in self.subjects
        )


@dataclass(frozen=True, kw_only=True)
class HardlyApart(Statement):
    """Hardly apart: so many seeds would be needed that there is no point."""

    gap: float
    seed_gap: float
    """Standard deviation of a gap over seeds."""

    def __str__(self) -> str:
        return (
            f"Hardly anything between {listed(self.subjects)}: they are {ratio(self.gap)} apart where seeds "
            f"spread by {ratio(self.seed_gap)}."
        )

    def holds(self, case: Case) -> bool:
        """Both were run with fresh seeds, and lie closer together than the seeds of one."""
        return self.gap < self.seed_gap and all(_is_confirmed(case, name) for name in self.subjects)


@dataclass(frozen=True, kw_only=True)
class MoreSeeds(Statement):
    """More seeds: how many would tell the best two apart."""

    seeds: int
    seeds_now: int
    """Of the one with fewer."""
    gap: float

    def __str__(self) -> str:
        effect = f"they would tell a difference of {ratio(self.gap)} from luck"
        return f"About {self.seeds} seeds each (now {self.seeds_now}) for {listed(self.subjects)}: {effect}."

    def holds(self, case: Case) -> bool:
        """More are wanted than the one with fewer has."""
        counts = [
            len({run.seed for run in case.runs(other.trials)})
            for name in self.subjects
            if (other := case.contender(name))
        ]
        return len(counts) == len(self.subjects) and min(counts) == self.seeds_now < self.seeds


@dataclass(frozen=True, kw_only=True)
class ConfirmToo(Statement):
    """Confirm too: optimizers that fit and were not run with fresh seeds, where others were."""

    confirmed: tuple[str, ...]

    def __str__(self) -> str:
        were = "was" if len(self.confirmed) == 1 else "were"
        only = f"only {listed(self.confirmed)} {were} run with fresh seeds"
        return f"Confirming {listed(self.subjects)} too: {only}."

    def holds(self, case: Case) -> bool:
        """Those named as confirmed are all that were, and the others fit and were not."""
        confirmed = {name for name in case.evidence.optimizers if _is_confirmed(case, name)}
        fits = all(case.contender(name) for name in self.subjects)
        return fits and confirmed == set(self.confirmed) and not confirmed & set(self.subjects)


@dataclass(frozen=True, kw_only=True)
class WiderRange(Statement):
    """Wider range: the best learning rate of an optimizer is at the end of its range."""

    def __str__(self) -> str:
        name = self.subjects[0]
        return f"A wider range for the learning rate of {name}: its best recipe lies on the end of it."

    def holds(self, case: Case) -> bool:
        """One of its whole runs has a learning rate there."""
        return any(
            run.optimizer in self.subjects and abs(run.units.get("optimizer.lr", 0.0)) > 0.98
            for run in case.evidence.records
            if run.searched
        )


@dataclass(frozen=True, kw_only=True)
class BeatenSince(Statement):
    """Beaten since: a search trial that is better than the confirmed one was in the search."""

    confirmed_trial: int

    def __str__(self) -> str:
        beaten = f"the confirmed trial {self.confirmed_trial}"
        return f"Confirming trial {self.trials[0]}, which beat {beaten} in the search."

    def holds(self, case: Case) -> bool:
        """Both are whole runs of the advised optimizer, and the named one is better."""
        runs = {run.number: run for run in case.evidence.complete(case.answer.optimizer)}
        newer, confirmed = runs.get(self.trials[0]), runs.get(self.confirmed_trial)
        return (
            newer is not None
            and confirmed is not None
            and case.evidence.direction.better(newer.measured_quality, confirmed.measured_quality)
        )


@dataclass(frozen=True, kw_only=True)
class MoreTrials(Statement):
    """More trials: the chance that so many more would change the answer."""

    more: int
    p_change: float

    def __str__(self) -> str:
        return f"{several(self.more, 'more trial')} would change the answer with {chance(self.p_change)}."

    def holds(self, case: Case) -> bool:
        """It is a chance, and there is a whole run to change the answer from."""
        return 0 <= self.p_change <= 1 and case.answer.quality is not None and math.isfinite(self.p_change)


@dataclass(frozen=True, kw_only=True)
class NothingInSight(Statement):
    """Nothing in sight: no limit, goal or number of seeds that was looked at changes the answer."""

    def __str__(self) -> str:
        return "Other data, another model or another metric; no limit, goal or seed in sight would."

    def holds(self, case: Case) -> bool:
        """Only then said when nothing else is; other goals leave the optimizer as it is."""
        answers = [
            case.ask(replace(case.evidence, goal=goal)) for goal in ("quality", "speed", "memory", "balanced")
        ]
        return all(answer is None or answer.optimizer == case.answer.optimizer for answer in answers)
