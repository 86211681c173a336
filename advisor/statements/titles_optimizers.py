"""Titles on optimizers: who measured best beside the advised one, who is likely better, what tuning gives."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final

from advisor.report.numbers import apart, chance, every, number, percent
from advisor.statements.recomputed import same, whole_runs
from advisor.statements.statement import Answer, Case, Statement
from advisor.statements.titles_trials import named
from studies.limits import Limits
from studies.quantities import listed, several
from studies.record import Record

SLACK: Final = 0.01
"""By how much two probabilities of the same draws may differ."""
SURE: Final = 0.9
"""Probability from which an optimizer counts as better."""


def without_limits(case: Case) -> Answer | None:
    """Return the answer where no limit counts."""
    if case.evidence.limits == Limits():
        return case.answer
    return case.ask(replace(case.evidence, limits=Limits()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """Measured: what an optimizer reached, and over how many runs with fresh seeds."""

    optimizer: str
    quality: float
    seeds: int
    """0 for one run of the search."""
    interval: tuple[float, float] | None = None

    def __str__(self) -> str:
        return f"{self.optimizer} {number(self.quality)}, {self.basis}"

    @property
    def basis(self) -> str:
        """Return the runs behind it in words."""
        if not self.seeds:
            return "not confirmed"
        return "mean of " * (self.seeds > 1) + several(self.seeds, "seed")


@dataclass(frozen=True, kw_only=True)
class MeasuredBest(Statement):
    """Measured best: what the advised optimizer measured, beside whoever measured better, limits apart."""

    metric: str
    advised: Measured | None
    """None where no whole run of it is."""
    better: tuple[Measured, ...]
    """Those that measured better, the best first."""
    alike: tuple[str, ...]
    """Others that measured the same."""
    compared: int
    """Optimizers with a whole run."""
    overlapping: int = 0
    """Others whose interval overlaps with that of the advised one."""
    limits_lifted: bool = False
    """Whether the study has limits, which do not count here."""

    def __str__(self) -> str:
        lead = "Without limits, " * self.limits_lifted + f"{self.subjects[0]} is advised"
        if self.advised is None:
            return f"{lead}, not trained yet; measured best: {self.better[0]}"
        quality = self.advised.quality
        text, rival = apart(quality, self.better[0].quality) if self.better else (number(quality), "")
        reached = f"{lead}: {self.metric} {text}"
        if len(self.alike) + 1 == self.compared > 1:
            return f"{reached}, as {every(self.compared, 'optimizer')} reach: that tells nothing apart"
        best = f"{reached} ({self.advised.basis})"
        if self.better:
            first = self.better[0]
            others = f", {several(len(self.better) - 1, 'other')} too" if len(self.better) > 1 else ""
            return f"{best}; {first.optimizer} measured better, {rival} ({first.basis}){others}"
        if self.compared == 1:
            return best
        alike = f"{listed(self.alike)} measured the same, none better" if self.alike else ""
        return f"{best}; {alike or 'none measured better'}{self._overlaps()}"

    def _overlaps(self) -> str:
        if not self.overlapping:
            return ""
        if self.overlapping == 1:
            return ", but the interval of 1 other overlaps with its own"
        return f", but the intervals of {self.overlapping} others overlap with its own"

    def holds(self, case: Case) -> bool:
        """The answer without limits advises it, and the means of each optimizer's runs say the rest."""
        answer = without_limits(case)
        if answer is None or self.subjects != (answer.optimizer,):
            return False
        runs = {
            other.optimizer: case.runs(other.trials)
            for other in answer.contenders
            if other.quality is not None
        }
        means = {name: fmean(run.measured_quality for run in group) for name, group in runs.items()}
        mean = means.get(answer.optimizer)
        direction = case.evidence.direction
        apart = {name: value for name, value in means.items() if mean is None or not same(value, mean)}
        better = {name for name, value in apart.items() if mean is None or direction.better(value, mean)}
        stated = [*self.better, *([self.advised] if self.advised else [])]
        return (
            self.compared == len(runs)
            and self.limits_lifted == (case.evidence.limits != Limits())
            and (self.advised is None) == (mean is None)
            and {other.optimizer for other in self.better} == better
            and set(self.alike) == set(means) - set(apart) - {answer.optimizer}
            and all(
                same(means[each.optimizer], each.quality) and each.seeds == _seeds(runs[each.optimizer])
                for each in stated
            )
            and self.better == tuple(sorted(self.better, key=lambda each: direction.loss(each.quality)))
            and (not self.overlapping or self.overlapping == _overlaps(answer))
        )


def _seeds(runs: list[Record]) -> int:
    return len({run.seed for run in runs if not run.searched})


def _overlaps(answer: Answer) -> int:
    intervals = {other.optimizer: other.interval for other in answer.contenders if other.interval}
    advised = intervals.pop(answer.optimizer, None)
    if advised is None:
        return 0
    return sum(low <= advised[1] and advised[0] <= high for low, high in intervals.values())


