"""Token ids: text that came as whole numbers, which stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from studies.data.text import check_ids
from studies.errors import BadWorkload


@dataclass(frozen=True, kw_only=True)
class TokenIds:
    """Encoder of token ids."""

    kind: ClassVar = "token ids"

    length: int
    """Ids a row; shorter rows are filled up with padding."""
    vocabulary: int
    """The largest id there can be."""

    def transform(self, rows: Any) -> NDArray[np.int64]:
        """Return the ids of rows, (rows, length).

        Raises:
            BadWorkload: no whole numbers from 0 to the largest id, or longer rows.
        """
        values = np.asarray(rows)
        if not len(values):
            return np.empty((0, self.length), np.int64)
        ids = check_ids(values)
        if ids.shape[1] > self.length or ids.max() > self.vocabulary:
            raise BadWorkload(
                f"token ids of the shape {ids.shape} up to {ids.max():,} are longer or larger than those "
                f"trained on, {self.length} a row up to {self.vocabulary:,}; cut them as these were"
            )
        return np.pad(ids, ((0, 0), (0, self.length - ids.shape[1])))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {"length": self.length, "vocabulary": self.vocabulary}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        return cls(**values)
