"""Pool of the portfolio: a screening design of recipes, the same points of the search space on every task.

An even spread instead of a grid: of each optimizer's recipes each learning rate, schedule, batch size and
regularizer has its share, in an order drawn once, so that what one of them does shows among the others. On
the first 25 tasks high rates and 32 rows a step did best, regularizers little; a few recipes around that
follow the design.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import Final, TypeVar

from advisor.published.portfolio import StartingRecipe
from studies import catalogue
from studies.space import ranges

T = TypeVar("T")

OPTIMIZERS: Final = (
    "AdamW", "Adagrad", "Lion", "Muon", "NAdamW", "Nesterov", "RMSprop", "ScheduleFreeAdamW",
)  # fmt: skip
SCREENED: Final = 11
"""Recipes of an optimizer in the design, beside its own defaults."""
DESIGNED: Final = len(OPTIMIZERS) * (SCREENED + 1)
"""Recipes of the design and the defaults; those that follow it come after them."""
LR_UNITS: Final = (0.0, 0.2, 0.35, 0.5, 0.7)
SCHEDULES: Final = ("Cosine", "LinearDecay", "OneCycle", "Constant", "Cosine", "WSD")
BATCHES: Final = (32, 64, 128)
ATTACHMENTS: Final[tuple[tuple[str, ...], ...]] = (
    (), ("LabelSmoothing",), (), ("Dropout",), (), ("EMA",), (), ("L2",),
)  # fmt: skip
AVERAGES: Final[tuple[dict[str, float], ...]] = (
    {},
    {"optimizer.beta1": -0.5, "optimizer.momentum": -0.5},
    {},
    {"optimizer.beta2": -0.7, "optimizer.alpha": -0.7},
    {"optimizer.decay_horizon": -0.5, "optimizer.weight_decay": 0.6},
)
"""Coordinates other than the learning rate; an optimizer takes those that it has."""
FOLLOWING: Final[tuple[tuple[float, str, int, tuple[str, ...]], ...]] = (
    (0.5, "Cosine", 32, ()),
    (0.7, "OneCycle", 32, ()),
    (0.7, "Cosine", 64, ()),
    (0.9, "Cosine", 128, ()),
    (0.7, "Constant", 32, ("EMA",)),
)
"""Learning rate, schedule, rows a step and attachments of the recipes that follow the design."""
OTHERS: Final = ("SGD", "Momentum")
"""Have no part in the design, only recipes that follow it."""


def pool() -> tuple[StartingRecipe, ...]:
    """Return all recipes, each optimizer's own defaults first; their numbers are their places."""
    screened = [recipe for optimizer in OPTIMIZERS for recipe in _screened(optimizer)]
    following = (recipe for optimizer in (*OPTIMIZERS, *OTHERS) for recipe in _following(optimizer))
    return (*screened, *(recipe for recipe in following if recipe not in screened))


def _screened(optimizer: str) -> Iterator[StartingRecipe]:
    """Yield an optimizer's own defaults, then its share of the design."""
    yield StartingRecipe(optimizer=optimizer, schedule="Cosine")
    columns = (
        _spread(values, f"{optimizer}/{axis}")
        for axis, values in (
            ("lr", LR_UNITS),
            ("schedule", SCHEDULES),
            ("batch", BATCHES),
            ("attachments", ATTACHMENTS),
            ("averages", AVERAGES),
        )
    )
    for lr, schedule, batch_rows, attachments, averages in zip(*columns, strict=True):
        yield StartingRecipe(
            optimizer=optimizer,
            schedule=schedule,
            batch_rows=batch_rows,
            attachments=attachments,
            units={"optimizer.lr": lr} | _of(optimizer, averages),
        )


def _following(optimizer: str) -> Iterator[StartingRecipe]:
    for lr, schedule, batch_rows, attachments in FOLLOWING:
        yield StartingRecipe(
            optimizer=optimizer,
            schedule=schedule,
            batch_rows=batch_rows,
            attachments=attachments,
            units={"optimizer.lr": lr},
        )


def _of(optimizer: str, units: Mapping[str, float]) -> dict[str, float]:
    fields = ranges(catalogue.find("optimizer", optimizer))
    return {name: unit for name, unit in units.items() if name.removeprefix("optimizer.") in fields}


def _spread(values: Sequence[T], seed: str) -> list[T]:
    """Return each value as often as the others, give or take one, in an order of its own."""
    column = list(islice(cycle(values), SCREENED))
    random.Random(zlib.crc32(seed.encode())).shuffle(column)  # noqa: S311 - a design
    return column
