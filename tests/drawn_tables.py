"""Tables drawn at random: columns of any kind with gaps, and a label."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from hypothesis import strategies as st

WORDS = st.sampled_from(["red", "green", "blue", "no", "ünïcode", "two words"])
NUMBERS = st.floats(-1e30, 1e30) | st.integers(-1000, 1000)
DATES = st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))
FIRST_LABELS = [["red", "blue"] * 5, [number + 0.5 for number in range(10)], [True, False] * 5]


@st.composite
def raw_tables(draw) -> pd.DataFrame:
    """Draw a table with gaps: a square that tells rows apart, up to four columns of any kind, ten labels."""
    rows = draw(st.integers(12, 60))
    gap = st.just(None)
    columns = {"square": np.arange(rows) ** 2}
    for number, values in enumerate(
        draw(st.lists(st.sampled_from([WORDS, NUMBERS, DATES, st.booleans()]), max_size=4))
    ):
        entries = draw(st.lists(values | gap, min_size=rows - 1, max_size=rows - 1))
        columns[f"column {number}"] = [*entries, draw(values)]
    labels, first = draw(
        st.sampled_from(list(zip([WORDS, NUMBERS, st.booleans()], FIRST_LABELS, strict=True)))
    )
    columns["label"] = first + draw(st.lists(labels | gap, min_size=rows - 10, max_size=rows - 10))
    return pd.DataFrame(columns)
