"""Rule reading: what a rule looked at, the figures with their thresholds, and whether it spoke."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from advisor.evidence import Evidence
from advisor.rules import Criterion
from advisor.statements.statement import Case, Statement
from studies.quantities import listed


@dataclass(frozen=True, kw_only=True)
class RuleReading(Statement):
    """Rule reading: the figures that a rule looked at; its subjects are the optimizers that it spoke of."""

    rule: str
    criteria: tuple[Criterion, ...]

    @property
    def spoke(self) -> bool:
        """Tell whether the rule found anything."""
        return bool(self.subjects)

    @property
    def figures(self) -> dict[str, Any]:
        """Return the rule, whether it spoke, and its criteria."""
        return {"rule": self.rule, "spoke": self.spoke, "criteria": self.criteria}

    @classmethod
    def figure_types(cls) -> dict[str, Any]:
        """Return the types of these."""
        return super().figure_types() | {"spoke": bool}

    def __str__(self) -> str:
        verdict = f"speaks of {listed(self.subjects)}" if self.spoke else "is silent"
        crossed = any(criterion.crossed for criterion in self.criteria)
        unsaid = "; it has nothing to say of these optimizers" if crossed and not self.spoke else ""
        return f"{self.rule} {verdict}: {'; '.join(map(str, self.criteria))}{unsaid}"

    def holds(self, case: Case) -> bool:
        """Tell whether the figures are those of the evidence, and the rule spoke of whom it is said to."""
        spoken = {finding.subject for finding in case.answer.findings if finding.rule == self.rule}
        beyond = any(_beyond(criterion) for criterion in self.criteria)
        return (
            spoken == set(self.subjects)
            and beyond >= self.spoke
            and all(
                _same(criterion.value, FIGURES[criterion.figure](case.evidence))
                for criterion in self.criteria
                if criterion.figure in FIGURES
            )
        )


def _beyond(criterion: Criterion) -> bool:
    value, threshold = criterion.value, criterion.threshold
    if value is None or threshold is None:
        return False
    return value > threshold if criterion.side == "above" else value < threshold


def _same(value: float | None, other: float | None) -> bool:
    if value is None or other is None:
        return value is other
    return math.isclose(value, other, rel_tol=1e-9)


def _trials_each(evidence: Evidence) -> float | None:
    """Return the trials an optimizer, made or planned; None for no trial."""
    searched = ("reference", "start", "race")
    made = [run for run in evidence.records if run.stage in searched and run.state != "running"]
    names = set(evidence.candidates) | {run.optimizer for run in evidence.records}
    return max(len(made), evidence.planned_trials or 0) / max(len(names), 1) or None


def _whole_runs(evidence: Evidence) -> int:
    """Return how many optimizers have a whole search run with a learning curve."""
    runs = [run for run in evidence.records if run.state == "complete" and run.quality is not None]
    return len(
        {
            run.optimizer
            for run in runs
            if run.stage in ("reference", "start", "race")
            and math.isfinite(run.quality or 0.0)
            and any(math.isfinite(point.valid_metric) for point in run.curve)
        }
    )


def _largest_peak(evidence: Evidence) -> int | None:
    names = set(evidence.candidates) | {run.optimizer for run in evidence.records}
    peaks = [forecast.peak_bytes for forecast in evidence.facts.forecasts if forecast.optimizer in names]
    return max(peaks, default=None)


FIGURES: Final[Mapping[str, Callable[[Evidence], float | None]]] = {
    "raw_density": lambda evidence: evidence.facts.raw_density,
    "input_density": lambda evidence: evidence.facts.known_input_density,
    "gradient_density": lambda evidence: evidence.facts.gradient_density,
    "embedding_share": lambda evidence: evidence.facts.embedding_share,
    "steps": lambda evidence: evidence.facts.known_steps,
    "trials_each": _trials_each,
    "whole_runs": _whole_runs,
    "peak_bytes": _largest_peak,
    "peak_share": lambda evidence: (_largest_peak(evidence) or 0) / (evidence.limits.train_bytes or 1),
}
"""Figures of our own rules, counted from the evidence; a rule of the user's own may have others."""
