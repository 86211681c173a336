"""Limits and budgets: what the user can afford."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Final, Self

from studies.costs import COSTS
from studies.errors import BadValue, shown
from studies.quantities import parse_bytes, parse_seconds

if TYPE_CHECKING:
    from studies.record import Record


MOST_DIGITS: Final = 9
"""Of a budget in trials: nobody waits for a billion."""
LEAST_SHARE: Final = 0.2
"""Of a budget in seconds: what a search may train for even where reading the data took the rest and more."""
LEAST_SECONDS: Final = 2.0
"""The same in seconds, where the budget has as many: some runs of a small model (judged)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Hard limits; None is no limit.

    Raises:
        BadValue: a limit that is not above 0.

    Example:
        >>> import advisor
        >>> limits = advisor.Limits(train_bytes=512 * 2**20, latency_seconds=0.005)
        >>> limits.model_bytes is None
        True
    """

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
                raise BadValue(f"limit {f.name} of {shown(value)} must be above 0; leave it out for no limit")

    def exceeded(self, costs: Mapping[str, float | int | None]) -> dict[str, float]:
        """Return how many times over each broken limit the costs of a record are.

        A cost that is not known breaks none.
        """
        over = {}
        for limit, cost in LIMITED_COST.items():
            allowed, need = getattr(self, limit), costs[cost.field]
            if allowed is not None and need is not None and need > allowed:
                over[limit] = need / allowed
        return over

    def broken_by(self, record: Record) -> dict[str, float]:
        """Return how many times over each limit that a trial breaks it is."""
        return self.exceeded({cost.field: getattr(record, cost.field) for cost in LIMITED_COST.values()})

    @property
    def while_training(self) -> Limits:
        """Return those that compression afterwards cannot help: memory and time."""
        return replace(self, **{limit: None for limit, cost in LIMITED_COST.items() if cost.of_model})

    def replaced_by(self, others: Limits | None) -> Limits:
        """Return these limits, each one in whose place another stands replaced by it."""
        stated = {name: value for name, value in asdict(others or Limits()).items() if value is not None}
        return replace(self, **stated)

    @classmethod
    def parse(
        cls, *, memory: str | None, model_size: str | None, latency: str | None, train_time: str | None
    ) -> Self:
        """Read limits as they are written on the command line."""
        return cls(
            train_bytes=None if memory is None else parse_bytes(memory),
            model_bytes=None if model_size is None else parse_bytes(model_size),
            latency_seconds=None if latency is None else parse_seconds(latency),
            train_seconds=None if train_time is None else parse_seconds(train_time),
        )


LIMITED_COST: Final = {f.name: next(cost for cost in COSTS if cost.limit == f.name) for f in fields(Limits)}
"""Each limit's cost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What the whole search may spend, resumed or not: seconds, searched trials, or whichever ends first.

    Raises:
        BadValue: a budget that is not above 0, or text that is none.

    Example:
        >>> import advisor
        >>> advisor.Budget.parse("10m").seconds
        600.0
        >>> str(advisor.Budget(seconds=60, trials=20))
        '60s or 20trials'
    """

    seconds: float | None = None
    trials: int | None = None
    """Recipes asked of the search; the finalists' confirmation runs come on top."""

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if value is not None and not value > 0:
                raise BadValue(
                    f"budget of {shown(value)} {f.name} must be above 0, as in 60s, 10m, 2h or 200trials"
                )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `60s`, `10m`, `2h` or `200trials`."""
        if match := re.fullmatch(rf"\s*(\d{{1,{MOST_DIGITS}}})\s*trials?\s*", text):
            return cls(trials=int(match[1]))
        return cls(seconds=parse_seconds(text, "budget", "60s, 10m, 2h or 200trials"))

    def spent(self, *, seconds: float, trials: int) -> float:
        """Return the share of the budget that is gone; 1 or more when it is used up."""
        shares = [0.0]
        if self.seconds is not None:
            shares.append(seconds / self.seconds)
        if self.trials is not None:
            shares.append(trials / self.trials)
        return max(shares)

    def after(self, seconds: float) -> Self:
        """Return what is left for training once all that goes before it took so many seconds.

        A fifth is left however long that was, and 2 s at least of a small budget, so that there is an answer.

        Example:
            >>> Budget(seconds=60).after(45), Budget(seconds=60).after(300)
            (Budget(seconds=15, trials=None), Budget(seconds=12.0, trials=None))
        """
        if self.seconds is None:
            return self
        least = min(max(LEAST_SHARE * self.seconds, LEAST_SECONDS), self.seconds)
        return replace(self, seconds=max(self.seconds - seconds, least))

    def __str__(self) -> str:
        parts = [f"{self.seconds:g}s"] if self.seconds is not None else []
        return " or ".join([*parts, f"{self.trials}trials"] if self.trials is not None else parts)
