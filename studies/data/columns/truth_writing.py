"""Writing of truths: yes and no, true and false, on and off, in any case of letters, and 1 and 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from studies.data.columns.cells import cells_of, is_text

FAMILIES: Final = (
    {"yes": 1.0, "y": 1.0, "no": 0.0, "n": 0.0},
    {"true": 1.0, "t": 1.0, "false": 0.0, "f": 0.0},
    {"on": 1.0, "off": 0.0},
)
"""Words that belong together, each with what it means."""
FIGURES: Final = {"1": 1.0, "1.0": 1.0, "0": 0.0, "0.0": 0.0}
MEANINGS: Final = {word: value for family in (*FAMILIES, FIGURES) for word, value in family.items()}


@dataclass(frozen=True, kw_only=True)
class TruthWriting:
    """Writing of truths in a column."""

    kind: ClassVar = "truth"

    missing: tuple[str, ...] = ()
    """Words of the user's that mean a gap."""

    def read(self, column: pd.Series[Any]) -> NDArray[np.float64]:
        """Return 1 for what is true, 0 for what is not, and NaN for anything else."""
        if types.is_numeric_dtype(column.dtype) or types.is_bool_dtype(column.dtype):
            values = np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
            return np.where(np.isin(values, (0.0, 1.0)), values, np.nan)
        if not is_text(column):
            return np.full(len(column), np.nan)
        cells = cells_of(column, self.missing)
        return np.array([MEANINGS.get((cell or "").casefold(), np.nan) for cell in cells], dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self) | {"missing": list(self.missing)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        return cls(missing=tuple(values["missing"]))


def tell_truths(cells: Sequence[str], missing: tuple[str, ...] = ()) -> TruthWriting | None:
    """Return the writing where the different cells are words of one family, both meanings among them."""
    words = {cell.casefold() for cell in cells}
    for family in FAMILIES:
        if words <= family.keys() | FIGURES.keys() and words & family.keys():
            meanings = {MEANINGS[word] for word in words}
            return TruthWriting(missing=missing) if len(meanings) == 2 else None
    return None
