"""Gaussian process: what trials tell of recipes not tried, as a mean and its uncertainty; numpy alone.

A Matern 5/2 kernel with a length for each coordinate, in the unit cube; two options of a coordinate are one
apart. Lengths and noise are the likeliest given a prior that grows with the number of coordinates, so that
many coordinates start out as flat ones (Hvarfner et al. 2024, arXiv 2402.02229).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STEPS: Final = 60
"""Of the search for lengths and noise, which goes by the signs of the slopes."""
LONGEST_STEP: Final = 1.0
LEARNT_FROM: Final = 64
"""Values at most that lengths and noise are learnt from, evenly from best to worst: it is what costs."""
NOISE: Final = (math.log(0.02), 1.0)
"""Mean and deviation of the logarithm of the noise's variance, where values have variance 1 (judged)."""
LENGTH: Final = (math.log(0.5), 1.0)
"""The same of the length of one coordinate of one; judged."""
ROWS_AT_A_TIME: Final = 64
"""Of a kernel: what is worked out of so many stays in the processor's cache. Of 1,500 rows and 256 values it
took 7.7 ms in whole arrays and 3.5 ms in parts, most of it for fresh memory."""
LEAST_NOISE: Final = math.log(1e-4)
"""Two trials at one place would have no inverse without."""


@dataclass(frozen=True, kw_only=True)
class GaussianProcess:
    """Gaussian process given values at places.

    Example:
        >>> import numpy as np
        >>> places = np.array([[0.0], [0.5], [1.0]])
        >>> process = GaussianProcess.fit(places, np.array([1.0, 0.0, 1.0]), options=np.array([False]))
        >>> mean, deviation = process.predict(np.array([[0.5], [0.9]]))
        >>> bool(mean[0] < mean[1])
        True
    """

    places: Array
    """(values, coordinates), from 0 to 1; of options the number of each."""
    values: Array
    """Less the mean, over the deviation."""
    options: NDArray[np.bool_]
    """Which coordinates are options in no order."""
    log_params: Array
    """The logarithms of 1 / length^2 of each coordinate, then of the noise's variance."""
    centre: float = 0.0
    scale: float = 1.0

    @classmethod
    def fit(cls, places: Array, values: Array, *, options: NDArray[np.bool_]) -> Self:
        """Fit lengths and noise to values.

        Args:
            places: (values, coordinates), from 0 to 1.
            values: (values,).
            options: which coordinates are options in no order, (coordinates,).
        """
        centre, scale = float(values.mean()), float(values.std()) or 1.0
        start = _prior_means(places.shape[1])
        process = cls(
            places=places,
            values=(values - centre) / scale,
            options=options,
            log_params=start,
            centre=centre,
            scale=scale,
        )
        chosen = np.linspace(0, len(values) - 1, min(len(values), LEARNT_FROM)).astype(int)
        chosen = np.argsort(values, kind="stable")[chosen]
        return replace(process, log_params=process._likeliest(start, chosen))

    def with_value(self, place: Array, value: float) -> Self:
        """Return the process with one value more, lengths and noise as they are."""
        return replace(
            self,
            places=np.vstack([self.places, place]),
            values=np.append(self.values, (value - self.centre) / self.scale),
        )

    def predict(self, places: Array) -> tuple[Array, Array]:
        """Return the means and deviations at places, without the noise: each (places,)."""
        return self._told_by(self._across(places))

    @cached_property
    def lowest(self) -> float:
        """Return the lowest mean at a place of a value."""
        return float(self._told_by(self._among)[0].min())

    def _told_by(self, across: Array) -> tuple[Array, Array]:
        """Return the means and deviations at places whose kernel with those of the values is known."""
        mean = across @ (self._inverse @ self.values)
        known = across @ self._inverse
        known *= across
        variance = np.maximum(1.0 - known.sum(axis=1), 1e-12)
        return self.centre + self.scale * mean, self.scale * np.sqrt(variance)

    @cached_property
    def _among(self) -> Array:
        """Return the kernel of the places, (values, values)."""
        return self._across(self.places)

    @cached_property
    def _inverse(self) -> Array:
        """Return the inverse of the kernel with its noise, (values, values)."""
        kernel = self._among.copy()
        kernel[np.diag_indices_from(kernel)] += np.exp(self.log_params[-1])
        return _inverse_of(kernel)

    def _likeliest(self, start: Array, chosen: NDArray[np.int64]) -> Array:
        """Return the params likeliest by some values; steps grow while a slope keeps its sign (Rprop)."""
        distances, values = self._distances(self.places[chosen]), self.values[chosen]
        params, steps, before = start.copy(), np.full(len(start), 0.3), np.zeros(len(start))
        best, lowest = start, math.inf
        for _ in range(STEPS):
            loss, slope = _loss(distances, values, params)
            if loss < lowest:
                best, lowest = params.copy(), loss
            steps *= np.where(slope * before > 0, 1.2, np.where(slope * before < 0, 0.5, 1.0))
            steps = steps.clip(1e-3, LONGEST_STEP)
            params = params - np.sign(slope) * steps
            params[-1] = max(params[-1], LEAST_NOISE)
            before = slope
        return best

    def _distances(self, places: Array) -> Array:
        """Return the squared distances along each coordinate, (coordinates, places, places)."""
        apart = places.T[:, :, None] - places.T[:, None, :]
        squared: Array = np.where(self.options[:, None, None], (apart != 0).astype(float), apart**2)
        return squared

    def _across(self, places: Array) -> Array:
        """Return the kernel of places with those of the values, (places, values)."""
        weights = np.exp(self.log_params[:-1])
        scaled = np.where(self.options, 0.0, np.sqrt(weights))
        left, right = places * scaled, self.places * scaled
        squared: Array = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :]
        squared -= 2 * left @ right.T
        for start in range(0, len(places), ROWS_AT_A_TIME):
            rows = slice(start, start + ROWS_AT_A_TIME)
            block = squared[rows]
            for index in np.flatnonzero(self.options):
                block += weights[index] * (places[rows, None, index] != self.places[None, :, index])
            _kernel_in_place(np.maximum(block, 0.0, out=block))
        return squared


