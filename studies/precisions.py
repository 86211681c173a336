"""Precisions that the products of training passes are computed in."""

from __future__ import annotations

from typing import Final

FLOAT32: Final = "float32"
BF16: Final = "bf16"
PRECISIONS: Final = (FLOAT32, BF16)
