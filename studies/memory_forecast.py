"""Memory forecast: the bytes that training with one optimizer needs. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

SURE_TO_FIT: Final = 0.98
"""Share of a memory limit that the first batch of an optimizer is made to fit: a trial is rehearsed again, on
other rows, and must not fail by a few bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """Moment of a training step: the bytes alive at any batch size, a fixed part and a part for each row."""

    fixed_bytes: int
    row_bytes: float = 0.0

    def at(self, rows: int) -> int:
        """Return the bytes alive with so many rows a step."""
        return round(self.fixed_bytes + self.row_bytes * rows)


def peak_at(moments: Iterable[Moment], rows: int) -> int:
    """Return the bytes of the fullest moment with so many rows a step."""
    return max(moment.at(rows) for moment in moments)


def most_rows(moments: Iterable[Moment], limit_bytes: int) -> float:
    """Return the most rows a step that stay within the limit.

    0 when none do, infinity when the rows take nothing.
    """
    room = [(limit_bytes - moment.fixed_bytes, moment.row_bytes) for moment in moments]
    if any(left < each for left, each in room):
        return 0.0
    return min((left // each for left, each in room if each > 0), default=math.inf)


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """Memory forecast: bytes that training with one optimizer needs, at the reference batch size."""

    optimizer: str
    weight_bytes: int
    gradient_bytes: int
    state_bytes: int
    activation_bytes: int
    """What autograd saves between the passes."""
    batch_size: int = 1
    """Rows a step that this is for."""
    moments: tuple[Moment, ...] = ()
    """The moments of a step that are the fullest at some batch size; empty when no step was followed."""
    full_batch: bool = False
    """Whether every step takes all the rows there are, so that no smaller batch mends it."""
    followed: bool = False
    """Whether the optimizer's own steps were followed: state and what it borrows are then what they hold, not
    arithmetic. Of a large model they are followed on a smaller stand-in."""
    skipped: str = ""
    """Why they were not; empty when they were, and where nobody noted it."""

    @property
    def peak_bytes(self) -> int:
        """Return the bytes of the fullest moment.

        Activations go as gradients come, so it may be less than the sum of the parts. Where no step was
        followed it is the sum.
        """
        return peak_at(self._fullest, self.batch_size)

    @property
    def _fullest(self) -> tuple[Moment, ...]:
        fixed = self.weight_bytes + self.gradient_bytes + self.state_bytes
        return self.moments or (Moment(fixed_bytes=fixed, row_bytes=self.activation_bytes / self.batch_size),)

    def at(self, rows: int) -> Forecast:
        """Return the same at another batch size."""
        activations = round(self.activation_bytes * rows / self.batch_size)
        return replace(self, batch_size=rows, activation_bytes=activations)

    def within(self, limit_bytes: int | None, *, smallest: int) -> Forecast:
        """Return the forecast at the batch that a search begins with under a limit on memory.

        It is the reference batch, or the largest that fits where that is too large, but never less than the
        smallest that may be tried: what does not fit there does not fit at all.
        """
        if limit_bytes is None or self.full_batch or self.peak_bytes <= limit_bytes:
            return self
        smallest = min(smallest, self.batch_size)
        return self.at(self.rows_within(limit_bytes, smallest=smallest, largest=self.batch_size))

    def rows_within(self, limit_bytes: int, *, smallest: int, largest: int) -> int:
        """Return the most rows a step that surely fit, or that do as given; `smallest` if none do."""
        fitting = most_rows(self._fullest, int(limit_bytes * SURE_TO_FIT))
        if self.peak_bytes <= limit_bytes:
            fitting = max(fitting, self.batch_size)
        return int(max(min(fitting, largest), smallest))

    def largest_batch(self, limit_bytes: int | None, *, rows: int) -> int | None:
        """Return the most rows a step that fit, of the `rows` there are.

        None when it is not known or there is no limit. An optimizer that takes all rows at once fits or does
        not.
        """
        if limit_bytes is None or not self.moments:
            return None
        if self.full_batch:
            return self.batch_size if self.peak_bytes <= limit_bytes else 0
        return int(min(most_rows(self.moments, limit_bytes), rows))

    def largest_microbatch(self, limit_bytes: int | None, *, rows: int) -> int | None:
        """Return the same for a part of a batch whose gradients are accumulated.

        The gradients are there through every part's pass.
        """
        if limit_bytes is None:
            return None
        return self.largest_batch(limit_bytes - self.gradient_bytes, rows=rows)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a forecast; keys of a later version are passed over."""
        moments = tuple(Moment(**moment) for moment in values.get("moments", ()))
        names = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names} | {"moments": moments})
