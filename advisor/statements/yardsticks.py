"""Yardsticks: what plain models reach on the same rows, beside the advised recipe."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.report.numbers import duration, number
from advisor.statements.recomputed import finished, loss_of, roots, same
from advisor.statements.statement import Case, Statement
from studies.quantities import listed


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
    in_trial: bool = False
    """Whether the advised recipe's quality is that of its search trial, on the rows of the plain models."""

    def __str__(self) -> str:
        value = f"{self.metric} {number(self.model_quality)}"
        reached = f"{_capital(self.model)} reaches {value} in {duration(self.model_seconds)}"
        if self.matched:
            return f"{reached}, {_advised(self.in_trial)} {number(self.quality)}."
        return f"{reached}; no run here did (the best has {number(self.best_quality)})."

    def holds(self, case: Case) -> bool:
        """The figures are those of the yardstick and of the best whole run, further apart than a tie."""
        evidence, better = case.evidence, case.evidence.direction.better
        figures = {(each.model, each.quality, each.seconds) for each in evidence.yardsticks}
        runs = [run.measured_quality for run in finished(evidence.records) if run.stage != "compress"]
        ratio = loss_of(evidence, self.quality) / loss_of(evidence, self.model_quality)
        return (
            (self.model, self.model_quality, self.model_seconds) in figures
            and _of_answer(case, self.quality, in_trial=self.in_trial)
            and self.best_quality in runs
            and not any(better(quality, self.best_quality) for quality in runs)
            and self.matched == any(not better(self.model_quality, quality) for quality in runs)
            and math.log(ratio) > case.answer.margin * (1 - 1e-9)
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
    in_trial: bool = False
    """Whether that is the quality of its search trial, on the rows of the plain models."""

    def __str__(self) -> str:
        reached = [
            f"{model} {'' if place else f'reaches {self.metric} '}{number(quality)} in {duration(seconds)}"
            for place, (model, quality, seconds) in enumerate(
                zip(self.models, self.qualities, self.seconds, strict=True)
            )
        ]
        constant = [] if self.constant is None else [f"a constant answer {number(self.constant)}"]
        who = _advised(self.in_trial)
        advised = "" if self.quality is None else f"; {who} {number(self.quality)}"
        return f"On the same rows {listed([*reached, *constant])}{advised}."

    def holds(self, case: Case) -> bool:
        """The figures are those of every yardstick that was trained, of the baseline and of the answer."""
        evidence = case.evidence
        figures = list(zip(self.models, self.qualities, self.seconds, strict=True))
        trained = [each for each in evidence.yardsticks if not each.left_out]
        constant = evidence.baseline
        known = constant is not None and math.isfinite(constant)
        return (
            figures == [(each.model, each.quality, each.seconds) for each in trained]
            and self.constant == (constant if known else None)
            and _of_answer(case, self.quality, in_trial=self.in_trial)
        )


@dataclass(frozen=True, kw_only=True)
class YardstickLeftOut(Statement):
    """A plain model that was not trained, and why."""

    model: str
    why: str

    def __str__(self) -> str:
        return f"{_capital(self.model)} was left out as a yardstick: {self.why}."

    def holds(self, case: Case) -> bool:
        """A yardstick has that reason."""
        return any((each.model, each.left_out) == (self.model, self.why) for each in case.evidence.yardsticks)


def _advised(in_trial: bool) -> str:  # noqa: FBT001 - a figure of the statement
    return "the search trial of the advised recipe" if in_trial else "the advised recipe"


def _of_answer(case: Case, quality: float | None, *, in_trial: bool) -> bool:
    """Tell whether a quality is the answer's, or that of the search trial whose recipe is advised."""
    answered = case.answer.quality
    if quality is None or answered is None:
        return quality is answered
    if not in_trial:
        return same(quality, answered)
    return any(same(quality, run.quality) for run in case.runs(tuple(roots(case))))


def _capital(model: str) -> str:
    return model[:1].upper() + model[1:]
