"""Writing of dates: 2024-01-31, 31.01.2024, Jan 31, 2024 and others, with a time of day or without."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from studies.data.columns.cells import cells_of, is_text

DAYS: Final = (
    "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%Y", "%d.%m.%y", "%Y.%m.%d",
    "%d-%m-%Y", "%m-%d-%Y", "%d %b %Y", "%d %B %Y", "%d. %B %Y", "%b %d, %Y", "%B %d, %Y",
    "%b %d %Y", "%B %d %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%b %Y", "%B %Y",
    "%a, %d %b %Y", "%A, %d %B %Y", "%A, %B %d, %Y",
)  # fmt: skip
CLOCKS: Final = ("", " %H:%M", " %H:%M:%S", ", %H:%M", ", %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
FORMATS: Final = ("ISO8601", *map("".join, itertools.product(DAYS, CLOCKS)))
NUMERIC: Final = ("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%d-%m-%Y", "%m-%d-%Y")
SAMPLE: Final = 1000
FEW: Final = 20
FEW_SHARE: Final = 0.5
"""Of the first few cells, those that a way must read to be tried on a sample."""
SAMPLE_SHARE: Final = 0.5
"""Of a sample of the cells, those that a way must read to be tried on all."""
DATE_SHARE: Final = 0.95
"""Text of which this share reads as dates is a column of dates."""


@dataclass(frozen=True, kw_only=True)
class DateWriting:
    """Writing of dates in a column."""

    kind: ClassVar = "date"

    way: str = ""
    """A format as Python's strftime has it, or ISO8601; empty for dates that came as such."""
    missing: tuple[str, ...] = ()
    """Words of the user's that mean a gap."""

    def read(self, column: pd.Series[Any]) -> pd.Series[Any]:
        """Return the dates of a column without a zone; NaT where there is none."""
        if types.is_datetime64_any_dtype(column.dtype):
            return pd.to_datetime(column, utc=True).dt.tz_localize(None)
        if not is_text(column):
            return pd.Series(pd.NaT, index=column.index, dtype="datetime64[us]")
        if not self.way:
            return pd.to_datetime(column, utc=True, errors="coerce").dt.tz_localize(None)
        return dates(pd.Series(cells_of(column, self.missing), index=column.index, dtype=object), self.way)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self) | {"missing": list(self.missing)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        return cls(**(dict(values) | {"missing": tuple(values["missing"])}))


@dataclass(frozen=True, kw_only=True)
class DatesTold:
    """Dates told among the cells of a column."""

    writing: DateWriting
    ambiguous: bool = False
    """Whether the day and the month could be the other way round."""


def tell_dates(
    cells: Sequence[str], rows: NDArray[np.int64], missing: tuple[str, ...] = ()
) -> DatesTold | None:
    """Return the writing that reads nearly all of the rows, None where there is none.

    Args:
        cells: the different cells.
        rows: how many rows say each of them.
        missing: words of the user's that mean a gap.
    """
    present = pd.Series(list(cells), dtype=object)
    if not any(character.isdigit() for cell in cells[:20] for character in cell):
        return None
    sample = present.iloc[:: len(present) // SAMPLE + 1]
    few = sample.iloc[:: len(sample) // FEW + 1]
    tried = [way for way in FORMATS if dates(few, way).notna().mean() >= FEW_SHARE]
    likely = [way for way in tried if dates(sample, way).notna().mean() >= SAMPLE_SHARE]
    counts = {way: int(rows[dates(present, way).notna().to_numpy()].sum()) for way in likely}
    way = max(likely, key=lambda candidate: counts[candidate], default=None)
    if way is None or counts[way] < DATE_SHARE * rows.sum():
        return None
    others = [other for other in likely if other != way and counts[other] == counts[way]]
    swapped = way.startswith(NUMERIC) and any(_swapped(other) == way for other in others)
    return DatesTold(writing=DateWriting(way=way, missing=missing), ambiguous=swapped)


def _swapped(way: str) -> str:
    return way.replace("%m", "%_").replace("%d", "%m").replace("%_", "%d")


def dates(text: pd.Series[Any], way: str) -> pd.Series[Any]:
    """Return text as dates in one way of writing; NaT for what does not read so."""
    return pd.to_datetime(text, format=way, utc=True, errors="coerce").dt.tz_localize(None)


def first_and_date(cells: Sequence[str], way: str) -> tuple[str, str]:
    """Return the first cell that reads as a date, and the date."""
    read = dates(pd.Series(list(cells), dtype=object), way)
    at = int(np.flatnonzero(read.notna())[0])
    return cells[at], str(read.iloc[at].isoformat()).partition("T")[0]
