"""Trial summary: figures of a study's trials, whatever its limits and goal; computed once and handed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from advisor.compressed_model import CompressedModel
from advisor.decide.compressed import compressed_models
from advisor.decide.estimates import Estimates
from advisor.decide.scale import LossScale
from advisor.evidence import Evidence
from studies.direction import Direction
from studies.record import Record
from studies.search.pruner import lowest_loss

if TYPE_CHECKING:
    from advisor.decide.feasible_recipe import FeasibleRecipe


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialSummary:
    """Trial summary: what every decision on the same records needs, whatever the limits and the goal."""

    estimates: Estimates
    whole_runs: Mapping[str, tuple[Record, ...]]
    """Whole runs of the search by optimizer, the best first."""
    compressed_models: tuple[CompressedModel, ...]
    """Best quality first."""
    trained_recipes: dict[str, tuple[FeasibleRecipe, ...]] = field(default_factory=dict, compare=False)
    """Recipes by optimizer as trained, with their costs; filled when they are first asked for."""

    @classmethod
    def of(cls, evidence: Evidence, estimates: Estimates) -> TrialSummary:
        """Return the summary of the records, whose estimates are known already."""
        direction = evidence.direction
        whole_runs = {name: _best_first(evidence.complete(name), direction) for name in evidence.optimizers}
        return cls(estimates=estimates, whole_runs=whole_runs, compressed_models=compressed_models(evidence))

    @property
    def loss_scale(self) -> LossScale | None:
        """Return what gaps are measured on; None while no run is complete."""
        return self.estimates.loss_scale


def _best_first(runs: tuple[Record, ...], direction: Direction) -> tuple[Record, ...]:
    def key(run: Record) -> tuple[float, float, int]:
        return direction.loss(run.quality), lowest_loss(run, direction), run.number

    return tuple(sorted(runs, key=key))
