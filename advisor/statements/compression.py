"""Statements on compression: what made the recipe a compressed one, and what is yet to come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import Any, Final, Literal, get_type_hints

from advisor.compressed_model import CompressedModel
from advisor.evidence import has_quality
from advisor.report.compression_names import sentence
from advisor.report.numbers import number, trials
from advisor.statements.model_limits import OF_MODEL, OnModelLimits, limit_text, limited, value_text
from advisor.statements.statement import Case, Statement
from studies.direction import Direction
from studies.limits import LIMITED_COST, Limits
from studies.quantities import listed, several
from studies.record import Record

Stage = Literal["before", "under way", "ended"]
"""Of a compression: before its first model, until its last, and after it."""
STAGES: Final = {
    "before": "the compression comes after the search",
    "under way": "the compression is not over",
    "ended": "the compression ended before it came to that",
}
MOST_NAMED: Final = 4
QUANTILES: Final = {2: 6.3138, 3: 2.9200, 4: 2.3534, 5: 2.1318, 6: 2.0150, 7: 1.9432, 8: 1.8946}
"""Of Student's t at 95 %, by the number of values: a two-sided interval of 90 %."""
CLOSE: Final = 1e-6
FIGURES: Final = (
    "name", "seeds", "quality", "reference_quality", "change", "change_reach", "model_bytes", "size_ratio",
    "gzip_ratio", "latency_seconds", "speedup", "speedup_many", "pace", "runtime_speedup", "control_change",
)  # fmt: skip
"""Of a compressed model, in a statement about it."""


@dataclass(frozen=True, kw_only=True)
class Compressed(OnModelLimits):
    """Compressed: which limits the model breaks as trained and meets as deployed, and at what price.

    Without such limits it is compressed for its quality.
    """

    model: CompressedModel
    metric: str
    direction: Direction

    def __str__(self) -> str:
        says = f"{sentence(self.model, self.metric, self.direction)} ({trials(self.trials)})."
        if not self.limits:
            return f"Of what fits the limits it gives least away: {says}"
        way = "as the deployed file" if self.model.plain else "compressed"
        return f"As trained, its model breaks the {self.said_limits}; {way} it fits: {says}"

    @property
    def figures(self) -> dict[str, Any]:
        """Return the limits and the figures of the model, both sides of each pair included."""
        limits = {name: getattr(self, name) for name in OnModelLimits.figure_types()}
        return limits | {name: getattr(self.model, name) for name in FIGURES}

    @classmethod
    def figure_types(cls) -> dict[str, Any]:
        """Return the types of these."""
        models = get_type_hints(CompressedModel)
        return OnModelLimits.figure_types() | {name: models[name] for name in FIGURES}

    def holds(self, case: Case) -> bool:
        """Tell whether the files are as said, fit the limits, and the trained models do not."""
        runs, sources = case.runs(self.trials), case.runs(self.model.sources)
        known = bool(runs) and all(run.stage == "compress" and run.footprint for run in runs)
        return (
            known
            and all(run.optimizer in self.subjects for run in runs)
            and self.limits_stand(case)
            and _fits(case.evidence.limits, self.model)
            and _paired_figures_hold(self.model, runs)
            and all(_over(name, value, sources) for name, value in self.limits.items())
        )


@dataclass(frozen=True, kw_only=True)
class Compressible(OnModelLimits):
    """Compressible: the best recipe breaks a limit on the model; compressed it may fit."""

    metric: str
    quality: float
    command: str = ""
    """Compresses it; empty where the study will do so by itself."""
    stage: Stage = "before"
    """How far it is with that."""

    def __str__(self) -> str:
        recipe = f"Its best recipe ({trials(self.trials)}, {self.metric} {number(self.quality)})"
        how = self.command or STAGES[self.stage]
        return f"{recipe} breaks the {self.said_limits}; compressed it may fit ({how})."

    def holds(self, case: Case) -> bool:
        """Tell whether no whole run of it is better, it breaks the limits, and nothing was compressed."""
        (name,), runs = self.subjects, case.runs(self.trials)
        direction = case.evidence.direction
        whole = [
            run for run in case.evidence.records if _whole(run) and run.searched and run.optimizer == name
        ]
        return (
            len(runs) == 1
            and runs[0].quality == self.quality
            and not any(direction.better(run.quality, self.quality) for run in whole)
            and self.limits_stand(case)
            and all(_over(limit, value, runs) for limit, value in self.limits.items())
            and not any(run.stage == "compress" for run in case.evidence.records)
        )


