"""Free text: what counts as such, and how it becomes numbers.

Token ids for a table that is one text, word columns for text among other columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studies.errors import BadWorkload

WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
WORDS_A_VALUE: Final = 4
"""Text with fewer words a value than this, on average, is names or labels."""
DIFFERENT_SHARE: Final = 0.5
"""Text of which a smaller share of the values differ is labels, however long they are."""
MOST_WORDS: Final = 20_000
"""Most words that have an id of their own."""
FEW_ROWS: Final = 500
"""In more rows than this, a word that occurs only once in the training rows is unknown."""
LONGEST: Final = 256
"""Most words of a text that are kept."""
COVERED: Final = 0.95
"""Share of the training texts that are kept whole, where they are no longer than that."""
PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2


def is_free_text(column: pd.Series[Any]) -> bool:
    """Return whether a column of text is sentences rather than labels or names.

    Sentences have many words a value and are mostly different.
    """
    present = column.dropna()
    if column.dtype != object or present.nunique() < DIFFERENT_SHARE * len(present):
        return False
    words = sum(any(map(str.isalpha, word)) for text in present for word in text.split())
    return words >= WORDS_A_VALUE * len(present)


def vocabulary_of(column: pd.Series[Any], train: NDArray[np.int64]) -> tuple[tuple[str, ...], int]:
    """Return the words of the training rows, most frequent first, and how many a row are kept.

    Raises:
        BadWorkload: no words in the training rows.
    """
    texts = words_in(column.iloc[train])
    counts = Counter(word for words in texts for word in words)
    if not counts:
        raise BadWorkload(
            f"the text '{column.name}' holds no words in the training rows; choose another column"
        )
    fewest = 2 if len(column) > FEW_ROWS else 1
    known = [
        word
        for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if count >= fewest
    ]
    longest = int(np.quantile([len(words) for words in texts], COVERED, method="higher"))
    return tuple(known[: MOST_WORDS - 1]), min(max(longest, 1), LONGEST)


def coded(column: pd.Series[Any], codes: Mapping[str, int], length: int) -> NDArray[np.int64]:
    """Return texts as ids, (rows, length): 0 is padding, 1 a word without a code."""
    ids = np.full((len(column), length), PADDING, np.int64)
    for row, words in enumerate(words_in(column)):
        row_ids = [codes.get(word, UNKNOWN) for word in words[:length]]
        ids[row, : len(row_ids)] = row_ids
    return ids


def too_long(column: pd.Series[Any], length: int) -> int:
    """Return how many texts have more words than are kept."""
    return sum(len(words) > length for words in words_in(column))


def words_in(column: pd.Series[Any]) -> list[list[str]]:
    """Return the words of each text, in small letters."""
    return [WORD.findall(text.lower()) for text in column.fillna("").astype(str)]


def check_ids(ids: NDArray[Any]) -> NDArray[np.int64]:
    """Return ready-made token ids as they are.

    Raises:
        BadWorkload: no whole numbers from 0 up, of the shape (rows, length).
    """
    if ids.ndim != 2 or ids.dtype.kind not in "iu" or ids.size == 0 or ids.min() < 0:
        raise BadWorkload(
            f"text of the shape {ids.shape} and type {ids.dtype} is not understood; "
            "give one string a row, or token ids of the shape (rows, length), 0 for padding"
        )
    return ids.astype(np.int64)
