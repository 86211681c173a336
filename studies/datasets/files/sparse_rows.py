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

MOST_COLUMNS: Final = 1 << 20
"""Sparse columns that are taken as they are: a first layer of 64 units has 256 MiB of weights for them."""
HASHED: Final = 1 << 18
"""Columns that more than these are hashed into; scikit-learn's FeatureHasher takes 2**20 (judged)."""


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


def narrow(matrix: Any, notes: list[str]) -> csr_matrix:
    """Return sparse rows with no more columns than a model can have inputs for.

    Columns without a number in any row go first, which loses nothing; what is still too wide is hashed.
    """
    from scipy.sparse import csr_matrix

    rows = csr_matrix(matrix)
    wide = rows.shape[1]
    if wide <= MOST_COLUMNS:
        return rows
    used, places = np.unique(rows.indices, return_inverse=True)
    rows = csr_matrix((rows.data, places, rows.indptr), shape=(rows.shape[0], max(len(used), 1)))
    notes.append(f"Left out {wide - len(used):,} of {wide:,} sparse columns: no row has a number in them.")
    if rows.shape[1] <= MOST_COLUMNS:
        return rows
    notes.append(
        f"Hashed {len(used):,} sparse columns into {HASHED:,}: columns that meet in one are added, "
        "some with a minus sign."
    )
    return _hashed(rows, used)


def _hashed(rows: csr_matrix, names: NDArray[Any]) -> csr_matrix:
    """Return the rows with each column added to one that a hash of its number picks, with the hash's sign."""
    from scipy.sparse import csr_matrix
    from sklearn.utils import murmurhash3_32

    hashes = murmurhash3_32(names.astype(np.int32), seed=0)
    buckets, signs = np.abs(hashes.astype(np.int64)) % HASHED, np.where(hashes < 0, -1, 1)
    data = rows.data * signs[rows.indices].astype(rows.data.dtype)
    hashed = csr_matrix((data, buckets[rows.indices], rows.indptr.copy()), shape=(rows.shape[0], HASHED))
    hashed.sum_duplicates()
    return hashed


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
