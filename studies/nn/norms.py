"""Normalization layers by name."""

from __future__ import annotations

import math
from typing import Final

from torch import nn

GROUPS: Final = 4
"""Most groups of a group norm; fewer when the channels do not divide by it."""


def norms(name: str, size: int, *, images: bool = False) -> list[nn.Module]:
    """Return the norm layer of that name over `size` features or channels, in a list to splice in.

    The list is empty for `none`.
    """
    match name:
        case "batch":
            return [nn.BatchNorm2d(size) if images else nn.BatchNorm1d(size)]
        case "layer":
            return [nn.LayerNorm(size)]
        case "group":
            return [nn.GroupNorm(math.gcd(GROUPS, size), size)]
        case _:
            return []
