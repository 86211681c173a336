"""Row block: some of the rows that are to be predicted, with what stands beside their predictions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class RowBlock:
    """Some rows of a file."""

    columns: pd.DataFrame
    """What stands beside the predictions: the rows' own columns, of delimited text all as text; else what
    names them."""
    arrays: Any = None
    """What is predicted; None for the columns themselves."""
    short_rows: int = 0
    """Those with fewer fields than there are names."""

    @property
    def rows(self) -> Any:
        """Return what is predicted."""
        return self.columns if self.arrays is None else self.arrays


@dataclass(frozen=True, kw_only=True, eq=False)
class RowSource:
    """Rows of one file, and how they are written there."""

    blocks: Iterator[RowBlock]
    delimiter: str = ""
    """What stands between fields of delimited text; empty for other forms."""
    decimal: str = "."
    notes: tuple[str, ...] = ()