@dataclass(frozen=True, kw_only=True)
class NotCompressedYet(OnModelLimits):
    """Not compressed yet: optimizers whose models do not fit as trained, and are still to be made small."""

    stage: Stage
    command: str = ""
    """Goes on with the compression once it has ended."""

    def __str__(self) -> str:
        names, more = self.subjects[:MOST_NAMED], len(self.subjects) - MOST_NAMED
        who = listed([*names, f"{more} more"] if more > 0 else names)
        verb = "does" if len(self.subjects) == 1 else "do"
        how = f" ({self.command})" if self.command else ""
        limits = listed(
            [f"{limit_text(name, value)} of {limited(name)}" for name, value in self.limits.items()]
        )
        return f"Not compressed yet: as trained, {who} {verb} not fit {limits}; {STAGES[self.stage]}{how}."

    def holds(self, case: Case) -> bool:
        """Tell whether none of them was compressed, each is to be, and none fits as trained."""
        evidence = case.evidence
        compressed = {run.optimizer for run in evidence.records if _tried(run)}
        runs = [run for run in evidence.records if run.stage != "compress" and _whole(run)]
        begun = bool(evidence.compression_finalists or compressed)
        return (
            evidence.compression == "after"
            and self.stage == ("ended" if evidence.compression_ended else "under way" if begun else "before")
            and not compressed & set(self.subjects)
            and all(not begun or name in evidence.compression_finalists for name in self.subjects)
            and self.limits
            == {name: value for name in OF_MODEL if (value := getattr(evidence.limits, name)) is not None}
            and all(
                _breaks(evidence.limits, group) or _unmeasured(evidence.limits, group)
                for group in _recipes(runs, self.subjects)
            )
        )


@dataclass(frozen=True, kw_only=True)
class NoneSmallEnough(OnModelLimits):
    """None small enough: no compressed model meets the one limit that it is about; and the nearest one."""

    name: str
    """Of the way that comes nearest."""
    value: float
    """What the nearest has, in bytes or seconds."""
    measured: int
    """Compressed models there are."""

    def __str__(self) -> str:
        ((limit, allowed),) = self.limits.items()
        of = (
            f"Of {several(self.measured, 'compressed model')}"
            if self.measured > 1
            else "Of one compressed model"
        )
        best = f"the {'smallest' if limit == 'model_bytes' else 'fastest'} so far"
        value, most = value_text(limit, self.value), limit_text(limit, allowed)
        has = f"{value} of {limited(limit)}, over the limit of {most}"
        return f"{of}, {best} has {has} ({self.subjects[0]}: {self.name}, {trials(self.trials)})."

    def holds(self, case: Case) -> bool:
        """Tell whether these files are over the limit, and no file of any other is smaller or faster."""
        ((limit, allowed),) = self.limits.items()
        files = [run for run in case.evidence.records if run.stage == "compress" and _whole(run)]
        if limit == "latency_seconds":  # each is the median of a pair: what single files took lies around it
            return self.limits_stand(case) and self.value > allowed and bool(case.runs(self.trials))
        largest = max((run.model_bytes or 0 for run in case.runs(self.trials)), default=0)
        return (
            self.limits_stand(case)
            and largest == self.value > allowed
            and all(_largest_alike(run, files) >= self.value for run in files)
        )


@dataclass(frozen=True, kw_only=True)
class NoneFitsYet(Statement):
    """None fits yet: of what was compressed nothing meets all limits, and there is more to come."""

    measured: int
    """Compressed models there are."""

    def __str__(self) -> str:
        so_far = (
            f"None of {several(self.measured, 'compressed model')} meets all limits so far"
            if self.measured
            else "Not compressed yet: what was tried failed"
        )
        return f"{so_far}; {STAGES['under way']}."

    def holds(self, case: Case) -> bool:
        """Tell whether there are as many, the advised model is none of them, and it breaks a limit."""
        files = [run for run in case.evidence.records if run.stage == "compress" and _whole(run)]
        recipes = {tuple(sorted((key, str(value)) for key, value in run.params.items())) for run in files}
        return (
            len(recipes) == self.measured
            and case.answer.compression is None
            and bool(case.evidence.limits.exceeded(case.answer.costs))
            and not case.evidence.compression_ended
        )


