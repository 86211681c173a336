"""Table encoding: each column read, fitted on the training rows alone, and turned into inputs.

    numbers      gaps filled with the median, a 0/1 input for the gaps, mean 0 and deviation 1;
                 sparse columns keep their zeros: deviation 1 and no shift
    truths       the same, as 0 and 1
    dates        year, month, day, weekday, hour and days since the first training date, each as a number
    sentences    the weights of their frequent words; alone in a table, token ids (studies/data/text.py)
    other text   a 0/1 input for each of the most frequent values, one for all others; a gap is one value

A column that cannot help, constant, empty or different in every row, is left out and said so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from studies.column_reading import ColumnReading
from studies.data.columns.category import Category
from studies.data.columns.cells import is_text
from studies.data.columns.column import Fit, FittedColumn
from studies.data.columns.constant import Constant, is_constant
from studies.data.columns.date import Date
from studies.data.columns.empty import Empty
from studies.data.columns.free_text import FreeText
from studies.data.columns.identifier import Identifier, identifies_rows, may_be_key
from studies.data.columns.number import Number
from studies.data.columns.reading import Column, TypedColumn, read_typed
from studies.data.columns.table_encoder import TableEncoder
from studies.data.columns.token_text import TokenText
from studies.data.columns.truth import Truth
from studies.data.inputs import SPARSE
from studies.data.row_encoders import RowEncoder
from studies.data.text import is_free_text
from studies.errors import BadWorkload
from studies.quantities import several

FEW_NOTES: Final = 12
"""Notes on how columns were read; where there are more, the table of columns has to do."""
LISTED: Final = 50
"""Names of columns in one note."""
OF_KIND: Final[Mapping[str, type[FittedColumn]]] = {
    "number": Number, "truth": Truth, "date": Date, "text": Category,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Encoded:
    """Rows as numbers."""

    inputs: Any
    """float32 of the shape (rows, *input_shape), as an array or as sparse rows; or token ids, int64, (rows,
    length)."""
    names: tuple[str, ...] = ()
    """What each column says."""
    missing_share: float = 0.0
    """Share of the entries that were missing."""
    raw_density: float | None = None
    """Share of the training rows' entries that were not zero as they came, of those that are there; None for
    text."""
    notes: tuple[str, ...] = ()
    kind: str = "table"
    """table | image | text | signal"""
    vocabulary: int = 0
    """The largest token id there can be."""
    table: Mapping[str, Column[Any]] | None = None
    """Columns that may be dates or keys, as they were read; None for all but dense tables."""
    encoder: RowEncoder | None = None
    """What turned the rows into inputs."""
    columns: tuple[ColumnReading, ...] = ()
    """What each column of a table became."""


def encode(
    frame: pd.DataFrame,
    train: NDArray[np.int64],
    *,
    centre_sparse: bool = False,
    missing: tuple[str, ...] = (),
) -> Encoded:
    """Encode all rows as the training rows alone demand, a column at a time.

    Args:
        frame: the rows.
        train: positions of the training rows.
        centre_sparse: whether sparse columns of numbers are centred too.
        missing: words of the user's that mean a gap.

    Raises:
        BadWorkload: a column that cannot be used as it is.
    """
    reads = _Reads(frame=frame, missing=missing)
    kinds = {str(name): _kind(str(name), reads.of(str(name)), train) for name in frame}
    kinds = _as_tokens(kinds)
    notes = [*_few(reads.notes(kinds)), *_left_out_notes(kinds)]
    if all(kind.left_out for kind in kinds.values()):
        raise BadWorkload(_nothing_left(notes))
    fit = Fit(train=train, lone=_lone(reads, kinds, train), centre_sparse=centre_sparse)
    return _encoded(reads, kinds, fit, notes)


def _lone(reads: _Reads, kinds: Mapping[str, type[FittedColumn]], train: NDArray[np.int64]) -> bool:
    """Return whether one column alone gives numbers."""
    if Date in kinds.values():
        return False
    numbers = [name for name, kind in kinds.items() if issubclass(kind, Number)]
    return sum(reads.of(name).values.iloc[train].nunique() > 1 for name in numbers) == 1


def encode_text(column: Column[Any], train: NDArray[np.int64], *, missing: tuple[str, ...] = ()) -> Encoded:
    """Encode a column of sentences as token ids.

    Raises:
        BadWorkload: no words in the training rows.
    """
    from studies.data.columns.text_writing import TextWriting

    name = str(column.name)
    writing = TextWriting(missing=missing)
    typed = TypedColumn(values=writing.read(column), writing=writing)
    reads = _Reads(frame=column.to_frame(name), missing=missing, typed={name: typed})
    return replace(_encoded(reads, {name: TokenText}, Fit(train=train), []), table=None, missing_share=0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Reads:
    """The columns of a table, read; text is kept as it was read, the rest is read again at little cost."""

    frame: pd.DataFrame
    missing: tuple[str, ...]
    typed: dict[str, TypedColumn] = field(default_factory=dict)
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, name: str) -> TypedColumn:
        if name in self.typed:
            return self.typed[name]
        typed = read_typed(self.frame[name], f"column '{name}'", self.missing)
        self.said[name] = typed.notes
        if is_text(self.frame[name]):
            self.typed[name] = typed
        return typed

    def notes(self, kinds: Iterable[str]) -> list[str]:
        return [note for name in kinds for note in self.said.get(name, ())]


def _kind(name: str, typed: TypedColumn, train: NDArray[np.int64]) -> type[FittedColumn]:
    """Return what kind of column it is."""
    rows = typed.values.iloc[train]
    if not rows.notna().any():
        return Empty
    if is_constant(rows):
        return Constant
    if typed.kind == "text" and is_free_text(typed.values):
        return FreeText
    return Identifier if identifies_rows(name, typed) else OF_KIND[typed.kind]


def _as_tokens(kinds: dict[str, type[FittedColumn]]) -> dict[str, type[FittedColumn]]:
    """Return the kinds; where free text is all there is to learn from, a text model reads it."""
    used = [kind for kind in kinds.values() if not kind.left_out]
    return {
        name: TokenText if used == [FreeText] and kind is FreeText else kind for name, kind in kinds.items()
    }


def _encoded(
    reads: _Reads, kinds: Mapping[str, type[FittedColumn]], fit: Fit, notes: Sequence[str]
) -> Encoded:
    """Fit each column and write its inputs into one array."""
    fitted, readings, further = list[FittedColumn](), list[ColumnReading](), list[str]()
    table: dict[str, Column[Any]] = {}
    tally = _Tally()
    for name, kind in kinds.items():
        typed = reads.of(name)
        column = kind.fit(name, typed, fit)
        fitted.append(column)
        readings.append(_reading(column, typed))
        tally.add(typed.values, fit.train)
        further += column.notes()
        if isinstance(column, TokenText):
            further.append(column.note(typed.values))
        if not types.is_numeric_dtype(typed.values.dtype) or may_be_key(name):
            table[name] = typed.values
    encoder = TableEncoder(columns=tuple(fitted))
    said = (*notes, *_sparse_notes(fitted), *further)
    if not encoder.names:
        raise BadWorkload(_nothing_left(said))
    text = encoder.is_text
    return Encoded(
        inputs=encoder.joined(
            len(reads.frame), (column.inputs(reads.of(column.name).values) for column in fitted)
        ),
        names=() if text else encoder.names,
        missing_share=tally.missing_share,
        raw_density=None if text else tally.density,
        notes=said,
        kind="text" if text else "table",
        vocabulary=encoder.vocabulary,
        table=table,
        encoder=encoder,
        columns=tuple(readings),
    )


@dataclass(kw_only=True, eq=False)
class _Tally:
    """Entries counted over the columns: those missing, and of the training rows those that are zero."""

    entries: int = 0
    missing: int = 0
    present: int = 0
    zeros: int = 0

    def add(self, values: Column[Any], train: NDArray[np.int64]) -> None:
        rows = values.iloc[train]
        self.entries += len(values)
        self.missing += int(values.isna().sum())
        self.present += int(rows.notna().sum())
        self.zeros += int((rows == 0).sum()) if types.is_numeric_dtype(rows.dtype) else 0

    @property
    def missing_share(self) -> float:
        return self.missing / max(self.entries, 1)

    @property
    def density(self) -> float:
        return 1 - self.zeros / max(self.present, 1)


def _reading(column: FittedColumn, typed: TypedColumn) -> ColumnReading:
    unused = "" if column.names else "its words do not recur" if column.kind == "free text" else "one value"
    return ColumnReading(
        name=column.name,
        kind=column.kind,
        missing=int(typed.values.isna().sum()),
        levels=int(typed.values.nunique()),
        done="; ".join(part for part in (typed.done, "" if column.left_out else column.done) if part),
        left_out=column.left_out or unused,
    )


def _few(notes: Sequence[str]) -> list[str]:
    """Return the notes on how columns were read, the last ones in short where they are many."""
    if len(notes) <= FEW_NOTES:
        return list(notes)
    more = len(notes) - FEW_NOTES
    return [*notes[:FEW_NOTES], f"{more} more remarks on columns: `advisor profile` has a table of them."]


def _left_out_notes(kinds: Mapping[str, type[FittedColumn]]) -> list[str]:
    names = {
        kind: [name for name, of in kinds.items() if of is kind] for kind in (Constant, Empty, Identifier)
    }
    return [f"Left out, {kind.left_out}: {_listed(those)}." for kind, those in names.items() if those]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")


def _nothing_left(notes: Sequence[str]) -> str:
    says = "no column is left to learn from: add one that says something of the target. "
    return f"{says}{' '.join(notes)}".strip()


def _sparse_notes(columns: Iterable[FittedColumn]) -> list[str]:
    scalings = [column.scaling for column in columns if isinstance(column, Number)]
    scalings += [scaling for column in columns if isinstance(column, Date) for _, scaling in column.parts]
    if not (count := sum(scaling.sparse for scaling in scalings if scaling)):
        return []
    columns_ = several(count, "column")
    return [
        f"Scaled without centring, as under {100 * SPARSE:.0f} % of their numbers are not zero: {columns_}."
    ]
