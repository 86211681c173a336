"""Log axes with round marks: bytes in KiB and MiB, seconds in ms and µs.

Some marks are in view however short the span.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from advisor.report.axis_marks import Axis, log_axis


def bytes_axis(values: Iterable[float | None]) -> dict[str, Any]:
    """Return a log axis of bytes."""
    return _of_plotly(log_axis(values, seconds=False))


def seconds_axis(values: Iterable[float | None]) -> dict[str, Any]:
    """Return a log axis of seconds."""
    return _of_plotly(log_axis(values, seconds=True))


def _of_plotly(axis: Axis | None) -> dict[str, Any]:
    """Return an axis as Plotly takes it; nothing where there is none."""
    if axis is None:
        return {}
    ends = (math.log10(axis.low), math.log10(axis.high))
    return {"type": "log", "range": ends, "tickvals": list(axis.marks), "ticktext": list(axis.texts)}
