"""Free text among other columns: the weights of its frequent words (TF-IDF)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studies.data.columns.column import WORDS, Fit, WrittenColumn
from studies.data.columns.reading import TypedColumn
from studies.data.text import WORD

MOST_INPUTS: Final = 64
"""Most inputs that one text among other columns becomes."""


@dataclass(frozen=True, kw_only=True)
class FreeText(WrittenColumn):
    """Column of sentences."""

    kind: ClassVar = "free text"

    words: tuple[str, ...]
    """In alphabetical order."""
    weights: tuple[float, ...]
    """Inverse document frequency of each word in the training rows."""

    @classmethod
    def fit(cls, name: str, typed: TypedColumn, fit: Fit) -> Self:
        """Return the column as the training rows have it."""
        texts = typed.values.iloc[fit.train].fillna("").astype(str).tolist()
        vectorizer = _vectorizer(max_features=MOST_INPUTS, min_df=2, max_df=0.8)
        try:
            vectorizer.fit(texts)
        except ValueError:  # scikit-learn's way to say that no word is left
            return cls(name=name, writing=typed.writing, words=(), weights=())
        words = tuple(str(word) for word in vectorizer.get_feature_names_out())
        weights = tuple(float(weight) for weight in vectorizer.idf_)
        return cls(name=name, writing=typed.writing, words=words, weights=weights)

    def inputs(self, values: pd.Series[Any]) -> NDArray[np.float64]:
        """Return the weight of each word in each row, (rows, words)."""
        if not self.words:
            return np.empty((len(values), 0))
        vectorizer = _vectorizer(vocabulary=list(self.words))
        vectorizer.idf_ = np.array(self.weights)
        texts = values.fillna("").astype(str).tolist()
        return np.asarray(vectorizer.transform(texts).toarray())

    @property
    def names(self) -> tuple[str, ...]:
        """Return the name with each word."""
        return tuple(f"{self.name}: {word}" for word in self.words)

    @property
    def places(self) -> tuple[int, ...]:
        """Return the place of words for each of them."""
        return tuple(WORDS for _ in self.words)

    @property
    def done(self) -> str:
        """Return how many words stand for it."""
        return f"weights of {len(self.words)} frequent words"

    def notes(self) -> tuple[str, ...]:
        """Return how many words stand for it, or that none does."""
        if not self.words:
            return (f"Left out, free text whose words do not recur: {self.name}.",)
        count = len(self.words)
        return (f"Column '{self.name}' is free text: the weights of {count} frequent words stand for it.",)


def _vectorizer(**settings: Any) -> Any:
    """Return scikit-learn's counter of words.

    A word in one training row teaches nothing of another, one in four of five rows hardly tells two apart.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(token_pattern=WORD.pattern, sublinear_tf=True, **settings)
