"""Writing of text: as it stands, blanks in a row as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from pandas.api import types

from studies.data.columns.cells import cells_of


@dataclass(frozen=True, kw_only=True)
class TextWriting:
    """Writing of text in a column."""

    kind: ClassVar = "text"

    missing: tuple[str, ...] = ()
    """Words of the user's that mean a gap."""

    def read(self, column: pd.Series[Any]) -> pd.Series[Any]:
        """Return the text of a column; NaN for a gap."""
        cells = pd.Series(cells_of(column, self.missing), index=column.index, name=column.name, dtype=object)
        return cells.where(cells.notna(), np.nan).astype(object)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self) | {"missing": list(self.missing)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        return cls(missing=tuple(values["missing"]))


def label(value: object) -> str:
    """Return a value as the label of a class: whole numbers without a point, text as it stands."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def labels_of(column: pd.Series[Any], missing: tuple[str, ...] = ()) -> pd.Series[Any]:
    """Return the labels in a column of any type; NaN for a gap."""
    if types.is_bool_dtype(column.dtype):
        column = column.astype(object)
    elif types.is_numeric_dtype(column.dtype):
        column = pd.Series(column.to_numpy(dtype=np.float64, na_value=np.nan), index=column.index)
    present = column.astype(object).map(label, na_action="ignore")
    return TextWriting(missing=missing).read(present)
