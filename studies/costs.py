"""Costs: what a trained model and its training take, one row each.

Whatever lists, limits or writes costs reads this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final

from studies.quantities import format_bytes, format_seconds, parse_bytes, parse_seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Cost: a figure of a trial that is the better the smaller."""

    field: str
    """Of `Record`."""
    name: str
    """In an address: one word."""
    label: str
    limit: str = ""
    """The field of `Limits` that limits it, if there can be a limit."""
    limited: str = ""
    """What people call what that limit allows."""
    flag: str = ""
    """The limit's option on the command line."""
    forecast: str = ""
    """Attribute of a memory forecast that stands for it before anything is measured."""
    of_model: bool = False
    """Whether the trained model costs it, rather than its training: compression makes it smaller."""
    part_of: str = ""
    """The field of the cost that it is a part of."""

    @property
    def in_seconds(self) -> bool:
        """Tell whether it is a time rather than a size."""
        return self.field.endswith("_seconds")

    @property
    def write(self) -> Callable[[float], str]:
        """Return what writes a value with its unit."""
        return format_seconds if self.in_seconds else format_bytes

    @property
    def parse(self) -> Callable[[str], float]:
        """Return what reads a value that a person wrote."""
        return parse_seconds if self.in_seconds else parse_bytes

    def whole(self, value: float) -> float:
        """Return a value as a record holds it: bytes are whole."""
        return value if self.in_seconds else int(value)

    def over(self, values: Iterable[float]) -> float | None:
        """Return what several runs cost: the median of times, the largest of bytes.

        None when nothing was measured.
        """
        known = list(values)
        return None if not known else median(known) if self.in_seconds else max(known)


COSTS: Final = (
    Cost(
        field="train_seconds", name="time", label="training time",
        limit="train_seconds", limited="training time of one run", flag="--train-time",
    ),
    Cost(
        field="peak_bytes", name="memory", label="peak memory in training", forecast="peak_bytes",
        limit="train_bytes", limited="training memory", flag="--memory",
    ),
    Cost(
        field="optimizer_state_bytes", name="state", label="optimizer state",
        forecast="state_bytes", part_of="peak_bytes",
    ),
    Cost(
        field="model_bytes", name="size", label="model size", forecast="weight_bytes",
        of_model=True, limit="model_bytes", limited="model size", flag="--model-size",
    ),
    Cost(
        field="latency_seconds", name="latency", label="latency of one row", of_model=True,
        limit="latency_seconds", limited="latency", flag="--latency",
    ),
)  # fmt: skip
"""In the order in which they are listed."""
BY_FIELD: Final = {cost.field: cost for cost in COSTS}
"""Each cost by its field of a record."""
