"""Surface of quality over two settings, smoothed from the trials there are, blank where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FEWEST: Final = 12
"""Whole runs from which a surface is drawn; below, the points speak for themselves."""
CELLS: Final = 40
NEAR: Final = 0.5
"""Weight of the trials around a place below which nothing is said of it; one trial right there weighs 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surface:
    """Surface: smoothed quality at the crossings of a grid over the unit square."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    z: tuple[tuple[float | None, ...], ...]
    """By y, then by x; None where no trial is near."""


def surface(points: Sequence[tuple[float, float, float]]) -> Surface | None:
    """Return the kernel average of z over (x, y, z), x and y in 0 to 1; None for too few points.

    The estimator of Nadaraya 1964 and Watson 1964.
    """
    if len(points) < FEWEST:
        return None
    import numpy as np

    x, y, z = np.array(points, dtype=float).T
    width = 0.25 * len(points) ** (-1 / 6)  # Scott 1992 in two dimensions, for values spread over the square
    grid = np.linspace(0, 1, CELLS)
    near_x = np.exp(-0.5 * ((grid[:, None] - x) / width) ** 2)
    near_y = np.exp(-0.5 * ((grid[:, None] - y) / width) ** 2)
    weight = near_y @ near_x.T
    value = (near_y * z) @ near_x.T / np.maximum(weight, 1e-12)
    cells = [
        [float(v) if w >= NEAR else None for v, w in zip(values, weights, strict=True)]
        for values, weights in zip(value, weight, strict=True)
    ]
    axis = tuple(float(at) for at in grid)
    return Surface(xs=axis, ys=axis, z=tuple(map(tuple, cells)))
