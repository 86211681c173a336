"""Text that is the whole table: token ids, as the training rows number their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studies.data.columns.column import WORDS, Fit, WrittenColumn
from studies.data.columns.reading import TypedColumn
from studies.data.text import FIRST_WORD, coded, too_long, vocabulary_of


@dataclass(frozen=True, kw_only=True)
class TokenText(WrittenColumn):
    """Column of sentences that a text model reads."""

    kind: ClassVar = "text"

    words: tuple[str, ...]
    """Those with an id of their own, most frequent first."""
    length: int
    """Words a row that are kept."""

    @classmethod
    def fit(cls, name: str, typed: TypedColumn, fit: Fit) -> Self:
        """Return the column as the training rows have it.

        Raises:
            BadWorkload: no words in the training rows.
        """
        words, length = vocabulary_of(typed.values, fit.train)
        return cls(name=name, writing=typed.writing, words=words, length=length)

    def inputs(self, values: pd.Series[Any]) -> NDArray[np.int64]:
        """Return the ids of each row's words, (rows, length); 0 is padding, 1 an unknown word."""
        codes = {word: code for code, word in enumerate(self.words, start=FIRST_WORD)}
        return coded(values, codes, self.length)

    @property
    def names(self) -> tuple[str, ...]:
        """Return a name for each position."""
        return tuple(f"{self.name} {position}" for position in range(self.length))

    @property
    def places(self) -> tuple[int, ...]:
        """Return the place of words for each position."""
        return tuple(WORDS for _ in range(self.length))

    @property
    def done(self) -> str:
        """Return how many words have an id and how many a row are kept."""
        return f"token ids: {len(self.words)} words have one, {self.length} words a row are kept"

    def note(self, values: pd.Series[Any]) -> str:
        """Return the same as a sentence, with how many rows are longer."""
        return (
            f"Read '{self.name}' as text: {len(self.words)} words of the training rows have an id, "
            f"{self.length} words a row are kept; "
            f"{too_long(values, self.length)} of {len(values)} rows are longer."
        )
