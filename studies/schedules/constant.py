"""The constant schedule."""

from __future__ import annotations

from dataclasses import dataclass

from studies.schedules import ScheduleChoice


@dataclass(frozen=True, kw_only=True)
class Constant(ScheduleChoice):
    """The same lr from the end of the warmup to the end of the run.

    Helps: unknown horizons, with early stopping or weight averaging; what tabular practice uses.
    Hurts: the final loss of most runs of known length: gradient noise keeps the weights away from the
    minimum.
    Source: Robbins and Monro 1951; tabular practice in Gorishniy et al. 2026, arXiv 2604.15297.
    """

    def factor(self, progress: float) -> float:  # noqa: ARG002
        """Return 1."""
        return 1.0
