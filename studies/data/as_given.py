"""Rows as given: inputs and targets that reach model and loss as they came, only their types made torch's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from studies.data.row_encoders.rows_as_given import RowsAsGiven, numbers_of
from studies.rows.nested import NestedRows, leaves_of, map_leaves

if TYPE_CHECKING:
    from studies.data.encode import Encoded
    from studies.data.splits import Targets
    from studies.datasets import Raw


def free_targets(raw: Raw) -> Targets:
    """Return targets of any form; each row has one.

    Raises:
        BadWorkload: too few rows, or targets that are no numbers.
    """
    from studies.data.splits import Targets, check_enough

    rows = int(raw.inputs.shape[0])
    check_enough(rows)
    values = None if raw.targets is None else targets_as_given(raw.targets)
    return Targets(
        rows=np.arange(rows),
        codes=np.zeros(rows, np.int64),
        amounts=np.empty(0),
        classes=(),
        free=True,
        values=values,
    )


def encode_as_given(raw: Raw, rows: NDArray[np.int64]) -> Encoded:
    """Return the rows as numbers of torch's usual types.

    Raises:
        BadWorkload: text, or other values that are no numbers.
    """
    from studies.data.encode import Encoded

    encoder = RowsAsGiven(rows=raw.kind)
    inputs = encoder.transform(raw.inputs)
    vocabulary = int(inputs.max()) if raw.kind == "text" else 0
    return Encoded(inputs=inputs[rows], kind=raw.kind, vocabulary=vocabulary, encoder=encoder)


def targets_as_given(targets: Any) -> Any:
    """Return targets as numbers of torch's usual types."""
    return map_leaves(_array(targets), numbers_of)


def bytes_of(rows: Any) -> int:
    """Return the bytes of rows of any form, sparse ones as they lie."""
    return sum(leaf.nbytes if hasattr(leaf, "nbytes") else leaf.data.nbytes for leaf in leaves_of(rows))


def _array(targets: Any) -> Any:
    return targets if isinstance(targets, NestedRows) else np.asarray(targets)
