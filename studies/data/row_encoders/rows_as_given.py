"""Rows as given: arrays, or several of them in a dict or a tuple, whose types alone are made torch's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from studies.errors import BadWorkload
from studies.rows.nested import NestedRows, map_leaves, nested


@dataclass(frozen=True, kw_only=True)
class RowsAsGiven:
    """Encoder of rows that reach the model as they came."""

    kind: ClassVar = "rows as given"

    rows: str
    """table | image | text | signal | mixed; whole numbers stay so in text and in mixed rows."""

    def transform(self, rows: Any) -> Any:
        """Return rows as numbers of torch's usual types, in the nest that they came in.

        Raises:
            BadWorkload: text, or other values that are no numbers.
        """
        given_rows = NestedRows(rows) if not isinstance(rows, NestedRows) and nested(rows) else rows
        numbers = map_leaves(given_rows, numbers_of)
        plain = self.rows != "text" and isinstance(numbers, np.ndarray)
        return numbers.astype(np.float32) if plain else numbers

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {"rows": self.rows}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        return cls(**values)


def numbers_of(values: Any) -> NDArray[Any]:
    """Return an array with the type that torch has for it: whole numbers stay whole.

    Raises:
        BadWorkload: text, or other values that are no numbers.
    """
    array = np.asarray(values)
    if array.dtype.kind == "f":
        return array.astype(np.float32, copy=False)
    if array.dtype.kind in "iu":
        return array.astype(np.int64, copy=False)
    if array.dtype.kind != "b":
        raise BadWorkload(
            f"values of the type {array.dtype} are no numbers; turn them into numbers, or give a DataFrame"
        )
    return array
