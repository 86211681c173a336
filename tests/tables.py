"""Tables made for the tests of data, and what is said when one is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studies.data.dataset import Dataset
from studies.data.prepare import prepare
from studies.datasets import Raw
from studies.errors import StudyError

ROWS = 100
DAYS = pd.date_range("2021-01-28", periods=ROWS, freq="5D")


def written(path, frame: pd.DataFrame, **options) -> str:
    frame.to_csv(path, index=False, **options)
    return str(path)


def table(**columns) -> pd.DataFrame:
    """Return a table of 100 rows with a number `size`, a two-class `kind` and whatever else is given."""
    generator = np.random.default_rng(0)
    base = {"size": generator.normal(5, 3, ROWS), "kind": np.where(np.arange(ROWS) % 2, "cat", "dog")}
    return pd.DataFrame(base | columns)


def prepared(
    frame: pd.DataFrame, target: str = "kind", *, missing: tuple[str, ...] = (), **options
) -> Dataset:
    raw = Raw(inputs=frame.drop(columns=target), targets=frame[target], missing=missing)
    return prepare(raw, name="made", seed=0, **options)


def column(dataset: Dataset, name: str) -> np.ndarray:
    where = dataset.feature_names.index(name)
    return np.concatenate([part.inputs[:, where] for part in (dataset.train, dataset.valid, dataset.test)])


def refusal(call, *arguments, **options) -> str:
    with pytest.raises(StudyError) as caught:
        call(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert message
    return message
