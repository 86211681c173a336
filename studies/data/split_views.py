"""Parts of the encoded rows: views of one array, so that no second copy of them lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from studies.data.mapped_rows import MappedRows

if TYPE_CHECKING:
    from studies.data.splits import Split

BLOCK_BYTES: Final = 2**24
"""Numbers that are put in order at once."""


def parts_of(inputs: Any, split: Split) -> tuple[Any, Any, Any]:
    """Return the inputs of the rows that train, validate and test.

    An array of its own is put in the order of the parts where it lies; everything else is picked from.
    """
    train, valid, test = split.train, split.valid, split.test
    if isinstance(inputs, MappedRows):
        return inputs.part(train), inputs.part(valid), inputs.part(test)
    order = np.concatenate([train, valid, test])
    if not _can_be_moved(inputs) or len(order) != len(inputs):
        return inputs[train], inputs[valid], inputs[test]
    _reorder(inputs, order)
    first, second = len(train), len(train) + len(valid)
    return inputs[:first], inputs[first:second], inputs[second:]


def _can_be_moved(inputs: Any) -> bool:
    """Tell whether rows may change places: the array is nobody else's."""
    return isinstance(inputs, np.ndarray) and bool(inputs.flags.owndata and inputs.flags.c_contiguous)


def _reorder(inputs: NDArray[Any], order: NDArray[np.int64]) -> None:
    """Put the rows in an order, some columns at a time."""
    columns = inputs.reshape(len(inputs), -1)
    count = max(1, BLOCK_BYTES // max(1, len(inputs) * inputs.itemsize))
    for first in range(0, columns.shape[1], count):
        columns[:, first : first + count] = columns[order, first : first + count]
