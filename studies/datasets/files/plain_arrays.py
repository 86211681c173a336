"""Plain arrays: masked entries become gaps, and complex numbers are refused rather than cut in half."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies.errors import BadWorkload


def plain_array(values: Any) -> NDArray[Any]:
    """Return values as an array that says all that they say.

    Raises:
        BadWorkload: complex numbers.
        ValueError: rows of different lengths.
    """
    array = _without_mask(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    if array.dtype.kind == "c":
        raise BadWorkload(
            f"the array of the shape {array.shape} holds complex numbers; "
            "give real and imaginary part as numbers of their own"
        )
    return array


def _without_mask(masked: np.ma.MaskedArray[Any, Any]) -> NDArray[Any]:
    """Return the entries, a gap for each that is masked."""
    mask = np.ma.getmaskarray(masked)
    plain = np.asarray(masked.data)
    if not mask.any():
        return plain
    if plain.dtype.kind in "mM":
        return _filled(plain, mask, np.array("NaT", dtype=plain.dtype))
    if plain.dtype.kind in "biuf":
        return _filled(plain if plain.dtype.kind == "f" else plain.astype(np.float64), mask, np.nan)
    return _filled(plain.astype(object), mask, None)


def _filled(plain: NDArray[Any], mask: NDArray[np.bool_], gap: Any) -> NDArray[Any]:
    filled = plain.copy()
    filled[mask] = gap
    return filled
