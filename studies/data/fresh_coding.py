"""Fresh coding: what brings rows that are read anew into the numbers that the rows read once became."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from studies.data.as_given import targets_as_given
from studies.data.row_encoders.rows_as_given import RowsAsGiven
from studies.errors import BadWorkload, one_line
from studies.rows.nested import NestedRows

if TYPE_CHECKING:
    from studies.data.columns.table_encoder import TableEncoder
    from studies.data.encode import Encoded
    from studies.data.splits import Amount, Targets
    from studies.datasets import Raw

CLOSE: Final = 1e-3
"""Largest difference from the rows that were encoded at which a line through two of them stands for all."""

Pair = tuple[Any, Any]


def coder_of(
    raw: Raw, targets: Targets, encoded: Encoded, scaling: tuple[Amount, Amount]
) -> Callable[[Any, Any], Pair]:
    """Return what turns rows into the numbers that the rows here were turned into.

    Raises:
        BadWorkload: nothing says how these were made.
    """
    encode = _encoding(raw, targets, encoded)
    labelled = targets_as_given if raw.free else _labelled(raw, targets, scaling)

    def code(fresh_inputs: Any, fresh_targets: Any) -> Pair:
        shaped = raw.shape_rows(fresh_inputs)
        if shaped.shape[1:] != raw.inputs.shape[1:]:
            raise BadWorkload(
                f"a batch has rows of the shape {shaped.shape[1:]}, and the first ones had "
                f"{raw.inputs.shape[1:]}; give all the same"
            )
        inputs = encode(shaped)
        return inputs, inputs if raw.targets is None else labelled(fresh_targets)

    return code


def _encoding(raw: Raw, targets: Targets, encoded: Encoded) -> Callable[[Any], Any]:
    """Return what encodes inputs as those here were encoded."""
    from studies.data.columns.table_encoder import TableEncoder

    before, after = raw.inputs, encoded.inputs
    if isinstance(before, NestedRows) or (raw.free and isinstance(before, np.ndarray)):
        return RowsAsGiven(rows=raw.kind).transform
    columns = list(raw.column_names)
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        places = [columns.index(name) for name in encoded.names if name in columns]
        if scaled := _scaled(before[targets.rows], after, places):
            return scaled
    if not isinstance(encoded.encoder, TableEncoder) or hasattr(before, "nnz"):
        raise BadWorkload("nothing says how to turn other rows into the same numbers")
    return partial(_transformed, encoder=encoded.encoder, columns=columns)


def _transformed(rows: Any, *, encoder: TableEncoder, columns: list[str]) -> NDArray[Any]:
    import pandas as pd

    frame = pd.DataFrame(rows, columns=columns) if isinstance(rows, np.ndarray) else rows
    return encoder.transform(frame)


def _scaled(
    before: NDArray[Any], after: NDArray[Any], columns: Sequence[int]
) -> Callable[[NDArray[Any]], NDArray[Any]] | None:
    """Return the scaling that made `after` of `before`: of all numbers alike, of an axis, or of columns.

    None where it takes more than that, as for columns with gaps or of labels.
    """
    if before.dtype.kind not in "biuf":
        return None
    if after.dtype.kind in "iu":
        if not np.array_equal(before, after):
            return None
        largest = int(after.max())
        return lambda rows: _ids(rows, largest)
    chosen = before[:, columns] if before.ndim == 2 and len(columns) == after.shape[1] else before
    if chosen.shape != after.shape or not np.isfinite(chosen.astype(np.float64)).all():
        return None
    for axes in _groups(chosen.ndim):
        slope, shift = _line(chosen, after, axes)
        if np.abs(chosen * slope + shift - after).max() <= CLOSE:
            picked = None if chosen is before else list(columns)
            return partial(_rescaled, slope=slope, shift=shift, columns=picked)
    return None


def _groups(dimensions: int) -> Iterator[tuple[int, ...]]:
    """Yield the axes over which one scaling holds: all, all but the second, all but the last."""
    yield tuple(range(dimensions))
    for single in (1, dimensions - 1):
        yield tuple(axis for axis in range(dimensions) if axis != single)


def _line(
    before: NDArray[Any], after: NDArray[Any], axes: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slope and shift of the line through the smallest and the largest number of each group."""
    low, high, low_after, high_after = (
        np.asarray(end(values, axis=axes, keepdims=True), dtype=np.float64)
        for values in (before, after)
        for end in (np.min, np.max)
    )
    reach = high - low
    slope = np.where(reach > 0, (high_after - low_after) / np.where(reach > 0, reach, 1.0), 1.0)
    return slope, low_after - low * slope


def _rescaled(
    rows: NDArray[Any],
    *,
    slope: NDArray[np.float64],
    shift: NDArray[np.float64],
    columns: list[int] | None,
) -> NDArray[np.float32]:
    chosen = rows if columns is None else rows[:, columns]
    return (chosen * slope + shift).astype(np.float32)


def _ids(rows: NDArray[Any], largest: int) -> NDArray[np.int64]:
    if rows.dtype.kind not in "iu" or (rows.size and (rows.min() < 0 or rows.max() > largest)):
        raise BadWorkload(
            f"a batch has token ids outside 0 to {largest:,}, the largest among the first rows; keep to these"
        )
    return rows.astype(np.int64)


def _labelled(raw: Raw, targets: Targets, scaling: tuple[Amount, Amount]) -> Callable[[Any], Any]:
    """Return what turns targets into codes of the same classes, or into amounts of the same scale."""
    mean, scale = scaling
    if not targets.classes:
        return partial(_standardised, mean=mean, scale=scale)
    codes = dict(zip(_labels(np.asarray(raw.targets)[targets.rows]), targets.codes.tolist(), strict=True))

    def coded(values: Any) -> NDArray[np.int64]:
        labels = _labels(np.asarray(values))
        new = [label for label in labels if label not in codes]
        if new:
            raise BadWorkload(
                f"a batch has the label {one_line(new[0], longest=40)}, which none of the first rows has; "
                f"keep to {len(targets.classes)} classes"
            )
        return np.array([codes[label] for label in labels], np.int64)

    return coded


def _standardised(values: Any, *, mean: Amount, scale: Amount) -> NDArray[np.float32]:
    amounts = np.asarray(values, np.float64).reshape(len(values), -1)
    scaled: NDArray[np.float64] = (amounts - mean) / scale
    return scaled.astype(np.float32)


def _labels(values: NDArray[Any]) -> list[Any]:
    """Return the label of each row; of columns of zeros with one 1 a row, the column of the 1."""
    labels: list[Any] = (
        values.argmax(axis=1) if values.ndim == 2 and values.shape[1] > 1 else values.ravel()
    ).tolist()
    return labels
