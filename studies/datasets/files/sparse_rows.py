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
    used, is_hashed = narrowing(matrix)
    wide = matrix.shape[1]
    if used is not None:
        notes.append(
            f"Left out {wide - len(used):,} of {wide:,} sparse columns: no row has a number in them."
        )
    if used is not None and is_hashed:
        notes.append(
            f"Hashed {len(used):,} sparse columns into {HASHED:,}: columns that meet in one are added, "
            "some with a minus sign."
        )
    return narrowed(matrix, used, is_hashed=is_hashed)


def narrowing(matrix: Any) -> tuple[NDArray[np.int64] | None, bool]:
    """Return the columns that stay, None for all, and whether these are hashed into fewer."""
    from scipy.sparse import csr_matrix

    if matrix.shape[1] <= MOST_COLUMNS:
        return None, False
    used = np.unique(csr_matrix(matrix).indices).astype(np.int64)
    return used, len(used) > MOST_COLUMNS


def narrowed(matrix: Any, used: NDArray[np.int64] | None, *, is_hashed: bool) -> csr_matrix:
    """Return sparse rows with the columns that `narrowing` told, others passed over."""
    from scipy.sparse import csr_matrix

    rows = csr_matrix(matrix)
    if used is None:
        return rows
    if not len(used):
        return csr_matrix((rows.shape[0], 1), dtype=rows.dtype)
    picked = rows[:, used]
    return _hashed(picked, used) if is_hashed else picked


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


def largest_sizes(rows: csr_matrix) -> NDArray[np.float64]:
    """Return the largest size of each column in the rows that train, 1 where it is 0.

    Raises:
        BadWorkload: missing or infinite numbers, or no numbers to train on.
    """
    from scipy.sparse import csr_matrix

    matrix = csr_matrix(rows, dtype=np.float32)
    check_finite(matrix)
    largest = np.asarray(abs(matrix).max(axis=0).todense(), np.float64).ravel()
    if not largest.any():
        raise BadWorkload("the rows to train on are all zeros; add rows that say something of the target")
    return np.where(largest > 0, largest, 1.0)


def scaled(rows: csr_matrix, largest: NDArray[np.float64]) -> csr_matrix:
    """Divide each column by its largest size: a shift would make every zero a number.

    Raises:
        BadWorkload: missing or infinite numbers.
    """
    from scipy.sparse import csr_matrix, diags

    matrix = csr_matrix(rows, dtype=np.float32)
    check_finite(matrix)
    inputs = csr_matrix(matrix @ diags(1 / largest), dtype=np.float32)
    inputs.sort_indices()
    return inputs


def check_finite(rows: csr_matrix) -> None:
    """Raise BadWorkload for missing or infinite numbers."""
    if not np.isfinite(rows.data).all():
        raise BadWorkload("the sparse rows hold missing or infinite numbers; correct these or leave them out")


READER: Final = Reader(
    form="svmlight, kept sparse",
    endings=(".svmlight", ".libsvm", ".svm"),
    read=lambda place: read_svmlight(place.path),
    takes_target=False,
)
