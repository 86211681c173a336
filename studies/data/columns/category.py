"""Category: a 0/1 input for each of the most frequent levels, one for all others; a gap is a level."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studies.data.columns.column import CATEGORIES, Fit, WrittenColumn
from studies.data.columns.reading import TypedColumn

MOST_INPUTS: Final = 40
"""Most 0/1 inputs that one column becomes."""
MISSING: Final = "(missing)"
OTHERS: Final = "(others)"


@dataclass(frozen=True, kw_only=True)
class Category(WrittenColumn):
    """Column of labels or names."""

    kind: ClassVar = "category"

    levels: tuple[str, ...]
    """Those told apart, sorted."""
    different: int
    """How many the training rows have."""
    alike: tuple[str, ...] = ()
    """Some that differ in the case of letters only."""

    @classmethod
    def fit(cls, name: str, typed: TypedColumn, fit: Fit) -> Self:
        """Return the column as the training rows have it."""
        train = typed.values.iloc[fit.train].fillna(MISSING).to_numpy(object)
        levels, counts = np.unique(train.astype(object), return_counts=True)
        if len(levels) > MOST_INPUTS:
            frequent = np.sort(np.argsort(counts, kind="stable")[-(MOST_INPUTS - 1) :])
        else:
            frequent = np.arange(len(levels))
        return cls(
            name=name,
            writing=typed.writing,
            levels=tuple(str(level) for level in levels[frequent]),
            different=len(levels),
            alike=alike(map(str, levels)),
        )

    def inputs(self, values: pd.Series[Any]) -> NDArray[np.uint8]:
        """Return a 1 for the level of each row, (rows, levels); an unknown level is one of the others."""
        inputs = np.zeros((len(values), len(self.names)), np.uint8)
        codes = self._codes(values)
        known = codes >= 0
        inputs[np.flatnonzero(known), codes[known]] = 1
        if self._has_others:
            inputs[~known, -1] = 1
        return inputs

    def _codes(self, values: pd.Series[Any]) -> NDArray[np.int64]:
        levels = values.fillna(MISSING).to_numpy(object)
        return np.asarray(pd.Index(self.levels, dtype=object).get_indexer(pd.Index(levels, dtype=object)))

    @property
    def _has_others(self) -> bool:
        return self.different > len(self.levels)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the name with each level."""
        levels = (*self.levels, OTHERS) if self._has_others else self.levels
        return tuple(f"{self.name}={level}" for level in levels)

    @property
    def places(self) -> tuple[int, ...]:
        """Return the place of categories for each level."""
        return tuple(CATEGORIES for _ in self.names)

    @property
    def done(self) -> str:
        """Return how many 0/1 inputs stand for it."""
        others = (
            f" for the {len(self.levels)} most frequent levels and the others" if self._has_others else ""
        )
        return f"{len(self.names)} 0/1 inputs{others}"

    def notes(self) -> tuple[str, ...]:
        """Return how many levels are told apart, and which differ in case only."""
        many = (
            f"Column '{self.name}' has {self.different} different values in the training rows: "
            f"the {MOST_INPUTS - 1} most frequent are told apart, the others are one."
        )
        same = (
            f"Column '{self.name}' has levels that differ only in the case of letters "
            f"({', '.join(map(repr, self.alike))}); they are told apart as written."
        )
        return (*([many] if self._has_others else []), *([same] if self.alike else []))


def alike(levels: Any) -> tuple[str, ...]:
    """Return the first levels that differ in the case of letters only; empty where all differ otherwise."""
    spellings = defaultdict[str, list[str]](list)
    for level in levels:
        spellings[level.casefold()].append(level)
    return next((tuple(same[:4]) for same in spellings.values() if len(same) > 1), ())
