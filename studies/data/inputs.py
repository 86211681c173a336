"""Inputs: what a model is fed, the form of one row. Standard library only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

SPARSE: Final = 0.1
"""Share of non-zero numbers below which inputs are sparse.

They are scaled and not centred, so that their zeros stay zeros, and the rule on sparse inputs speaks. Bags of
words and one-hot tables lie below, images of digits (0.19 and 0.51) and tables above."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The form of one row."""

    kind: str = "table"
    """table | image | text | signal"""
    shape: tuple[int, ...]
    """Table (columns,), image (channels, height, width), text (length,), signal (channels, length)."""
    vocabulary: int = 0
    """Of text: token ids run from 1 to here, 0 is padding."""
    sparse: bool = False
    """Whether a table is mostly zeros and kept in compressed rows until its batch is made."""

    @property
    def size(self) -> int:
        """Return the numbers a row, flattened."""
        return math.prod(self.shape)
