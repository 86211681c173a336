"""Sparse columns: rows that are mostly zeros, each column divided by its largest size in training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, kw_only=True, eq=False)
class SparseColumns:
    """Encoder of sparse rows: their columns picked or hashed where they are many, then scaled."""

    kind: ClassVar = "sparse columns"

    width: int
    """Columns of the rows as they came."""
    largest: NDArray[np.float64]
    """The largest size of each column in the training rows; 1 where there is none."""
    used: NDArray[np.int64] | None = None
    """Columns with a number in any row, where these alone are inputs; None for all."""
    is_hashed: bool = False
    """Whether they were hashed into fewer."""

    @classmethod
    def fit(cls, matrix: Any, train: NDArray[np.int64], notes: list[str]) -> Self:
        """Return the encoder of all rows that there are, its sizes those of the training rows.

        Args:
            matrix: every row.
            train: which of them train.
            notes: what was done to the columns is added to them.

        Raises:
            BadWorkload: missing or infinite numbers, or no numbers to train on.
        """
        from studies.datasets.files.sparse_rows import largest_sizes, narrow, narrowing

        used, is_hashed = narrowing(matrix)
        rows = narrow(matrix, notes)[train]
        return cls(width=matrix.shape[1], largest=largest_sizes(rows), used=used, is_hashed=is_hashed)

    def transform(self, rows: Any) -> csr_matrix:
        """Return the inputs of rows, sparse too; columns beyond those trained on are passed over.

        Raises:
            BadWorkload: missing or infinite numbers.
        """
        from scipy.sparse import csr_matrix

        from studies.datasets.files.sparse_rows import narrowed, scaled

        matrix = csr_matrix(rows)
        matrix.resize((matrix.shape[0], self.width))
        return scaled(narrowed(matrix, self.used, is_hashed=self.is_hashed), self.largest)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "width": self.width,
            "largest": self.largest.tolist(),
            "used": None if self.used is None else self.used.tolist(),
            "is_hashed": self.is_hashed,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        used = values["used"]
        return cls(
            width=values["width"],
            largest=np.array(values["largest"]),
            used=None if used is None else np.array(used, np.int64),
            is_hashed=values["is_hashed"],
        )
