"""Table encoder: the fitted columns of a table, which turn its rows and new ones into inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studies.data.columns.category import Category
from studies.data.columns.column import FittedColumn
from studies.data.columns.constant import Constant
from studies.data.columns.date import Date
from studies.data.columns.date_writing import DateWriting
from studies.data.columns.empty import Empty
from studies.data.columns.free_text import FreeText
from studies.data.columns.identifier import Identifier
from studies.data.columns.number import Number
from studies.data.columns.number_writing import NumberWriting
from studies.data.columns.reading import Writing
from studies.data.columns.text_writing import TextWriting
from studies.data.columns.token_text import TokenText
from studies.data.columns.truth import Truth
from studies.data.columns.truth_writing import TruthWriting
from studies.errors import BadWorkload

KINDS: Final[Sequence[type[FittedColumn]]] = (
    Number, Truth, Date, Category, FreeText, TokenText, Identifier, Constant, Empty,
)  # fmt: skip
BY_KIND: Final = {column.kind: column for column in KINDS}
WRITINGS: Final = {
    writing.kind: writing for writing in (NumberWriting, TruthWriting, DateWriting, TextWriting)
}


@dataclass(frozen=True, kw_only=True)
class TableEncoder:
    """Encoder of tables: the columns in their order, those left out too."""

    kind: ClassVar = "table"

    columns: tuple[FittedColumn, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return what each input says, in the order of the inputs."""
        names = [name for column in self.columns for name in column.names]
        return tuple(names[position] for position in self._order)

    @property
    def _order(self) -> NDArray[np.int64]:
        """Return, for each input of a row, which of the columns' inputs in turn it is."""
        places = [place for column in self.columns for place in column.places]
        return np.argsort(np.array(places, dtype=np.int64), kind="stable").astype(np.int64)

    @property
    def is_text(self) -> bool:
        """Return whether the inputs are token ids."""
        return any(isinstance(column, TokenText) for column in self.columns)

    @property
    def vocabulary(self) -> int:
        """Return the largest token id there can be; 0 where there are none."""
        return max(
            (len(column.words) + 1 for column in self.columns if isinstance(column, TokenText)), default=0
        )

    def transform(self, frame: pd.DataFrame) -> NDArray[np.float32] | NDArray[np.int64]:
        """Return the inputs of a table's rows, (rows, inputs): float32, or token ids as int64.

        Args:
            frame: rows as they came; columns beside those known are passed over.

        Raises:
            BadWorkload: a column is missing.
        """
        used = [column for column in self.columns if column.names]
        if lacking := [column.name for column in used if column.name not in frame]:
            raise BadWorkload(f"the rows have no column '{lacking[0]}'; give every column trained on")
        return self.joined(len(frame), (column.encode(frame[column.name]) for column in used))

    def joined(self, rows: int, blocks: Iterable[NDArray[Any]]) -> NDArray[np.float32] | NDArray[np.int64]:
        """Return the inputs of all columns, which come a block a column, in the order of the inputs."""
        order = self._order
        inputs = np.empty((rows, len(order)), np.int64 if self.is_text else np.float32)
        where = np.argsort(order)
        start = 0
        for block in blocks:
            width = block.shape[1]
            inputs[:, where[start : start + width]] = block
            start += width
        return inputs

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {"columns": [column.to_dict() for column in self.columns]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        return cls(columns=tuple(map(column_from, values["columns"])))


def column_from(values: Mapping[str, Any]) -> FittedColumn:
    """Return a fitted column from its plain values."""
    return BY_KIND[values["kind"]].from_dict(values, writing_from(values.get("writing")))


def writing_from(values: Mapping[str, Any] | None) -> Writing:
    """Return a writing from its plain values; that of text for a column that has none."""
    if values is None:
        return TextWriting()
    plain = {name: value for name, value in values.items() if name != "kind"}
    writing: Writing = WRITINGS[values["kind"]].from_dict(plain)
    return writing
