"""Differences between parts that came with the data: labels or levels that training rows lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from studies.column_reading import ColumnReading
from studies.data.splits import Split, Targets
from studies.errors import BadWorkload
from studies.quantities import several

LISTED: Final = 4
"""Labels or levels that a sentence names."""


def label_notes(targets: Targets, split: Split) -> Iterator[str]:
    """Yield which labels of the validation and test rows no training row has.

    Raises:
        BadWorkload: a part whose labels are all others than those of the training rows.
    """
    if not targets.classes:
        return
    trained = np.unique(targets.codes[split.train])
    for part, rows in (("validation", split.valid), ("test", split.test)):
        codes = targets.codes[rows]
        foreign = ~np.isin(codes, trained)
        if foreign.all():
            raise BadWorkload(
                f"the {part} rows have the labels {_words(targets, codes)} and the training rows "
                f"{_words(targets, trained)}, none in common; write them alike"
            )
        if foreign.any():
            count = several(int(foreign.sum()), f"{part} row")
            words = _words(targets, codes[foreign])
            yield f"Labels of no training row, which nothing can learn: {words}, {count}."


def _words(targets: Targets, codes: Iterable[Any]) -> str:
    return _listed([targets.classes[code] for code in sorted({int(code) for code in codes})])


def _listed(words: list[str]) -> str:
    more = f" and {len(words) - LISTED} more" if len(words) > LISTED else ""
    return ", ".join(repr(word[:40]) for word in words[:LISTED]) + more


def level_notes(
    table: Mapping[str, pd.Series[Any]], columns: Iterable[ColumnReading], split: Split
) -> Iterator[str]:
    """Yield which levels of categories the validation and test rows have that no training row has."""
    for name in (column.name for column in columns if column.kind == "category"):
        trained = set(table[name].iloc[split.train].dropna())
        for part, rows in (("validation", split.valid), ("test", split.test)):
            present = table[name].iloc[rows].dropna()
            foreign = present[~present.isin(trained)]
            if len(foreign):
                levels = _listed(sorted(map(str, foreign.unique())))
                count = several(len(foreign), f"{part} row")
                yield f"Column '{name}' has levels of no training row: {levels}, in {count}."
