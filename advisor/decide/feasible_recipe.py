"""Feasible recipe: what would be used of one optimizer, with its costs and the runs behind it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from advisor.compressed_model import CompressedModel
from advisor.decide.recipe_costs import Costs
from advisor.evidence import has_quality
from studies.record import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class FeasibleRecipe:
    """Feasible recipe: what would be used of one optimizer."""

    optimizer: str
    record: Record | None
    """The trial whose recipe it is, or the first that compressed it; None when it was not trained."""
    runs: tuple[Record, ...]
    """Its confirmation runs, if that recipe was confirmed; of a compressed one, the files of all seeds, if
    there are several."""
    costs: Costs
    measured: frozenset[str] = frozenset()
    """The fields of the costs that were measured; the others are forecasts, or not known at all."""
    given_away: float = 0.0
    """Gap between this recipe and the optimizer's best one, which breaks a limit."""
    compressed: CompressedModel | None = None
    """What was done to the trained model, if that is what fits."""
    trained: FeasibleRecipe | None = None
    """And the recipe that trained it."""
    awaits_compression: bool = False
    """Whether it breaks a limit on the model, and the compression that may mend it is yet to come."""

    @property
    def ran(self) -> bool:
        """Tell whether a whole run is behind it: if not, all that is known of it are forecasts."""
        return bool(self.measured_runs)

    @property
    def confirmed(self) -> bool:
        """Tell whether this very recipe was run again with fresh seeds."""
        return bool(self.runs)

    @property
    def training(self) -> FeasibleRecipe:
        """Return what trains its model: itself, unless it is compressed afterwards."""
        return self.trained or self

    @property
    def full_name(self) -> str:
        """Return the optimizer's name, with what is done to its model."""
        if self.compressed is None:
            return self.optimizer
        way = self.compressed.name
        return f"the {way} of {self.optimizer}" if self.compressed.plain else f"{self.optimizer} with {way}"

    @property
    def measured_runs(self) -> tuple[Record, ...]:
        """Return the runs behind its quality: those over seeds, else its one trial."""
        return tuple(filter(has_quality, self.runs)) or ((self.record,) if self.record else ())

    @property
    def quality(self) -> float | None:
        """Return the mean validation metric of those runs; None without one."""
        qualities = [run.quality for run in self.measured_runs if run.quality is not None]
        return fmean(qualities) if qualities else None

    @property
    def test_qualities(self) -> list[float]:
        """Return the test metric of each run over seeds that has one."""
        return [run.test_quality for run in self.runs if has_quality(run) and run.test_quality is not None]
