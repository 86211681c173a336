"""Learning curves of many runs as one: their median, and the band that a share of them keeps to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

GRID: Final = 60
"""Points of a median over seconds, at which no two runs measure alike."""

Curve = Sequence[tuple[float, float]]
"""Points (x, y) of one run, x rising."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """Band of learning curves: their median, and the quantiles around it."""

    xs: tuple[float, ...]
    low: tuple[float, ...]
    middle: tuple[float, ...]
    high: tuple[float, ...]
    runs: int


def band(curves: Sequence[Curve], *, share: float = 0.5) -> Band | None:
    """Return the median of some curves and the band that this share of them keeps to; None without a curve.

    Between its points a run is a straight line, after its last point it keeps its last value: a run that
    stopped early is used as it is. The band begins where half of the runs have begun.
    """
    import numpy as np

    drawn = [curve for curve in curves if curve]
    if not drawn:
        return None
    xs = np.array(_grid(drawn))
    values = np.array(
        [np.interp(xs, [x for x, _ in curve], [y for _, y in curve], left=np.nan) for curve in drawn]
    )
    begun = np.isfinite(values).sum(axis=0) * 2 >= len(drawn)
    inside = values[:, begun]
    low, middle, high = np.nanquantile(inside, [(1 - share) / 2, 0.5, (1 + share) / 2], axis=0)
    return Band(
        xs=tuple(xs[begun].tolist()),
        low=tuple(low.tolist()),
        middle=tuple(middle.tolist()),
        high=tuple(high.tolist()),
        runs=len(drawn),
    )


def _grid(curves: Sequence[Curve]) -> list[float]:
    """Return every x that some run measured, or evenly spaced ones where these are too many."""
    measured = sorted({x for curve in curves for x, _ in curve})
    if len(measured) <= GRID:
        return measured
    first, last = measured[0], measured[-1]
    return [first + (last - first) * step / (GRID - 1) for step in range(GRID)]
