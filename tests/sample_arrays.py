"""The same rows in many forms, for the tests of formats."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studies.data.dataset import Dataset
from studies.errors import BadWorkload

ROWS = 60
LABELS = np.arange(ROWS) % 2
GENERATOR = np.random.default_rng(0)
TABLE = GENERATOR.normal(size=(ROWS, 3)).astype(np.float32)
IMAGES = GENERATOR.integers(0, 255, (ROWS, 6, 5))
GOOD, BAD = "a lovely film with a warm heart", "a dreadful film without any point"
REVIEWS = pd.Series(
    [f"{(BAD, GOOD)[label]}, number {row}" for row, label in enumerate(LABELS)], name="review"
)


def parts(dataset: Dataset) -> tuple:
    return dataset.train, dataset.valid, dataset.test


def refusal(call, *arguments, **options) -> str:
    with pytest.raises(BadWorkload) as caught:
        call(*arguments, **options)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return message