def _inverse_of(kernel: Array) -> Array:
    inverse: Array = np.linalg.inv(kernel).astype(np.float64)
    return inverse


def _prior_means(coordinates: int) -> Array:
    length = LENGTH[0] + math.log(max(coordinates, 1)) / 2
    return np.append(np.full(coordinates, -2 * length), NOISE[0])


def _kernel_in_place(squared: Array) -> None:
    """Put the kernel in the place of the squared distances over the lengths."""
    root = 5 * squared
    np.sqrt(root, out=root)
    squared *= 5 / 3
    squared += 1 + root
    np.exp(np.negative(root, out=root), out=root)
    squared *= root


def _matern(distances: Array, log_params: Array) -> tuple[Array, Array]:
    """Return the kernel with its noise, and its slope along the squared distance over the lengths."""
    squared = np.tensordot(np.exp(log_params[:-1]), distances, axes=1)
    root = np.sqrt(5 * squared)
    decay = np.exp(-root)
    kernel = (1 + root + 5 / 3 * squared) * decay
    kernel[np.diag_indices_from(kernel)] += np.exp(log_params[-1])
    return kernel, -5 / 6 * (1 + root) * decay


def _loss(distances: Array, values: Array, params: Array) -> tuple[float, Array]:
    """Return the negative logarithm of the posterior of params, and its slopes."""
    kernel, slope = _matern(distances, params)
    factor = np.linalg.cholesky(kernel)
    inverse = _inverse_of(kernel)
    weighted = inverse @ values
    loss = 0.5 * values @ weighted + np.log(np.diag(factor)).sum()
    outer = inverse - np.outer(weighted, weighted)
    slopes = 0.5 * np.exp(params[:-1]) * np.tensordot(distances, outer * slope, axes=([1, 2], [0, 1]))
    noise_slope = 0.5 * np.exp(params[-1]) * np.trace(outer)
    means = _prior_means(len(params) - 1)
    deviations = np.append(np.full(len(params) - 1, 2 * LENGTH[1]), NOISE[1])
    off = (params - means) / deviations
    return float(loss + 0.5 * (off**2).sum()), np.append(slopes, noise_slope) + off / deviations
