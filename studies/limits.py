"""What the user can afford, and the quantities people write it in: 512MiB, 2ms, 10m, 200trials."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final, Self

from studies.errors import BadValue

if TYPE_CHECKING:
    from studies.record import Record

BYTES: Final = {
    "": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "k": 2**10, "m": 2**20, "g": 2**30,
}  # fmt: skip
SECONDS: Final = {"us": 1e-6, "ms": 1e-3, "": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


LIMITED_COST: Final = {
    "train_bytes": "peak_bytes", "model_bytes": "model_bytes", "latency_seconds": "latency_seconds",
    "train_seconds": "train_seconds",
}  # fmt: skip
"""Each limit's cost, by the name it has in a record."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Hard limits; None is no limit."""

    train_bytes: int | None = None
    """Peak bytes while training: weights, gradients, optimizer state, activations."""
    model_bytes: int | None = None
    """Bytes of the trained model."""
    latency_seconds: float | None = None
    """Median seconds of one forward pass at batch 1."""
    train_seconds: float | None = None
    """Seconds of one whole training run."""

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if value is not None and not value > 0:
                raise BadValue(f"limit {f.name} of {value} must be above 0; leave it out for no limit")

    def exceeded(self, costs: Mapping[str, float | int | None]) -> dict[str, float]:
        """Return how many times over each broken limit the costs of a record are; a cost that is not known breaks none."""
        over = {}
        for limit, cost in LIMITED_COST.items():
            allowed, need = getattr(self, limit), costs[cost]
            if allowed is not None and need is not None and need > allowed:
                over[limit] = need / allowed
        return over

    def broken_by(self, record: Record) -> dict[str, float]:
        """Return how many times over each limit that a trial breaks it is."""
        return self.exceeded({cost: getattr(record, cost) for cost in LIMITED_COST.values()})

    @property
    def while_training(self) -> Limits:
        """Return those that compression afterwards cannot help: memory and time."""
        return replace(self, model_bytes=None, latency_seconds=None)

    @classmethod
    def parse(cls, *, memory: str | None, model_size: str | None, latency: str | None, train_time: str | None) -> Self:
        """Read limits as they are written on the command line."""
        return cls(
            train_bytes=None if memory is None else parse_bytes(memory),
            model_bytes=None if model_size is None else parse_bytes(model_size),
            latency_seconds=None if latency is None else parse_seconds(latency),
            train_seconds=None if train_time is None else parse_seconds(train_time),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What the whole search may spend, resumed or not: seconds, searched trials, or whichever ends first."""

    seconds: float | None = None
    trials: int | None = None
    """Recipes asked of the search; the finalists' confirmation runs come on top."""

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if value is not None and not value > 0:
                raise BadValue(f"budget of {value} {f.name} must be above 0, as in 60s, 10m, 2h or 200trials")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `60s`, `10m`, `2h` or `200trials`."""
        if match := re.fullmatch(r"\s*(\d+)\s*trials?\s*", text):
            return cls(trials=int(match[1]))
        try:
            return cls(seconds=parse_seconds(text))
        except BadValue as error:
            if "must be above" in str(error):
                raise
            raise BadValue(f"budget '{text}' is not understood; write it as 60s, 10m, 2h or 200trials") from None

    def spent(self, *, seconds: float, trials: int) -> float:
        """Return the share of the budget that is gone; 1 or more when it is used up."""
        shares = [0.0]
        if self.seconds is not None:
            shares.append(seconds / self.seconds)
        if self.trials is not None:
            shares.append(trials / self.trials)
        return max(shares)

    def __str__(self) -> str:
        parts = [f"{self.seconds:g}s"] if self.seconds is not None else []
        return " or ".join([*parts, f"{self.trials}trials"] if self.trials is not None else parts)


def parse_bytes(text: str) -> int:
    """Read `64MiB`, `1.5GB`, `200k` (binary) or plain bytes.

    Raises:
        BadValue: not a size above 0.
    """
    value = _quantity(text, BYTES, "size", "512MiB, 1GB or 65536")
    return round(value)


def parse_seconds(text: str) -> float:
    """Read `2ms`, `60s`, `10m`, `2h` or plain seconds.

    Raises:
        BadValue: not a time above 0.
    """
    return _quantity(text, SECONDS, "time", "2ms, 60s, 10m or 2h")


def format_bytes(count: float) -> str:
    """Write bytes in binary units: 512 B, 1.5 KiB, 64 MiB."""
    for unit in ("B", "KiB", "MiB"):
        if abs(count) < 1024:
            return f"{count:.3g} {unit}" if unit != "B" else f"{count:.0f} B"
        count /= 1024
    return f"{count:.3g} GiB" if count < 1000 else f"{count:,.0f} GiB"


def format_seconds(seconds: float) -> str:
    """Write seconds as a person would: 850 µs, 2.1 ms, 45 s, 12.5 min, 3.2 h."""
    steps = ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (120.0, 1.0, "s"), (7200.0, 1 / 60, "min"))
    for below, factor, unit in steps:
        if seconds < below:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds / 3600:.3g} h"


def _quantity(text: str, units: dict[str, float] | dict[str, int], noun: str, example: str) -> float:
    match = re.fullmatch(r"\s*([+-]?\d*\.?\d+(?:e[+-]?\d+)?)\s*([a-zµ]*)\s*", text.lower())
    if match is None or match[2] not in units:
        raise BadValue(f"{noun} '{text}' is not understood; write it as {example}")
    value = float(match[1]) * units[match[2]]
    if not 0 < value < float("inf"):
        raise BadValue(f"{noun} '{text}' must be above 0, as in {example}")
    return value
