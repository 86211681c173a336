"""Table rows: new rows of a table, matched with the columns that were trained on, and what is odd in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from studies.data.columns.category import Category
from studies.data.columns.cells import cells_of, is_gap_word, is_text
from studies.data.columns.column import WrittenColumn
from studies.data.columns.number_writing import NumberWriting
from studies.data.columns.text_writing import TextWriting, label
from studies.errors import BadWorkload, did_you_mean, one_line

if TYPE_CHECKING:
    from studies.bundle.row_remarks import RowRemarks
    from studies.data.columns.column import FittedColumn
    from studies.data.columns.table_encoder import TableEncoder

FEW_VALUES: Final = 5
"""Fewer values than this, none of which can be read, are slips; so many are another kind of column."""
LISTED: Final = 20
"""Columns that a message lists."""
COMMA: Final = r"^(\s*[-+]?\d*),(\d+\s*)$"
"""A number with a decimal comma."""


def as_frame(encoder: TableEncoder, rows: Any) -> pd.DataFrame:
    """Return rows of any form as a frame, its columns named as they were in training.

    Raises:
        BadWorkload: an array of another width, or two columns of one name.
    """
    names = [column.name for column in encoder.columns]
    if isinstance(rows, pd.DataFrame):
        frame = rows
    elif isinstance(rows, Mapping) or (isinstance(rows, list) and rows and isinstance(rows[0], Mapping)):
        frame = pd.DataFrame(rows)
    else:
        frame = _of_array(rows, names)
    plain = [" ".join(str(name).split()) for name in frame.columns]
    twice = [name for name, count in Counter(plain).items() if count > 1 and name in names]
    if twice:
        raise BadWorkload(f"more than one column is named '{twice[0]}'; give each column its own name")
    return frame.set_axis(plain, axis="columns")


def _of_array(rows: Any, names: list[str]) -> pd.DataFrame:
    dense = np.asarray(rows.toarray() if hasattr(rows, "nnz") else rows)
    table = dense.reshape(-1, 1) if dense.ndim == 1 and len(names) == 1 else dense
    if table.ndim != 2 or table.shape[1] != len(names):
        raise BadWorkload(
            f"rows of the shape {table.shape} have not the {len(names)} columns trained on; "
            "give (rows, columns) in their order, or a DataFrame with their names"
        )
    return pd.DataFrame(table, columns=names)


def table_inputs(encoder: TableEncoder, frame: pd.DataFrame, remarks: RowRemarks) -> NDArray[Any]:
    """Return the inputs of rows, (rows, inputs), and remark on what is odd in them.

    Raises:
        BadWorkload: a column is missing, or none of its values can be read.
    """
    used = [column for column in encoder.columns if column.names]
    known = {column.name for column in encoder.columns}
    lacking = [column.name for column in used if column.name not in frame]
    if lacking:
        raise BadWorkload(_lacking(lacking, [str(name) for name in frame.columns if name not in known]))
    remarks.extra |= dict.fromkeys(str(name) for name in frame.columns if name not in known)
    first = remarks.rows == 0
    remarks.rows += len(frame)
    blocks = (column.inputs(_read(column, frame[column.name], remarks, strict=first)) for column in used)
    return encoder.joined(len(frame), blocks)


def _lacking(lacking: list[str], others: list[str]) -> str:
    names = ", ".join(f"'{one_line(name, longest=40)}'" for name in lacking[:LISTED])
    more = f" and {len(lacking) - LISTED} more" if len(lacking) > LISTED else ""
    near = did_you_mean(lacking[0][:80], others)
    listed = ", ".join(one_line(name, longest=40) for name in others[:LISTED])
    unknown = f"{near if near != '.' else ';'} not known to the model: {listed}" if others else ""
    return f"the rows have no column {names}{more}, which the model was trained on{unknown}"


def _read(
    column: FittedColumn, values: pd.Series[Any], remarks: RowRemarks, *, strict: bool
) -> pd.Series[Any]:
    """Return a column as its values; what cannot be read is a gap, and remarked."""
    if not isinstance(column, WrittenColumn):
        return column.read(values)
    if isinstance(column.writing, TextWriting):
        typed = column.read(_as_labels(values))
        if isinstance(column, Category):
            _remark_unknown(column, typed, remarks)
        return typed
    typed = column.read(_as_numbers(column, values))
    gaps = typed.isna()
    if gaps.any():
        _remark_unreadable(column, values, gaps.to_numpy(bool), remarks, strict=strict)
    return typed


def with_points(encoder: TableEncoder, frame: pd.DataFrame) -> pd.DataFrame:
    """Return text with decimal points for commas in the columns that were trained on as plain numbers."""
    plain = [column.name for column in encoder.columns if _is_plain(column) and column.name in frame]
    points = {name: frame[name].str.replace(COMMA, r"\1.\2", regex=True) for name in plain}
    return frame.assign(**points)


def _is_plain(column: FittedColumn) -> bool:
    """Tell whether a column holds numbers without a mark for thousands or a decimal comma."""
    writing = column.writing if isinstance(column, WrittenColumn) else None
    return isinstance(writing, NumberWriting) and not writing.thousands and writing.decimal == "."


def _as_labels(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return whole numbers among labels without a point: beside a gap pandas holds 2 as 2.0."""
    if types.is_float_dtype(values.dtype):
        return values.astype(object).map(label, na_action="ignore")
    return values


def _as_numbers(column: WrittenColumn, values: pd.Series[Any]) -> pd.Series[Any]:
    """Return text as numbers where it is plainly such, as a reader of files does; the rest stays text."""
    if not _is_plain(column) or not is_text(values) or isinstance(values.dtype, pd.CategoricalDtype):
        return values
    text = values.astype(object)
    numbers = pd.to_numeric(text, errors="coerce").astype(np.float64)
    rest = numbers.isna() & text.notna() & (text != "")
    return numbers.astype(object).where(~rest, text) if rest.any() else numbers


def _remark_unreadable(
    column: WrittenColumn,
    values: pd.Series[Any],
    gaps: NDArray[np.bool_],
    remarks: RowRemarks,
    *,
    strict: bool,
) -> None:
    """Count what should be a value and is none.

    Raises:
        BadWorkload: it is all that the column holds.
    """
    cells = [cell for cell in cells_of(values[gaps], column.writing.missing) if cell is not None]
    slips = Counter(str(cell) for cell in cells if not is_gap_word(str(cell)))
    if not slips:
        return
    if strict and gaps.all() and slips.total() >= FEW_VALUES:
        example = one_line(slips.most_common(1)[0][0], longest=40)
        raise BadWorkload(
            f"column '{column.name}' holds no {column.kind}, as it did in training, but values like "
            f"'{example}'; give it as it was"
        )
    remarks.unreadable.setdefault((column.name, column.kind), Counter()).update(slips)


def _remark_unknown(column: Category, typed: pd.Series[Any], remarks: RowRemarks) -> None:
    unknown = typed[typed.notna() & ~typed.isin(column.levels)]
    if len(unknown):
        remarks.unknown.setdefault(column.name, Counter()).update(map(str, unknown))
