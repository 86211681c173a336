"""Memory by optimizer: what training a model on one batch takes with each; as text, JSON and a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from advisor.report.memory_table import least_first, memory_row, memory_text
from studies.facts import Facts
from studies.memory_forecast import Forecast

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class MemoryByOptimizer:
    """Memory by optimizer: weights, gradients, state, activations and the peak of a step, in bytes."""

    facts: Facts
    """Of the model, with the forecasts."""
    limit_bytes: int | None = None
    """Most bytes while training."""

    @property
    def forecasts(self) -> tuple[Forecast, ...]:
        """Return a forecast for each optimizer, the least peak first."""
        return least_first(self.facts.forecasts)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON: a row an optimizer, every part in bytes."""
        rows = [memory_row(forecast, self.facts, self.limit_bytes) for forecast in self.forecasts]
        shown = [{name: value for name, value in row.items() if name not in LEFT_OUT} for row in rows]
        return {"rows": self.facts.batch_size, "limit_bytes": self.limit_bytes, "optimizers": shown}

    def frame(self) -> pd.DataFrame:
        """Return the same as a frame: a row an optimizer, by name, and a column a part."""
        import pandas as pd

        return pd.DataFrame(self.to_dict()["optimizers"]).set_index("optimizer")

    def __str__(self) -> str:
        return memory_text(self.facts, self.forecasts, self.limit_bytes)

    __repr__ = __str__


LEFT_OUT: Final = ("moments", "batch_size", "full_batch")
"""Entries of a forecast that say nothing of one batch, or the same for all."""