@dataclass(frozen=True, kw_only=True)
class LikelyBetter(Statement):
    """Likely better: the chance that the first of two optimizers is the better one, when tuned once more."""

    probability: float
    sure: int
    """Others than which it is better with 90 % or more."""
    others: int
    tried: bool = True
    """Whether any of them has trials that say something."""

    def __str__(self) -> str:
        if not self.others:
            return f"Nothing to compare {self.subjects[0]} with" if self.subjects else "Nothing to compare"
        best, rival = self.subjects
        when = "Tuned again" if self.tried else "Before any trial"
        if 0.495 <= self.probability <= 0.505:
            return f"{when}, {best} and {rival} are equally likely to be the better one"
        than = f"better than {rival} with a probability of {chance(self.probability)}"
        lead = f"{when}, {best} would be {than}"
        if self.others == 1:
            return lead
        sure = f"{self.sure or 'none'} of the {self.others} others"
        return f"{lead}, and than {sure} with at least {percent(SURE)}"

    def holds(self, case: Case) -> bool:
        """Neither is the very best more often than it is better than the other."""
        answer = without_limits(case)
        names = set(case.evidence.optimizers)
        if answer is None or not set(self.subjects) <= names:
            return False
        if len(self.subjects) < 2:
            return not self.others
        chances = {other.optimizer: other.p_best for other in answer.contenders}
        best, rival = (chances.get(name, 0.0) for name in self.subjects)
        return (
            0 <= self.sure <= self.others < len(names)
            and 0 <= self.probability <= 1 + SLACK
            and best <= self.probability + SLACK
            and rival <= 1 - self.probability + SLACK
        )


@dataclass(frozen=True, kw_only=True)
class TuningPromise(Statement):
    """Tuning promise: whose best of so many trials is expected to be best, drawn from those of the search."""

    metric: str
    early: tuple[str, ...]
    """With one trial each."""
    late: tuple[str, ...]
    """With as many each as all have."""
    early_quality: float
    late_quality: float
    shared: int
    """Trials that every one of them has."""
    compared: int

    def __str__(self) -> str:
        if self.compared == 1:
            return self._alone()
        if self.shared > 1 and self.early == self.late:
            return f"With one trial each as with {self.shared}, {self._best(self.early)}"
        start = f"With one trial each, {self._best(self.early)}"
        return start if self.shared == 1 else f"{start}; with {self.shared} each, {self._late()}"

    def _alone(self) -> str:
        early, late = number(self.early_quality), number(self.late_quality)
        early_words = f"One trial of {self.early[0]} is expected to reach {self.metric} {early}"
        if self.shared == 1:
            return early_words
        of = f"the best of {self.shared}"
        return f"{early_words}, as is {of}" if early == late else f"{early_words}; {of}, {late}"

    def _best(self, names: tuple[str, ...]) -> str:
        if len(names) == self.compared:
            return f"{every(self.compared, 'optimizer')} are expected to be equally good"
        verb = "is expected to be best" if len(names) == 1 else "are expected to be best, alike"
        return f"{named(names, self.compared)} {verb}"

    def _late(self) -> str:
        if len(self.late) == self.compared:
            return f"{every(self.compared, 'optimizer')} alike"
        return named(self.late, self.compared) + (", alike" if len(self.late) > 1 else "")

    def holds(self, case: Case) -> bool:
        """The expected best of one and of so many draws, with replacement, is best of these."""
        losses = _trial_losses(case)
        shared = min(map(len, losses.values()))
        scale = max(abs(loss) for group in losses.values() for loss in group)
        for count, names, quality in (
            (1, self.early, self.early_quality),
            (shared, self.late, self.late_quality),
        ):
            means = {name: _expected_least(group, count) for name, group in losses.items()}
            least = min(means.values())
            near = {name for name, mean in means.items() if mean - least <= 1e-9 * scale}
            if near != set(names) or abs(case.evidence.direction.loss(quality) - least) > 1e-9 * scale:
                return False
        return (self.shared, self.compared) == (shared, len(losses))


def _trial_losses(case: Case) -> dict[str, list[float]]:
    """Return the losses of each optimizer's trials, a lost one as the worst whole run of the study."""
    direction, names = case.evidence.direction, case.evidence.optimizers
    losses = {
        name: [direction.loss(run.quality) for run in whole_runs(case.evidence, name)] for name in names
    }
    worst = max((loss for group in losses.values() for loss in group), default=0.0)
    lost = Counter(
        run.optimizer for run in case.evidence.records if run.searched and run.state == "infeasible"
    )
    return {name: sorted([*group, *[worst] * lost[name]]) for name, group in losses.items() if group}


def _expected_least(losses: list[float], draws: int) -> float:
    """Return the mean of the least of so many draws with replacement from sorted losses."""
    count = len(losses)
    tails = [((count - rank) / count) ** draws for rank in range(count + 1)]
    return math.fsum(loss * (tails[rank] - tails[rank + 1]) for rank, loss in enumerate(losses))
