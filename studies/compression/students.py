"""Student models: smaller settings of a model, to be taught by the larger one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from studies.models import ModelChoice
from studies.space import Numeric, OneOf, ranges


def students(model: ModelChoice, shares: tuple[float, ...] = (0.5, 0.25)) -> tuple[ModelChoice, ...]:
    """Return the model with each of its sizes scaled to a share, the largest first.

    None for a model that has no sizes. Sizes are its whole numbers on a log scale: width, channels, hidden
    units. None falls below the low end of its range.
    """
    smaller: list[ModelChoice] = []
    for share in sorted(shares, reverse=True):
        student = replace(model, **{name: _scaled(model, name, share) for name in _sizes(model)})
        if student != model and student not in smaller:
            smaller.append(student)
    return tuple(smaller)


def _sizes(model: ModelChoice) -> dict[str, Numeric]:
    spans = ranges(type(model)).items()
    return {
        name: span for name, span in spans if isinstance(span, Numeric) and span.whole and span.scale == "log"
    }


def _scaled(model: ModelChoice, name: str, share: float) -> int:
    size, low = getattr(model, name), int(_sizes(model)[name].low)
    if size <= low:
        return int(size)
    step = _divisor(model, size)
    scaled = max(step, step * round(share * size / step))
    return scaled if scaled >= low else min(int(size), -(-low // step) * step)


def _divisor(model: ModelChoice, size: int) -> int:
    """Return what has to divide the scaled size.

    Every other whole number, such as heads or groups, that divides the size now.
    """
    spans: dict[str, Any] = ranges(type(model))
    others = [
        getattr(model, name)
        for name, span in spans.items()
        if (isinstance(span, OneOf) or span.scale != "log")
        and type(getattr(model, name)) is int
        and getattr(model, name) > 0
    ]
    return math.lcm(1, *(other for other in others if size % other == 0))
