"""Dataset: three parts of data as numbers, to train, to validate and to test, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from studies.data.fresh import FreshRows
from studies.data.inputs import Inputs
from studies.data.mapped_rows import MappedRows
from studies.errors import BadWorkload
from studies.rows.free import OWN
from studies.rows.nested import NestedRows

if TYPE_CHECKING:
    from studies.column_reading import ColumnReading
    from studies.data.row_encoders import RowEncoder
    from studies.data.target_encoder import TargetEncoder
    from studies.split_facts import DateColumn, KeyColumn


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Rows that train, validate or test."""

    inputs: Any
    """Shape (rows, *input_shape); token ids are int64, a sparse table is in compressed rows of float32.
    Several inputs a row are nested rows."""
    targets: Any
    """Class codes of the shape (rows,), or standardised numbers of the shape (rows, outputs). For an own loss
    an array of any shape, or nested rows."""

    @property
    def rows(self) -> int:
        """Return how many rows there are; `len` would not do for sparse ones."""
        return len(self.targets)


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Three parts of one dataset and what is known of it."""

    name: str
    kind: str
    """table | image | text | signal | mixed: several inputs a row"""
    task: str
    """classification | regression | own: targets of any form, for a loss of the user's own"""
    reading: str = ""
    """How the shape of an array was taken, to be taken so again; empty where there is one way."""
    other_readings: tuple[str, ...] = ()
    """The other ways it can be taken, most likely first."""
    train: Part
    valid: Part
    test: Part
    classes: tuple[str, ...]
    """Labels in the order of their codes; empty in regression."""
    feature_names: tuple[str, ...]
    """What each input column says; empty for all but dense tables."""
    target_mean: float | NDArray[np.float64] = 0.0
    target_scale: float | NDArray[np.float64] = 1.0
    """A target in its own units is `target * target_scale + target_mean`; arrays where there are several a
    row."""
    vocabulary: int = 0
    """Of text: the largest token id there can be."""
    missing_share: float
    """Share of the entries of the raw table that were missing."""
    raw_density: float | None = None
    """Share of the training rows' entries that were not zero as they came; None for text."""
    centre_sparse: bool = False
    """Whether sparse inputs were centred too, as studies of earlier versions were encoded."""
    digest: str
    """The first 16 hex digits of a SHA-256 over all arrays: the same digest, the same data and split."""
    notes: tuple[str, ...]
    """What was done to the data that its owner should know, in sentences."""
    split_way: str = "random"
    """random | given: the parts came with the data | time | group | split: by that column"""
    split_column: str = ""
    dates: tuple[DateColumn, ...] = ()
    """Columns of dates that a random split runs across."""
    keys: tuple[KeyColumn, ...] = ()
    """Columns whose values name groups of rows that a random split runs across."""
    fresh: FreshRows | None = field(default=None, repr=False)
    """Where training reads its rows anew in every epoch, or draws them by a sampler; all else is done on the
    rows here, which were read once."""
    encoder: RowEncoder | None = field(default=None, repr=False)
    """Turns rows as they came, new ones too, into inputs."""
    target_encoder: TargetEncoder | None = field(default=None, repr=False)
    """Turns targets into those trained on."""
    columns: tuple[ColumnReading, ...] = ()
    """What each column of the table became; empty for all but dense tables and text."""
    positions: tuple[NDArray[np.int64], ...] | None = field(default=None, repr=False)
    """Row numbers in the source, from 0, of the rows that train, validate and test, in their order; None
    where nothing tells."""
    redraw: Callable[[int], Dataset] | None = field(default=None, repr=False)
    """Draws by a seed which rows train and which validate, and encodes them anew; those that test stay. None
    where the validation rows came with the data, or are so many that other ones would say the same."""

    joined: Callable[[], Dataset] | None = field(default=None, repr=False)
    """Encodes the rows anew with those that validate among those that train; they still validate too, which
    then says little. None for a dataset that was not prepared from raw rows."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Return the shape of one row."""
        return tuple(self.train.inputs.shape[1:])

    @property
    def free(self) -> bool:
        """Tell whether its targets are for an own loss, in a form of their own."""
        return self.task == OWN

    @property
    def inputs(self) -> Inputs:
        """Return the form of one row."""
        sparse = not isinstance(self.train.inputs, np.ndarray | NestedRows | MappedRows)
        return Inputs(kind=self.kind, shape=self.input_shape, vocabulary=self.vocabulary, sparse=sparse)

    @property
    def outputs(self) -> int:
        """Return how many numbers a model puts out: one a class, or one a target; 0 where nothing tells."""
        if self.free and not self.countable:
            return 0
        return len(self.classes) or int(self.train.targets.shape[1])

    @property
    def countable(self) -> bool:
        """Tell whether a row's targets are a plain row of numbers, so that a model has as many outputs."""
        targets = self.train.targets
        return isinstance(targets, np.ndarray) and targets.ndim == 2 and targets.dtype.kind in "fb"


@lru_cache(maxsize=4)
def redrawn(dataset: Dataset, split_seed: int) -> Dataset | None:
    """Return the dataset with other rows to train and to validate, the same ones for the same seed.

    None where it has but one split, or where the rows drawn cannot be trained on. The last few are cached,
    since every finalist is trained on the same.
    """
    if dataset.redraw is None:
        return None
    try:
        return dataset.redraw(split_seed)
    except BadWorkload:
        return None
