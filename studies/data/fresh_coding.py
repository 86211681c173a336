"""Fresh coding: what brings rows that are read anew into the numbers that the rows read once became."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from studies.data.as_given import targets_as_given
from studies.data.columns.scaling import scaled
from studies.data.row_encoders.rows_as_given import RowsAsGiven
from studies.errors import BadWorkload, one_line

if TYPE_CHECKING:
    from studies.data.columns.table_encoder import TableEncoder
    from studies.data.encode import Encoded
    from studies.data.row_encoders.scaled_arrays import ScaledArrays
    from studies.data.splits import Amount, Targets
    from studies.datasets import Raw

Pair = tuple[Any, Any]


def coder_of(
    raw: Raw, targets: Targets, encoded: Encoded, scaling: tuple[Amount, Amount]
) -> Callable[[Any, Any], Pair]:
    """Return what turns rows into the numbers that the rows here were turned into.

    Raises:
        BadWorkload: nothing says how these were made.
    """
    encode = _encoding(raw, encoded)
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


def _encoding(raw: Raw, encoded: Encoded) -> Callable[[Any], Any]:
    """Return what encodes inputs as those here were encoded."""
    from studies.data.columns.table_encoder import TableEncoder
    from studies.data.row_encoders.scaled_arrays import ScaledArrays
    from studies.data.row_encoders.token_ids import TokenIds

    encoder, before = encoded.encoder, raw.inputs
    if isinstance(encoder, RowsAsGiven | TokenIds):
        return encoder.transform
    if isinstance(encoder, ScaledArrays):
        return partial(_scaled_arrays, encoder=encoder)
    if not isinstance(encoder, TableEncoder) or hasattr(before, "nnz"):
        raise BadWorkload("nothing says how to turn other rows into the same numbers")
    of_numbers = isinstance(before, np.ndarray) and before.dtype.kind in "biuf"
    at_once = _numbers_at_once(encoder) if of_numbers else None
    return at_once or partial(_transformed, encoder=encoder, columns=list(raw.column_names))


def _scaled_arrays(rows: NDArray[Any], *, encoder: ScaledArrays) -> NDArray[np.float32]:
    return encoder.scaled(rows.astype(np.float32))


def _transformed(rows: Any, *, encoder: TableEncoder, columns: list[str]) -> NDArray[Any]:
    import pandas as pd

    frame = pd.DataFrame(rows, columns=columns) if isinstance(rows, np.ndarray) else rows
    return encoder.transform(frame)


def _numbers_at_once(encoder: TableEncoder) -> Callable[[NDArray[Any]], NDArray[np.float32]] | None:
    """Return what scales all columns of an array at once, which a batch of every step goes through.

    None where a column takes more than that, as one with gaps or of labels does.
    """
    from studies.data.columns.number import Number

    places = [place for place, column in enumerate(encoder.columns) if column.names]
    used = [encoder.columns[place] for place in places]
    scalings = [column.scaling for column in used if isinstance(column, Number) and not column.marks_gaps]
    plain = [scaling for scaling in scalings if scaling]
    if len(plain) < len(used):
        return None
    fill, mean, scale = (
        np.array([getattr(scaling, part) for scaling in plain]) for part in ("fill", "mean", "scale")
    )

    def code(rows: NDArray[Any]) -> NDArray[np.float32]:
        numbers = rows[:, places].astype(np.float64)
        return scaled(numbers, fill, mean, scale).astype(np.float32)

    return code


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
