"""Greedy choice: recipes taken one after the other, each for what it adds to those before it.

Of a table of regrets, one row a task and one column a recipe. The next recipe is the one that lowers the mean
regret of the best so far most for its price: the usual choice where what is gained shrinks the more there is.
The root of the price counts: by the price itself the first recipes are cheap and poor, and the same seconds
reach less (`benchmarks.portfolio`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def greedy(regrets: Array, prices: Array, weights: Array, *, count: int) -> list[int]:
    """Return the recipes to start with, best first; fewer than `count` where no further one adds anything.

    Args:
        regrets: (tasks, recipes), 0 to 1.
        prices: (recipes,), of a run, in any unit.
        weights: (tasks,), of the tasks in the mean.
        count: how many at most.
    """
    chosen: list[int] = []
    best = np.ones(len(regrets))
    for _ in range(min(count, len(prices))):
        gains = weights @ np.maximum(best[:, None] - regrets, 0) / np.sqrt(prices)
        gains[chosen] = 0
        if not gains.max() > 0:
            break
        chosen.append(int(gains.argmax()))
        best = np.minimum(best, regrets[:, chosen[-1]])
    return chosen
