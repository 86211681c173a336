"""Checks of the search as a whole: its limits, its trials, and what became of those without an end."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from advisor.report.numbers import percent
from advisor.statements.check import Check
from advisor.statements.recomputed import finished, same, whole_runs
from advisor.statements.statement import Case
from studies.limits import LIMITED_COST
from studies.plans.fairness import STRICT
from studies.quantities import listed, several
from studies.record import Record

Counts = tuple[tuple[str, int], ...]
"""Counts by name, in the order in which they are said."""


@dataclass(frozen=True, kw_only=True)
class UncheckedLimits(Check):
    """Unchecked limits: those that no measured cost of the recommended recipe could be held against."""

    name: ClassVar[str] = "limits"
    limits: tuple[str, ...]
    """Fields of `Limits`."""

    @property
    def message(self) -> str:
        costs = [LIMITED_COST[limit] for limit in self.limits]
        named = listed([f"{cost.limited} ({cost.flag})" for cost in costs])
        which = "that limit was" if len(costs) == 1 else "those limits were"
        return f"nobody measured {named} of the recommended run, so {which} not checked"

    @property
    def fix(self) -> str:
        return "measure it, or leave the limit out"

    def holds(self, case: Case) -> bool:
        """Tell whether just these limits are set while nobody knows their cost."""
        unknown = {
            limit
            for limit, cost in LIMITED_COST.items()
            if getattr(case.evidence.limits, limit) is not None and case.answer.costs[cost.field] is None
        }
        return bool(unknown) and set(self.limits) == unknown and not self.passed


@dataclass(frozen=True, kw_only=True)
class EnoughTrials(Check):
    """Enough trials: whether every optimizer had enough whole runs in the search; its subjects had not.

    Strictly compared, every one needs them. Else those that are left behind do not: others promised more.
    """

    name: ClassVar[str] = "whole runs"
    wanted_runs: int
    """Whole runs that an optimizer needs."""
    runs: Counts
    """Whole runs of each optimizer that has fewer."""
    missing_runs: int
    """How many they lack in all."""
    left_behind: tuple[str, ...] = ()
    """Optimizers with fewer whole runs whose trials were stopped, or whose best whole run is in the worse
    half."""
    strict: bool = False
    """Whether the search compares optimizers strictly."""

    @property
    def message(self) -> str:
        if self.passed:
            behind = f", but for {listed(self.left_behind)}, left behind" if self.left_behind else ""
            return f"every optimizer had {self.wanted_runs} whole runs or more{behind}"
        counts = listed([f"{optimizer} ({count or 'none'})" for optimizer, count in self.runs])
        why = "which --fair strict is to give each" if self.strict else "too few to be judged by"
        return f"{counts} had fewer than {self.wanted_runs} whole runs, {why}"

    @property
    def fix(self) -> str:
        more = f"make {several(self.missing_runs, 'more whole run')}, or compare fewer optimizers"
        stuck = [optimizer for optimizer, count in self.runs if not count]
        if self.command or not stuck:
            return more
        return f"see first why {listed(stuck)} came to no whole run; then {more}"

    def holds(self, case: Case) -> bool:
        """Tell whether these optimizers, and no other, have so few whole runs."""
        counts = {name: len(whole_runs(case.evidence, name)) for name in case.evidence.optimizers}
        few = {name: count for name, count in counts.items() if count < self.wanted_runs}
        behind = {name for name in few if _is_behind(case, name)}
        short = {name: count for name, count in few.items() if name not in behind}
        lacking = sum(self.wanted_runs - count for count in short.values())
        return (
            dict(self.runs) == short
            and set(self.left_behind) == behind
            and set(self.subjects) == set(short)
            and self.missing_runs == lacking
            and self.strict == (case.evidence.fair == STRICT)
            and self.passed == (not short)
        )


def _is_behind(case: Case, optimizer: str) -> bool:
    """Tell whether an optimizer's best whole run is in the worse half, or it has none and was compared."""
    if case.evidence.fair == STRICT:
        return False
    trials, direction = [run for run in case.evidence.records if run.searched], case.evidence.direction
    runs = sorted(finished(trials), key=lambda run: direction.loss(run.measured_quality))
    if best := next((run for run in runs if run.optimizer == optimizer), None):
        return direction.better(runs[(len(runs) - 1) // 2].measured_quality, best.measured_quality)
    return any(run.optimizer == optimizer and run.state == "pruned" and not run.cut_short for run in trials)


@dataclass(frozen=True, kw_only=True)
class LostTrials(Check):
    """Lost trials: the share of search trials that diverged, ran out of memory or broke a limit."""

    name: ClassVar[str] = "lost trials"
    lost: int
    ended: int
    """Search trials that are no longer running."""
    share: float
    allowed_share: float
    reasons: Counts
    """Most frequent first, at most three."""

    @property
    def message(self) -> str:
        trials = several(self.ended, "search trial")
        if not self.ended:
            return "no search trial has ended"
        if not self.lost:
            return f"none of {trials} diverged, ran out of memory or broke a limit"
        reasons = listed(_counted(self.reasons))
        return f"{self.lost} of {trials} ({percent(self.share)}) came to no result: {reasons}"

    @property
    def fix(self) -> str:
        return "lower the upper end of the learning rates, add warmup, or loosen the limit that is broken"

    def holds(self, case: Case) -> bool:
        """Tell whether so many were lost, and for these reasons."""
        ended = [run for run in case.evidence.records if run.searched and run.state != "running"]
        lost = [run for run in ended if run.state == "infeasible"]
        share = len(lost) / len(ended) if ended else 0.0
        return (
            (self.lost, self.ended) == (len(lost), len(ended))
            and same(self.share, share)
            and self.passed == (share <= self.allowed_share)
            and _most_frequent(self.reasons, Counter(map(_cause, lost)))
        )


@dataclass(frozen=True, kw_only=True)
class FailedTrials(Check):
    """Failed trials: those that raised an error; its subjects have no whole run, and a failed one."""

    name: ClassVar[str] = "failed trials"
    failed: int
    ended: int
    """Trials of every stage that are no longer running."""
    reasons: Counts
    """First line of each error, the most frequent first, at most three."""
    other_reasons: int
    """How many more there are."""

    @property
    def message(self) -> str:
        if not self.failed:
            return "no trial failed with an error"
        others = [several(self.other_reasons, "other error")] if self.other_reasons else []
        reasons = listed([*_counted(self.reasons), *others])
        ruined = f"; there is no whole run of {listed(self.subjects)}" if self.subjects else ""
        return f"{self.failed} of {several(self.ended, 'trial')} failed with an error: {reasons}{ruined}"

    @property
    def fix(self) -> str:
        return "mend what raises it: a failed trial says nothing about its optimizer"

    def holds(self, case: Case) -> bool:
        """Tell whether so many failed, with these errors, and these optimizers have nothing else."""
        ended = [run for run in case.evidence.records if run.state != "running"]
        failed = [run for run in ended if run.state == "failed"]
        errors = Counter(map(_first_line, failed))
        ruined = {run.optimizer for run in failed if not whole_runs(case.evidence, run.optimizer)}
        return (
            (self.failed, self.ended) == (len(failed), len(ended))
            and set(self.trials) == {run.number for run in failed}
            and set(self.subjects) == ruined
            and self.passed == (not failed)
            and self.other_reasons == len(errors) - len(self.reasons)
            and _most_frequent(self.reasons, errors)
        )


@dataclass(frozen=True, kw_only=True)
class EarlyRanks(Check):
    """Early ranks: whether a third of a run foretells its end in this study."""

    name: ClassVar[str] = "early ranks"
    pairs: int
    """Pairs of whole runs of one optimizer that differ after a third and at the end."""
    share: float
    """Of them, in which the one ahead after a third ended ahead."""
    wanted_share: float

    @property
    def message(self) -> str:
        return (
            "of two whole runs of an optimizer, the one ahead after a third ended ahead in "
            f"{percent(self.share)} of {several(self.pairs, 'pair')}"
        )

    @property
    def fix(self) -> str:
        return (
            "read stopped trials as unknown, not as bad; shorter runs, all of them whole, may compare better"
        )

    def holds(self, case: Case) -> bool:
        """Tell whether so many pairs kept their order."""
        agreed = [
            (after > before) == (end > other_end)
            for name in case.evidence.optimizers
            for number, (after, end) in enumerate(_thirds(case, name))
            for before, other_end in _thirds(case, name)[:number]
            if after != before and end != other_end
        ]
        share = sum(agreed) / len(agreed) if agreed else 0.0
        return (
            len(agreed) == self.pairs
            and same(self.share, share)
            and self.passed == (share >= self.wanted_share)
        )


def _thirds(case: Case, optimizer: str) -> list[tuple[float, float]]:
    """Return the metric of each whole run after a third of its epochs and at its end."""
    best = max if case.evidence.direction == "maximize" else min
    ends = []
    for run in whole_runs(case.evidence, optimizer):
        third = math.ceil(run.epochs / 3)
        early = [point.valid_metric for point in run.curve if point.epoch <= third < run.epochs]
        values = [value for value in early if math.isfinite(value)]
        ends += [(best(values), run.quality or 0.0)] if values else []
    return ends


def _counted(reasons: Counts) -> list[str]:
    return [f"{reason} ({count})" for reason, count in reasons]


def _most_frequent(reasons: Counts, counts: Counter[str]) -> bool:
    """Tell whether these are the most frequent, with their counts, in falling order."""
    said = [count for _, count in reasons]
    left = [count for reason, count in counts.items() if reason not in dict(reasons)]
    return (
        all(counts[reason] == count for reason, count in reasons)
        and said == sorted(said, reverse=True)
        and len(said) == min(3, len(counts))
        and max(left, default=0) <= min(said, default=0)
    )


def _first_line(run: Record) -> str:
    lines = (run.error or "").strip().splitlines()
    return lines[0] if lines else "no reason recorded"


def _cause(run: Record) -> str:
    line = _first_line(run)
    for cause in ("diverged", "out of memory", "cannot compress"):
        if line.startswith(cause):
            return cause
    return "over a limit" if "limit" in line else line.split(":")[0]
