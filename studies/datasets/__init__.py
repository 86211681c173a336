"""Data to train on: one file a built-in dataset, and `table.py` for the user's own files."""

from __future__ import annotations

import importlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from studies.choice import Choice
from studies.errors import BadWorkload
from studies.rows.kinds import Kind as Kind

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from studies.rows.nested import NestedRows


def identity(rows: Any) -> Any:
    """Return rows as they are."""
    return rows


Task = Literal["auto", "classification", "regression"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Raw:
    """Data as loaded: nothing split, filled in or scaled."""

    inputs: pd.DataFrame | NDArray[Any] | csr_matrix | NestedRows
    """A row each: images (rows, channels, height, width), signals (rows, channels, length), text (rows, token
    ids), a frame, or several of these in a dict or tuple."""
    targets: pd.Series[Any] | NDArray[Any] | NestedRows | None
    """One value a row, a label or a number; or several numbers a row, of the shape (rows, outputs). Free
    ones are of any form, or None for the inputs themselves."""
    kind: Kind = "table"
    reading: str = ""
    """How the shape of an array was taken where it can be taken in several ways; empty where it cannot."""
    other_readings: tuple[str, ...] = ()
    """The other ways, most likely first; none where the kind was named."""
    task: Task = "auto"
    """auto tells classification from regression by the targets."""
    free: bool = False
    """Whether the targets are for an own loss, as they came, and arrays of inputs too."""
    feature_names: tuple[str, ...] = ()
    """Names of the columns when the inputs are an array; empty names them x0, x1, ..."""
    notes: tuple[str, ...] = ()
    """What the user should know of where the data came from."""
    parts: NDArray[np.int64] | None = None
    """Where the split is given: 0 for each row that trains, 1 that validates, 2 that tests; None has it
    drawn."""
    centre_sparse: bool = False
    """Whether sparse inputs are centred like all others, as studies up to version 0.1 were encoded."""
    times: NDArray[np.float64] | None = None
    """Where the split goes by time: that of each row, NaN where it has none."""
    groups: NDArray[np.int64] | None = None
    """Where groups stay whole: the number of each row's group."""
    live: Any = None
    """`studies.datasets.files.torch_items.Items` or a stream, where training reads rows anew; None where the
    rows stay as they are."""
    shape_rows: Callable[[Any], Any] = identity
    """Brings rows that are read anew into the form of the inputs here."""
    missing: tuple[str, ...] = ()
    """Words of the user's that mean a gap."""
    split_column: str = ""
    """The column that parts, times or groups were read from; empty where there was none."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """Return a name for each column of an array of inputs."""
        return self.feature_names or tuple(f"x{number}" for number in range(self.inputs.shape[-1]))

    @property
    def split_way(self) -> str:
        """Return how the rows are split: random, given, time, group or split."""
        if self.parts is not None:
            return "split" if self.split_column else "given"
        if self.times is not None:
            return "time"
        return "random" if self.groups is None else "group"


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


def from_extra(module: str) -> Any:
    """Import a module of a package that only some datasets need.

    Raises:
        BadWorkload: it is not installed; the message holds the command.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise BadWorkload(
            f"this data needs the package {package}; install it: pip install 'optimizer-advisor[data]'"
        ) from None
