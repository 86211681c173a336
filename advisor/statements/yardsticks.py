"""Yardsticks: what plain models reach on the same rows, beside the advised recipe."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.report.numbers import duration, listed, number
from advisor.statements.statement import Case, Statement


@dataclass(frozen=True, kw_only=True)
class YardstickIsBetter(Statement):
    """A plain model that is better than the advised recipe by more than the tie margin."""

    model: str
    metric: str
    model_quality: float
    model_seconds: float
    """Processor seconds of training it."""
    quality: float
    """Of the advised recipe."""
    best_quality: float
    """Of the best whole run of the study, confirmation runs included."""
    matched: bool
    """Whether a whole run here is as good as the plain model."""

    def __str__(self) -> str:
        value = f"{self.metric} {number(self.model_quality)}"
        reached = f"{self.model} reaches {value} in {duration(self.model_seconds)}"
        if self.matched:
            return f"{reached}, the advised recipe {number(self.quality)}"
        return f"{reached}; no run here did (the best has {number(self.best_quality)})"

    def holds(self, case: Case) -> bool:
        """Compare with the yardsticks, and with the best of all whole runs."""
        evidence, sign = case.evidence, 1 if case.evidence.direction.maximizes else -1
        figures = {(each.model, each.quality, each.seconds) for each in evidence.yardsticks}
        whole = [
            record.quality
            for record in evidence.records
            if record.state == "complete" and record.stage != "compress" and record.quality is not None
            and math.isfinite(record.quality)
        ]  # fmt: skip
        best = max(whole, key=lambda quality: sign * quality)
        return (
            (self.model, self.model_quality, self.model_seconds) in figures
            and self.quality == case.answer.quality
            and self.best_quality == best
            and self.matched == (sign * best >= sign * self.model_quality)
            and sign * self.model_quality > sign * self.quality
        )


@dataclass(frozen=True, kw_only=True)
class YardsticksReach(Statement):
    """All plain models with their quality and time, and the constant."""

    metric: str
    models: tuple[str, ...]
    qualities: tuple[float, ...]
    seconds: tuple[float, ...]
    """Processor seconds of each."""
    constant: float | None
    """Metric of a model that answers every row alike; None when nobody knows."""
    quality: float | None
    """Of the advised recipe; None before it was trained."""

    def __str__(self) -> str:
        each = [
            f"{model} reaches {self.metric} {number(quality)} in {duration(seconds)}"
            if place == 0
            else f"{model} {number(quality)} in {duration(seconds)}"
            for place, (model, quality, seconds) in enumerate(
                zip(self.models, self.qualities, self.seconds, strict=True)
            )
        ]
        constant = [] if self.constant is None else [f"a constant answer {number(self.constant)}"]
        advised = "" if self.quality is None else f"; the advised recipe {number(self.quality)}"
        return f"on the same rows {listed([*each, *constant])}{advised}"

    def holds(self, case: Case) -> bool:
        """Compare with the yardsticks and the baseline."""
        evidence = case.evidence
        rows = list(zip(self.models, self.qualities, self.seconds, strict=True))
        known = [
            (each.model, each.quality, each.seconds) for each in evidence.yardsticks if not each.left_out
        ]
        constant = self.constant is None or self.constant == evidence.baseline
        return rows == known and constant and self.quality == case.answer.quality


@dataclass(frozen=True, kw_only=True)
class YardstickLeftOut(Statement):
    """A plain model that was not trained, and why."""

    model: str
    why: str

    def __str__(self) -> str:
        return f"{self.model} was left out as a yardstick: {self.why}"

    def holds(self, case: Case) -> bool:
        """Compare with the yardsticks."""
        return any((each.model, each.left_out) == (self.model, self.why) for each in case.evidence.yardsticks)
