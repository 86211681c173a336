"""Free text: what counts as such, and how it becomes numbers.

Token ids for a table that is one text, word columns for text among other columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
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
WORD_COLUMNS: Final = 64
"""Most columns that one text among other columns becomes."""
PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Tokens:
    """Texts as token ids."""

    ids: NDArray[np.int64]
    """Shape (rows, length): 0 is padding, 1 a word that is not in the vocabulary, 2 the most frequent
    word."""
    vocabulary: int
    """The largest id there can be."""
    notes: tuple[str, ...]


def is_free_text(column: pd.Series[Any]) -> bool:
    """Return whether a column of text is sentences rather than labels or names.

    Sentences have many words a value and are mostly different.
    """
    present = column.dropna()
    if column.dtype != object or present.nunique() < DIFFERENT_SHARE * len(present):
        return False
    words = sum(any(map(str.isalpha, word)) for text in present for word in text.split())
    return words >= WORDS_A_VALUE * len(present)


def tokens(column: pd.Series[Any], train: NDArray[np.int64]) -> Tokens:
    """Number the words of the training rows by how frequent they are, and write every row in these numbers.

    Raises:
        BadWorkload: no words in the training rows.
    """
    texts = [WORD.findall(text.lower()) for text in column.fillna("").astype(str)]
    counts = Counter(word for row in train for word in texts[row])
    if not counts:
        raise BadWorkload(
            f"the text '{column.name}' holds no words in the training rows; choose another column"
        )
    fewest = 2 if len(texts) > FEW_ROWS else 1
    known = [
        word
        for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if count >= fewest
    ]
    codes = {word: code for code, word in enumerate(known[: MOST_WORDS - 1], start=FIRST_WORD)}
    length = min(
        max(int(np.quantile([len(texts[row]) for row in train], COVERED, method="higher")), 1), LONGEST
    )
    ids = np.full((len(texts), length), PADDING, np.int64)
    for row, words in enumerate(texts):
        row_ids = [codes.get(word, UNKNOWN) for word in words[:length]]
        ids[row, : len(row_ids)] = row_ids
    cut = sum(len(words) > length for words in texts)
    summary = (
        f"Read '{column.name}' as text: {len(codes)} words of the training rows have an id, "
        f"{length} words a row are kept"
    )
    return Tokens(
        ids=ids, vocabulary=len(codes) + 1, notes=(f"{summary}; {cut} of {len(texts)} rows are longer.",)
    )


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


def word_columns(
    texts: pd.DataFrame, train: NDArray[np.int64], notes: list[str]
) -> tuple[NDArray[np.float64], Sequence[str]]:
    """Return TF-IDF weights of the most frequent words of each text, fitted on the training rows."""
    blocks, names = [np.empty((len(texts), 0))], list[str]()
    for name in texts:
        values, words = _weights(texts[name].fillna("").astype(str).tolist(), train)
        blocks.append(values)
        names += [f"{name}: {word}" for word in words]
        if words:
            notes.append(
                f"Column '{name}' is free text: the weights of {len(words)} frequent words stand for it."
            )
        else:
            notes.append(f"Left out, free text whose words do not recur: {name}.")
    return np.hstack(blocks), names


def _weights(texts: list[str], train: NDArray[np.int64]) -> tuple[NDArray[np.float64], list[str]]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    # a word in one training row teaches nothing of another, one in four of five rows hardly tells two apart
    weights = TfidfVectorizer(
        token_pattern=WORD.pattern, max_features=WORD_COLUMNS, min_df=2, max_df=0.8, sublinear_tf=True
    )
    try:
        weights.fit([texts[row] for row in train])
    except ValueError:  # scikit-learn's way to say that no word is left
        return np.empty((len(texts), 0)), []
    return weights.transform(texts).toarray(), [str(word) for word in weights.get_feature_names_out()]
