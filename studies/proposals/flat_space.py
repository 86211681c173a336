"""Flat space: the recipes of a search space as rows of numbers from 0 to 1, for a model of the trials.

The number of an option is its place among the options. What a recipe does not use (the fields of a schedule
that it does not have) lies at one neutral value, so that it makes no difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from studies.attachment import Attachment
from studies.coordinates import Point, coordinate, named
from studies.space import Numeric, Range, ranges

if TYPE_CHECKING:
    from studies.choice import Choice
    from studies.plans.search_space import SearchSpace

Array = NDArray[np.float64]
RATE: Final = "optimizer.lr"
BEST_RATES: Final = (0.45, 0.4)
"""Mean and standard deviation of the best rates, in units of each optimizer's range: the best of 16 random
recipes of eight optimizers lie at .58 +- .31 on the recorded tasks that choose (74), at .46 +- .35, one in
twenty below -.04, on those left out (96; `benchmarks.record_advice`: runs of some hundred steps, for which
defaults are low)."""


@dataclass(frozen=True, kw_only=True)
class FlatSpace:
    """Flat space of an optimizer's recipes, in which those of others have a place too.

    Example:
        rows = flat.draw(100, np.random.default_rng(0))   # (100, coordinates)
        space.recipe(flat.point(rows[0]))
    """

    space: SearchSpace
    optimizer: str

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the coordinates with more than one value, in the order of their names."""
        searched = self.space.read_distributions
        return tuple(sorted(name for name, distribution in searched.items() if not distribution.single()))

    @cached_property
    def options(self) -> NDArray[np.int64]:
        """Return how many options each coordinate has, 0 for a number: (coordinates,)."""
        return np.array([len(self._choices(name)) for name in self.names], dtype=np.int64)

    def row(self, point: Mapping[str, Any]) -> Array:
        """Return where a point lies, (coordinates,)."""
        return np.array([self._to_number(name, point[name]) for name in self.names], dtype=float)

    def point(self, row: Sequence[float] | Array) -> Point:
        """Return the point of the optimizer at a row; what is not searched is as in its reference recipe."""
        values = {name: self._to_value(name, float(x)) for name, x in zip(self.names, row, strict=True)}
        return self._reference | values | {"optimizer": self.optimizer}

    def settled(self, row: Array) -> Array:
        """Return where the recipe at a row lies, (coordinates,): values beside one another round alike."""
        return self.row(self.space.point(self.space.recipe(self.point(row))))

    def draw(self, count: int, chance: np.random.Generator) -> Array:
        """Return rows drawn evenly, with one regularizer or wrapper each on average: (count, coordinates).

        Rates are drawn around where the best ones lie.
        """
        drawn = chance.random((count, len(self.names)))
        rows = np.where(self.options > 0, np.floor(drawn * self.options), drawn)
        if RATE in self.names:
            units = chance.normal(*BEST_RATES, size=count)
            rows[:, self.names.index(RATE)] = ((1 + units) / 2).clip(0, 1)
        share = min(0.5, 1 / max(len(self._switches), 1))
        for place in self._switches:
            on = self._choices(self.names[place]).index(True)
            rows[:, place] = np.where(drawn[:, place] < share, on, 1 - on)
        return self.clean(rows)

    def clean(self, rows: Array) -> Array:
        """Return rows of the optimizer, with what each does not use at its neutral value."""
        cleaned = rows.copy()
        for name, value in self._fixed.items():
            cleaned[:, self.names.index(name)] = self._to_number(name, value)
        for place, name in enumerate(self.names):
            if name in self._users:
                cleaned[:, place] = cleaned[:, place].clip(*self._reach(name))
                cleaned[~self._used(name, cleaned), place] = self._neutral[place]
        return cleaned

    @cached_property
    def _switches(self) -> list[int]:
        """Return which coordinates say whether a regularizer or wrapper is there."""
        names = {f"{each.axis}.{each.name()}" for each in (*self.space.regularizers, *self.space.wrappers)}
        return [place for place, name in enumerate(self.names) if name in names]

    @cached_property
    def _reference(self) -> Point:
        return self.space.point(self.space.reference(named(self.space.optimizers, self.optimizer)))

    @cached_property
    def _fixed(self) -> dict[str, Any]:
        """Return the coordinates that have one value for the optimizer, whatever others may have."""
        choice = named(self.space.optimizers, self.optimizer)
        bound = ("optimizer", *["schedule"] * choice.own_schedule, *["batch_size"] * choice.full_batch)
        fixed: dict[str, Any] = {name: self._reference[name] for name in bound if name in self.names}
        attachments = (*self.space.regularizers, *self.space.wrappers)
        for each in attachments:
            if not (issubclass(each, Attachment) and each.pairs_with(choice)):
                fixed[f"{each.axis}.{each.name()}"] = False
        return {name: value for name, value in fixed.items() if name in self.names}

    @cached_property
    def _neutral(self) -> Array:
        return self.row(self._reference)

    @cached_property
    def _users(self) -> dict[str, dict[type[Choice], Range]]:
        """Return for each field's coordinate the choices that have the field, and its range in each."""
        space = self.space
        users: dict[str, dict[type[Choice], Range]] = {}
        for choice in (*space.optimizers, *space.schedules, *space.regularizers, *space.wrappers):
            for name, span in ranges(choice).items():
                users.setdefault(coordinate(choice, name, span), {})[choice] = span
        return users

    def _reach(self, name: str) -> tuple[float, float]:
        """Return the ends between which a coordinate means different values.

        Where the default is the lowest value of a range, all below the middle mean the default.
        """
        users = self._users[name]
        spans = [
            span
            for choice, span in users.items()
            if isinstance(span, Numeric) and (choice.axis != "optimizer" or choice.name() == self.optimizer)
        ]
        low = min((0.0 if span.low < span.default else 0.5 for span in spans), default=0.0)
        high = max((1.0 if span.high > span.default else 0.5 for span in spans), default=np.inf)
        return low, high

    def _used(self, name: str, rows: Array) -> NDArray[np.bool_]:
        """Return which rows use a field's coordinate, (rows,)."""
        users = {choice.name() for choice in self._users[name]}
        axis = next(iter(self._users[name])).axis
        if axis in {"optimizer", "schedule"}:
            return self._chosen(axis, users, rows)
        return self._chosen(f"{axis}.{users.pop()}", {True}, rows)

    def _chosen(self, name: str, values: set[Any], rows: Array) -> NDArray[np.bool_]:
        """Return which rows have one of some values of a coordinate."""
        if name not in self.names:
            return np.full(len(rows), self.space.distributions[name].choices[0] in values)  # type: ignore[attr-defined]
        places = [place for place, value in enumerate(self._choices(name)) if value in values]
        chosen: NDArray[np.bool_] = np.isin(rows[:, self.names.index(name)], places)
        return chosen

    def _choices(self, name: str) -> tuple[Any, ...]:
        return tuple(getattr(self.space.distributions[name], "choices", ()))

    def _to_number(self, name: str, value: Any) -> float:
        choices = self._choices(name)
        return float(choices.index(value)) if choices else (float(value) + 1) / 2

    def _to_value(self, name: str, number: float) -> Any:
        choices = self._choices(name)
        return choices[int(number)] if choices else 2 * number - 1
