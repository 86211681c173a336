"""Expected improvement: where a Gaussian process of the trials expects most of a new one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from studies.proposals.gaussian_process import Array, GaussianProcess

ANYWHERE: Final = 600
"""Places drawn over the whole space, of which the most promising is proposed."""
NEAR: Final = 900
"""Places drawn around the best trials."""
BEST: Final = 5
"""Trials around which they are drawn."""
REACHES: Final = (0.02, 0.07, 0.2)
"""How far from them, as deviations of each coordinate that is moved."""
FEW: Final = 8
"""Places drawn for one that is to be far."""
ROUNDING: Final = 1e-3
"""Part of a coordinate's range below which two places mean the same recipe, about."""
LOOKED_AT: Final = 200
"""Different places at most that are looked at for a new one: a region of whole numbers or options may have no
more, and each costs .3 ms."""
MOVED: Final = 3
"""Coordinates that are moved of many."""
MOST: Final = 256
"""Trials at most that the process is of. What it costs grows with their cube: 7 ms of processor a proposal
with 100, 14 ms with 256, in rounds of three optimizers with three each; 1.2 s with 2,000."""


class Region(Protocol):
    """Region of places that may be proposed, coordinates from 0 to 1; of options the number of each."""

    @property
    def options(self) -> NDArray[np.int64]:
        """Return how many options each coordinate has, 0 for a number: (coordinates,)."""

    def draw(self, count: int, chance: np.random.Generator) -> Array:
        """Return places drawn anywhere: (count, coordinates)."""

    def clean(self, rows: Array) -> Array:
        """Return places with what each does not use at its neutral value: (places, coordinates)."""

    def settled(self, row: Array) -> Array:
        """Return where what a place means lies, its values rounded as they are used: (coordinates,)."""


def propose(
    places: Array,
    losses: Array,
    region: Region,
    *,
    count: int,
    far_share: float,
    seed: int,
    due: Sequence[Array] = (),
) -> list[Array]:
    """Return places to try next, each as if the ones before it had come out as expected.

    None means what an earlier one does, as long as the region has others.

    Args:
        places: tried ones as they settled, (trials, coordinates).
        losses: what came of them, less for better, (trials,).
        region: where to look.
        count: how many proposals.
        far_share: how likely one is drawn anywhere, where the rarest options are likelier.
        seed: of the draws.
        due: places that are tried next in any case.
    """
    chance = np.random.default_rng(seed % 2**64)
    process = None if far_share >= 1 else process_of(places, losses, region)
    chosen: list[Array] = []
    taken = np.vstack([places, *map(region.settled, due)])
    for _ in range(count):
        if process is None or chance.random() < far_share:
            place = _rarest(taken, region, chance)
        else:
            place = _most_promising(process, taken, region, chance)
            process = process.with_value(place, float(process.predict(place[None])[0][0]))
        taken = np.vstack([taken, region.settled(place)])
        chosen.append(place)
    return chosen


def process_of(places: Array, losses: Array, region: Region) -> GaussianProcess:
    """Return the process of the trials; of very many, the best and as many of the others, evenly by rank."""
    shown = np.arange(len(losses))
    if len(losses) > MOST:
        ranked = np.argsort(losses, kind="stable")
        others = np.linspace(MOST // 2, len(losses) - 1, MOST - MOST // 2).astype(int)
        shown = np.sort(ranked[np.concatenate([np.arange(MOST // 2), others])])
    return _fitted(places[shown].tobytes(), losses[shown].tobytes(), (region.options > 0).tobytes())


@lru_cache(maxsize=1)
def _fitted(places: bytes, losses: bytes, options: bytes) -> GaussianProcess:
    """Return the process of trials, fitted once for all optimizers of a round, which share them."""
    values = np.frombuffer(losses)
    rows = np.frombuffer(places).reshape(len(values), -1)
    return GaussianProcess.fit(rows, values, options=np.frombuffer(options, dtype=bool))


def _rarest(taken: Array, region: Region, chance: np.random.Generator) -> Array:
    """Return a place drawn anywhere: of a few new ones, the one whose options were tried least."""
    drawn = region.draw(FEW, chance)
    tried = (drawn[:, None, region.options > 2] == taken[None, :, region.options > 2]).sum(axis=(1, 2))
    return _first_new(drawn[np.argsort(tried, kind="stable")], taken, region)


def _most_promising(
    process: GaussianProcess, taken: Array, region: Region, chance: np.random.Generator
) -> Array:
    """Return the new place of which most is expected."""
    drawn = np.vstack([region.draw(ANYWHERE, chance), _near(process, region, chance)])
    mean, deviation = process.predict(drawn)
    gains = expected_improvement(mean, deviation, process.lowest)
    return _first_new(drawn[np.argsort(-gains, kind="stable")], taken, region)


def _first_new(ranked: Array, taken: Array, region: Region) -> Array:
    """Return the first of some places that means none of those taken; the very first where each does."""
    looked_at: set[bytes] = set()
    for row in ranked:
        if len(looked_at) >= LOOKED_AT:
            break
        if row.tobytes() not in looked_at and _is_new(row, taken) and _is_new(region.settled(row), taken):
            return row  # type: ignore[no-any-return]
        looked_at.add(row.tobytes())
    first: Array = ranked[0]
    return first


def _is_new(place: Array, taken: Array) -> bool:
    """Tell whether a place differs from all that are taken by more than rounding does."""
    return bool((np.abs(taken - place) > ROUNDING).any(axis=1).all())


def expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Return by how much normal variables are expected to lie below the best, where they do; 0 at least."""
    z = (best - mean) / deviation
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    below = np.array(list(map(math.erfc, (-z / math.sqrt(2)).tolist()))) / 2
    gains: Array = np.maximum(deviation * (z * below + density), 0.0)
    return gains


def _near(process: GaussianProcess, region: Region, chance: np.random.Generator) -> Array:
    """Return places around the best trials: some coordinates moved a little, some options drawn anew."""
    best = np.argsort(process.values, kind="stable")[:BEST]
    centres = process.places[chance.choice(best, size=NEAR)]
    reach = chance.choice(REACHES, size=(NEAR, 1))
    moved = (centres + reach * chance.standard_normal(centres.shape)).clip(0, 1)
    share = max(0.3, min(1.0, MOVED / max(centres.shape[1], 1)))
    numbers = np.where(chance.random(centres.shape) < share, moved, centres)
    drawn = region.draw(NEAR, chance)
    switched = np.where(chance.random(centres.shape) < share / 3, drawn, centres)
    return region.clean(np.where(region.options > 0, switched, numbers))
