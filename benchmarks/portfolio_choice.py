"""Choice of a portfolio: recipes taken one after the other, each for what it adds to those before it.

Of a table of regrets, one row a task and one column a recipe. The next recipe is the one that lowers the mean
regret of the best so far most for its price: a greedy choice, as for any gain that shrinks the more there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def normalised(errors: Array) -> Array:
    """Return errors as regrets: 0 for the best of a task, 1 for the middle one and for all that are worse.

    Args:
        errors: (tasks, recipes); infinite for a run that diverged.
    """
    best = errors.min(axis=1, keepdims=True)
    middle = np.median(np.where(np.isfinite(errors), errors, np.inf), axis=1, keepdims=True)
    span = np.maximum(middle - best, 1e-9)
    return np.clip((errors - best) / span, 0, 1)


def greedy(regrets: Array, prices: Array, weights: Array, *, count: int) -> list[int]:
    """Return the recipes to start with, best first; fewer than `count` where no further one adds anything.

    Args:
        regrets: (tasks, recipes), 0 to 1.
        prices: (tasks, recipes), of a run, in any unit that is the task's own.
        weights: (tasks,), of the tasks in the mean.
        count: how many at most.
    """
    chosen: list[int] = []
    best, price = np.ones(len(regrets)), weights @ prices
    for _ in range(count):
        gains = weights @ np.maximum(best[:, None] - regrets, 0) / price
        gains[chosen] = 0
        if not gains.max() > 0:
            break
        chosen.append(int(gains.argmax()))
        best = np.minimum(best, regrets[:, chosen[-1]])
    return chosen


def single(regrets: Array, weights: Array, among: Sequence[int]) -> int:
    """Return the recipe among some that is best by itself: lowest mean regret, the first of equals."""
    means = weights @ regrets[:, list(among)]
    return among[int(means.argmin())]
