"""Rows in the svmlight format, most of their numbers zero: kept sparse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from studies.datasets import Raw
from studies.datasets.files import Reader
from studies.errors import BadWorkload

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def read_svmlight(path: Path) -> Raw:
    """Read lines of `target column:value column:value ...`, the columns numbered from 0 or 1.

    Raises:
        BadWorkload: more than one target a row.
    """
    from sklearn.datasets import load_svmlight_file

    inputs, targets = load_svmlight_file(str(path), dtype=np.float32)
    if inputs.shape[0] == 0 or inputs.nnz == 0:
        raise BadWorkload(
            f"'{path.name}' has no rows with values; each line is: target column:value column:value"
        )
    return Raw(inputs=inputs.tocsr(), targets=np.asarray(targets, np.float64))


def mostly_zeros(inputs: Any) -> bool:
    """Return whether these are sparse rows of which at least half the entries are zero.

    Others are better off dense.
    """
    return (
        not isinstance(inputs, np.ndarray)
        and hasattr(inputs, "nnz")
        and 2 * inputs.nnz <= inputs.shape[0] * inputs.shape[1]
    )


def scale(matrix: csr_matrix, train: NDArray[np.int64]) -> csr_matrix:
    """Divide each column by its largest size in the training rows: a shift would make every zero a number.

    Raises:
        BadWorkload: missing or infinite numbers, or no numbers to train on.
    """
    from scipy.sparse import csr_matrix, diags

    rows = csr_matrix(matrix, dtype=np.float32)
    if not np.isfinite(rows.data).all():
        raise BadWorkload("the sparse rows hold missing or infinite numbers; correct these or leave them out")
    largest = np.asarray(abs(rows[train]).max(axis=0).todense(), np.float64).ravel()
    if not largest.any():
        raise BadWorkload("the rows to train on are all zeros; add rows that say something of the target")
    scaled = csr_matrix(rows @ diags(1 / np.where(largest > 0, largest, 1.0)), dtype=np.float32)
    scaled.sort_indices()
    return scaled


READER: Final = Reader(
    form="svmlight, kept sparse",
    endings=(".svmlight", ".libsvm", ".svm"),
    read=lambda place: read_svmlight(place.path),
    takes_target=False,
)
