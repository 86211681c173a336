"""Axes of the charts: marks 1, 2, 5 on log scales, whole epochs, no exponent where none is needed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from advisor.report.axis_marks import log_axis
from studies.direction import Direction
from studies.quantities import several

WIDE: Final = 10.0
"""Largest over smallest value from which a log axis reads better."""
EVEN: Final[dict[str, Any]] = {"type": "linear", "exponentformat": "none", "separatethousands": True}
FEW: Final = 10
"""Whole numbers up to which each has a mark."""


def log_scale(values: Iterable[float | None]) -> dict[str, Any]:
    """Return a log axis of the values above 0, which are in the axis' own unit; an even one without any."""
    axis = log_axis(values)
    if axis is None:
        return EVEN
    ends = (math.log10(axis.low), math.log10(axis.high))
    return {"type": "log", "range": ends, "tickvals": list(axis.marks), "ticktext": list(axis.texts)}


def fitting_scale(values: Iterable[float]) -> dict[str, Any]:
    """Return a log axis where values lie far apart and all are above 0, else an even one."""
    known = list(values)
    far = bool(known) and min(known) > 0 and max(known) > WIDE * min(known)
    return log_scale(known) if far else EVEN


def whole_scale(most: float) -> dict[str, Any]:
    """Return an even axis of counts up to `most`, with marks at whole numbers only."""
    return EVEN | {"dtick": 1 if most <= FEW else None}


def zoom(
    figure: go.Figure, qualities: Sequence[float], ends: tuple[float, float] | None, direction: Direction
) -> go.Figure:
    """Zoom the quality axis to what lies between two ends; None leaves it as it is.

    The runs beyond, which would press the others flat, are counted in a corner of the chart.
    """
    if ends is None:
        return figure
    low, high = ends
    figure.update_yaxes(range=ends)
    return count_beyond(figure, sum(not low <= quality <= high for quality in qualities), direction)


def count_beyond(figure: go.Figure, count: int, direction: Direction) -> go.Figure:
    """Say in the corner at the worse end of the quality axis how many runs lie beyond it."""
    if not count:
        return figure
    worse = "below" if direction.maximizes else "above"
    return figure.add_annotation(
        text=f"{several(count, 'run')} {worse} this view",
        showarrow=False,
        xref="paper",
        x=1,
        xanchor="right",
        yref="paper",
        y=0 if direction.maximizes else 1,
        yanchor="bottom" if direction.maximizes else "top",
        font_size=12,
        opacity=0.8,
    )
