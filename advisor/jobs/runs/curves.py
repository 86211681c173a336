"""Learning curves of other tools: a point each epoch, as a record has them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from advisor.jobs.runs.run import CurvePoint
from studies.record import Measurement


def curve_of(points: Sequence[CurvePoint]) -> tuple[Measurement, ...]:
    """Return the points as measurements; their losses are unknown.

    Steps that count 0, 1, 2, ... or 1, 2, 3, ... are epochs; of any others, a point is taken for one.
    """
    steps = [point.step for point in points]
    first = steps[0] if steps else 0
    counted = first in {0, 1} and steps == list(range(first, first + len(steps)))
    return tuple(
        Measurement(
            epoch=number,
            step=number if counted else max(1, point.step),
            seconds=point.seconds,
            train_loss=math.nan,
            valid_loss=math.nan,
            valid_metric=point.value,
        )
        for number, point in enumerate(points, start=1)
    )
