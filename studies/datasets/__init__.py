"""Data to train on: one file a built-in dataset, and `table.py` for the user's own files."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from studies.choice import Choice

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

Kind = Literal["table", "image"]
Task = Literal["auto", "classification", "regression"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Raw:
    """Data as loaded: nothing split, filled in or scaled."""

    inputs: pd.DataFrame | NDArray[Any]
    """A row each; images have the shape (rows, channels, height, width)."""
    targets: pd.Series[Any] | NDArray[np.generic]
    """One value a row: a label or a number."""
    kind: Kind = "table"
    task: Task = "auto"
    """auto tells classification from regression by the targets."""
    feature_names: tuple[str, ...] = ()
    """Names of the columns when the inputs are an array; empty names them x0, x1, ..."""
    notes: tuple[str, ...] = ()
    """What the user should know of where the data came from."""


@dataclass(frozen=True, kw_only=True)
class DatasetChoice(Choice, ABC):
    """Base of every dataset: facts to list it by, and `load`."""

    axis: ClassVar[str] = "dataset"
    kind: ClassVar[Kind] = "table"
    task: ClassVar[Task] = "auto"
    rows: ClassVar[int] = 0
    """0 when it is known only once loaded."""
    columns: ClassVar[int] = 0
    source: ClassVar[str] = ""
    licence: ClassVar[str] = ""

    @classmethod
    def name(cls) -> str:
        """Return the class name in snake case."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @abstractmethod
    def load(self) -> Raw:
        """Return the data.

        Raises:
            BadWorkload: data that cannot be read.
        """
