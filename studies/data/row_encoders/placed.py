"""Placed rows: an array of rows with its axes in the order that a model was trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies.errors import BadWorkload


def placed(rows: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return rows as an array, (rows, *shape).

    Channels may come last, one channel may be left out, and the columns of a frame are its numbers in order.

    Raises:
        BadWorkload: rows of another shape.
    """
    values = np.asarray(rows)
    if values.shape[1:] == shape:
        return values
    if values.ndim == len(shape) + 1 > 2 and (values.shape[-1], *values.shape[1:-1]) == shape:
        return np.ascontiguousarray(np.moveaxis(values, -1, 1))
    if len(shape) > 1 and shape[0] == 1 and values.shape[1:] == shape[1:]:
        return values[:, None]
    raise BadWorkload(f"rows of the shape {values.shape[1:]} are not {shape}, as those trained on")


def finite(values: NDArray[Any], noun: str, what: str) -> NDArray[np.float32]:
    """Return numbers as float32.

    Raises:
        BadWorkload: missing or infinite ones.
    """
    numbers = values.astype(np.float32)
    if not np.isfinite(numbers).all():
        raise BadWorkload(
            f"the {noun}s hold missing or infinite {what}; remove these {noun}s or fill them in"
        )
    return numbers