def _recipes(runs: Sequence[Record], optimizers: Sequence[str]) -> list[list[Record]]:
    """Return the runs of each recipe: those with fresh seeds of what was confirmed, else the one run."""
    confirmed = {run.source for run in runs if run.stage == "confirm"}
    groups: dict[int | None, list[Record]] = {}
    for run in runs:
        if run.optimizer in optimizers and run.number not in confirmed:
            groups.setdefault(run.source if run.stage == "confirm" else run.number, []).append(run)
    return list(groups.values())


def _breaks(limits: Limits, runs: Sequence[Record]) -> bool:
    """Tell whether a recipe breaks a limit, by the median of its times and the largest of its bytes."""
    for limit, cost in LIMITED_COST.items():
        allowed = getattr(limits, limit)
        costs = [value for run in runs if (value := getattr(run, cost.field)) is not None]
        if allowed is not None and costs and (median(costs) if cost.in_seconds else max(costs)) > allowed:
            return True
    return False


def _unmeasured(limits: Limits, runs: Sequence[Record]) -> bool:
    """Tell whether a limited cost of a recipe was not measured, so that nobody knows whether it fits."""
    limited = [cost.field for limit, cost in LIMITED_COST.items() if getattr(limits, limit) is not None]
    return any(all(getattr(run, field) is None for run in runs) for field in limited)


def _tried(run: Record) -> bool:
    return run.stage == "compress" and run.state in ("complete", "infeasible", "failed")


def _whole(run: Record) -> bool:
    return has_quality(run)


def _largest_alike(run: Record, files: Sequence[Record]) -> int:
    return max(other.model_bytes or 0 for other in files if dict(other.params) == dict(run.params))


def _fits(limits: Limits, model: CompressedModel) -> bool:
    small = limits.model_bytes is None or model.model_bytes <= limits.model_bytes
    fast = limits.latency_seconds is None or (model.latency_seconds or 0.0) <= limits.latency_seconds
    return small and fast


def _over(limit: str, value: float, runs: Sequence[Record]) -> bool:
    """Tell whether trained models break a limit: the largest of their bytes, the median of their times."""
    costs = [cost for run in runs if (cost := getattr(run, limit)) is not None]
    if not costs:
        return True  # a forecast said so, and no run says otherwise
    return float(max(costs) if limit == "model_bytes" else median(costs)) > value


def _paired_figures_hold(model: CompressedModel, runs: Sequence[Record]) -> bool:
    """Recompute what compression changed, each file beside the uncompressed one of the same weights."""
    prints = [run.footprint for run in runs if run.footprint]
    changes = [(run.quality or 0.0) - pair.reference_quality for run, pair in zip(runs, prints, strict=True)]
    ratio = max(pair.reference_bytes for pair in prints) / max(run.model_bytes or 1 for run in runs)
    timed = [latency for pair in prints if (latency := pair.latency(1)) and latency.median_seconds > 0]
    speedups = [latency.reference_seconds / latency.median_seconds for latency in timed]
    return (
        math.isclose(model.change, fmean(changes), rel_tol=CLOSE, abs_tol=CLOSE)
        and _reach_holds(model.change_reach, changes)
        and math.isclose(model.size_ratio, ratio, rel_tol=CLOSE)
        and (not speedups or math.isclose(model.speedup or 0.0, median(speedups), rel_tol=CLOSE))
        and (model.pace != "faster" or min(speedups) >= 1)
        and (model.pace != "slower" or max(speedups) <= 1)
    )


def _reach_holds(reach: float | None, changes: Sequence[float]) -> bool:
    if len(changes) < 2 or reach is None:
        return reach is None and len(changes) < 2
    quantile = QUANTILES.get(len(changes))
    if quantile is None:
        return reach >= 0
    expected = quantile * stdev(changes) / math.sqrt(len(changes))
    return math.isclose(reach, expected, rel_tol=1e-3, abs_tol=CLOSE)
