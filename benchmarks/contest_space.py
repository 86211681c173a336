"""Space of the contest: the settings that every contestant may try, as a user would write them down.

The ranges are those that our own search had when the targets were recorded. They stand here so that the
targets keep their meaning when our search moves its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Value = float | int | str
Values = Mapping[str, Value]


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """One setting: a number from low to high, or one of some options."""

    name: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    options: tuple[Value, ...] = ()
    default: Value
    """What a user would try first: packages that take a prior are told of it."""
    when: tuple[str, tuple[str, ...]] | None = None
    """Another setting and the values of it for which this one is of use; None for always."""

    def active(self, values: Values) -> bool:
        """Tell whether the setting is of use beside the values before it."""
        return self.when is None or values.get(self.when[0]) in self.when[1]


def _of(choice: str, **spans: tuple[float, float, float] | tuple[float, float, float, str]) -> Iterator[Axis]:
    """Yield the settings of an optimizer: least, default and most of each, `log` for a log scale."""
    for name, (low, default, high, *scale) in spans.items():
        yield Axis(
            name=f"{choice}.{name}",
            low=low,
            default=default,
            high=high,
            log=bool(scale),
            when=("optimizer", (choice,)),
        )


OPTIMIZERS: Final = ("AdamW", "ScheduleFreeAdamW", "Muon", "Adagrad", "Nesterov", "Lion")
SCHEDULES: Final = ("Cosine", "Constant", "Step")
SCHEDULED: Final = tuple(name for name in OPTIMIZERS if name != "ScheduleFreeAdamW")
BATCH_SIZES: Final = (16, 32, 64, 128, 256)

SPACE: Final = (
    Axis(name="optimizer", options=OPTIMIZERS, default="AdamW"),
    *_of(
        "AdamW",
        lr=(3e-5, 1e-3, 3e-2, "log"),
        beta1=(0.5, 0.9, 0.98),
        beta2=(0.9, 0.999, 0.9999),
        decay_horizon=(0.1, 3.0, 100.0, "log"),
    ),
    *_of(
        "ScheduleFreeAdamW",
        lr=(1e-4, 3e-3, 1e-1, "log"),
        beta1=(0.8, 0.9, 0.98),
        warmup=(0.0, 0.02, 0.1),
        decay_horizon=(0.1, 3.0, 100.0, "log"),
    ),
    *_of(
        "Muon",
        lr=(3e-5, 3e-3, 1e-1, "log"),
        momentum=(0.8, 0.95, 0.99),
        weight_decay=(0.01, 0.1, 2.0, "log"),
        partner_lr_ratio=(0.05, 0.25, 1.0, "log"),
    ),
    *_of("Adagrad", lr=(1e-3, 0.03, 1.0, "log")),
    *_of("Nesterov", lr=(1e-3, 0.03, 1.0, "log"), momentum=(0.7, 0.9, 0.995)),
    *_of(
        "Lion",
        lr=(1e-6, 1e-3, 5e-3, "log"),
        beta1=(0.8, 0.9, 0.98),
        beta2=(0.9, 0.98, 0.999),
        decay_horizon=(0.1, 3.0, 100.0, "log"),
    ),
    Axis(name="l2", low=1e-6, default=1e-4, high=1e-2, log=True, when=("optimizer", ("Adagrad", "Nesterov"))),
    Axis(name="schedule", options=SCHEDULES, default="Cosine", when=("optimizer", SCHEDULED)),
    Axis(name="warmup", low=0.0, default=0.05, high=0.2, when=("optimizer", SCHEDULED)),
    Axis(name="batch_size", options=BATCH_SIZES, default=32),
    Axis(name="dropout", low=0.0, default=0.1, high=0.5),
    Axis(name="label_smoothing", low=0.0, default=0.05, high=0.2),
)


def draw(choose: Callable[[Axis], Value]) -> dict[str, Value]:
    """Return the values of all settings that are of use, each chosen beside those before it."""
    values: dict[str, Value] = {}
    for axis in SPACE:
        if axis.active(values):
            values[axis.name] = choose(axis)
    return values


def in_use(values: Values) -> dict[str, Value]:
    """Return those of values of all settings that are of use: for spaces without conditions."""
    return draw(lambda axis: values[axis.name])


def chance_of(*names: object) -> random.Random:
    """Return the random numbers that belong to some names."""
    return random.Random(" ".join(map(str, names)))  # noqa: S311 - a search, no secret


def at_random(chance: random.Random) -> dict[str, Value]:
    """Return values drawn evenly, on a log scale where a range has one."""

    def choose(axis: Axis) -> Value:
        if axis.options:
            return chance.choice(axis.options)
        if axis.log:
            return float(axis.low * (axis.high / axis.low) ** chance.random())
        return chance.uniform(axis.low, axis.high)

    return draw(choose)


def of_choice(values: Values, choice: str) -> dict[str, Any]:
    """Return the fields of a choice among the values, without its name before them."""
    return {name.split(".")[1]: value for name, value in values.items() if name.startswith(f"{choice}.")}
