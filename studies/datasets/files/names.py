"""Names of columns: each has one of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from studies.errors import BadWorkload, one_line
from studies.quantities import several

if TYPE_CHECKING:
    import pandas as pd


def check_unique(names: Iterable[str], file: str) -> None:
    """Check that no two columns have one name; empty ones are not counted.

    Raises:
        BadWorkload: two have.
    """
    counts = Counter(name for name in names if name)
    if twice := [name for name, count in counts.items() if count > 1]:
        name = one_line(twice[0], longest=80)
        raise BadWorkload(
            f"'{file}' has {counts[twice[0]]} columns named '{name}'; give each column its own name"
        )


def numbered(names: Iterable[str]) -> list[str]:
    """Return the names in one line each; a column without a name gets one by its number, from 0."""
    return [one_line(name) or f"Unnamed: {number}" for number, name in enumerate(names)]


def without_nameless(frame: pd.DataFrame, written: Sequence[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the frame without its empty nameless columns, and notes on all nameless ones."""
    nameless = [number for number, name in enumerate(written) if not one_line(name)]
    empty = [number for number in nameless if frame.iloc[:, number].isna().all()]
    notes = []
    if empty:
        notes.append(f"Left out {several(len(empty), 'column')} with neither a name nor a value.")
    if named := [str(frame.columns[number]) for number in nameless if number not in empty]:
        listed = one_line(", ".join(f"'{name}'" for name in named), longest=100)
        notes.append(f"Without a name in the file, and called so here: {listed}.")
    left = [number for number in range(frame.shape[1]) if number not in set(empty)]
    return (frame.iloc[:, left] if empty else frame), tuple(notes)
