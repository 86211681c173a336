"""Constant: the same in every training row, so that nothing can be learnt from it; no input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pandas.api import types

from studies.data.columns.column import LeftOut


@dataclass(frozen=True, kw_only=True)
class Constant(LeftOut):
    """Column that is always the same."""

    kind: ClassVar = "constant"
    left_out: ClassVar = "the same in every training row"


def is_constant(train: pd.Series[Any]) -> bool:
    """Return whether the training rows hold one value and no gap."""
    if not types.is_numeric_dtype(train.dtype):
        return bool(train.nunique(dropna=False) < 2)
    values = train.to_numpy(np.float64)
    return bool(np.min(values) == np.max(values))  # a gap is NaN and equals nothing
