"""Prices: the seconds that a recipe is predicted to take, corrected by what trials took so far.

    prices = Prices.of(plan, workload)
    prices.after(records).seconds(recipe, epochs=9)

All that they rest on stands in the journal, the plan's price of a step and the records, so that whoever reads
it again predicts the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, Any, Final, Self

from studies import catalogue
from studies.loaded_workload import LoadedWorkload
from studies.recipe import SET_AXES, Recipe
from studies.step_price import StepPrice

if TYPE_CHECKING:
    from studies.plans.plan import Plan
    from studies.record import Record
    from studies.training_function.function import Function

EVALUATED: Final = 1 / 3
"""What a row that is evaluated takes of one that is trained on: a forward pass without the backward one."""
NEAR_BATCH: Final = math.log(1.5)
"""How far the logs of two batch sizes may be apart for one run to tell of the other (judged)."""
LEAST_SECONDS: Final = 1e-9
"""Of a step, where a clock saw nothing."""
DOUBT: Final = 1.0
"""Runs that a wider group of runs counts as, beside those that are more alike (judged)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kind:
    """Kind of run: what its price depends on beside its length."""

    optimizer: str
    batch_size: int
    attachments: tuple[str, ...]
    settings: tuple[tuple[str, Any], ...]
    """Of the model."""

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Self:
        """Return the kind of a recipe in flat form; a training function's record leaves out some of it."""
        return cls(
            optimizer=str(params["optimizer"]),
            batch_size=int(params.get("batch_size", Recipe.batch_size)),
            attachments=tuple(
                f"{axis}.{name}" for axis in SET_AXES for name in str(params.get(axis, "")).split("+") if name
            ),
            settings=tuple(sorted((key, value) for key, value in params.items() if key.startswith("model."))),
        )

    @property
    def extra_passes(self) -> float:
        """Return the passes that a step takes beside the usual one."""
        chosen = [f"optimizer.{self.optimizer}", *self.attachments]
        return sum(catalogue.find(*name.split(".", 1)).extra_passes for name in chosen)  # type: ignore[attr-defined]

    def alike(self, other: _Kind) -> Iterator[bool]:
        """Yield whether another run is in each group of runs that tell of this, from wide to narrow."""
        yield True
        same = self.optimizer == other.optimizer
        yield same
        yield same and abs(math.log(self.batch_size / other.batch_size)) <= NEAR_BATCH
        yield self == other


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Prices of the recipes of one search."""

    step: StepPrice = field(default_factory=StepPrice)
    rows: int
    """Training rows of a trial of the search."""
    valid_rows: int = 0
    """Rows that are evaluated after an epoch."""
    epoch_steps: int | None = None
    """Steps of an epoch, where these do not depend on the batch; None where they do."""
    taken: tuple[tuple[_Kind, float], ...] = ()
    """Kind of each run so far, and the log of what its training took over what was predicted."""

    @classmethod
    def of(cls, plan: Plan, workload: LoadedWorkload | Function) -> Self:
        """Return the prices of a search before its first trial."""
        if not isinstance(workload, LoadedWorkload):  # an epoch is all that is known of a function
            return cls(step=plan.step_price, rows=1, epoch_steps=1)
        fresh = workload.dataset.fresh
        return cls(
            step=plan.step_price,
            rows=plan.sample_rows or (fresh.epoch_rows if fresh else 0) or workload.rows,
            valid_rows=workload.valid_rows or 0,
            epoch_steps=(fresh.steps or None) if fresh else None,
        )

    def seconds(self, recipe: Recipe, epochs: int) -> float:
        """Return the seconds that so many epochs of a recipe are predicted to take, evaluation included.

        Args:
            recipe: its batch size, optimizer, what is attached to it and its model's settings count.
            epochs: at least 1.

        Example:
            >>> prices = Prices(step=StepPrice(fixed_seconds=0.01, row_seconds=0.0), rows=320)
            >>> round(prices.seconds(Recipe(batch_size=32), epochs=5), 3)
            0.505
        """
        return self._seconds(recipe.to_params(), epochs)

    def rest_seconds(self, record: Record, epochs: int) -> float:
        """Return what so many further epochs of a run take: as its own did, if a clock may say."""
        if self.step.timed and record.train_seconds and record.epochs:
            return record.train_seconds / record.epochs * epochs
        return self._seconds(record.params, epochs)

    def _seconds(self, params: Mapping[str, Any], epochs: int) -> float:
        kind = _Kind.of(params)
        evaluation_seconds = epochs * self.valid_rows * self.step.row_seconds * EVALUATED
        training_seconds = self._training_seconds(kind, epochs, rows=self.rows)
        return (training_seconds + evaluation_seconds) * self._correction(kind)

    def after(self, records: Sequence[Record]) -> Self:
        """Return the prices with what these trials took, of a search whose budget is in seconds.

        Those of a budget in trials stay as they were counted: a clock says other things on every machine.
        """
        return replace(self, taken=tuple(self._measured(records))) if self.step.timed else self

    def _measured(self, records: Iterable[Record]) -> Iterator[tuple[_Kind, float]]:
        for record in records:
            if record.stage == "compress" or not record.train_seconds or not record.epochs:
                continue
            kind = _Kind.of(record.params)
            predicted = self._training_seconds(kind, record.epochs, rows=record.sample_rows or self.rows)
            yield kind, math.log(record.train_seconds / predicted)

    def _training_seconds(self, kind: _Kind, epochs: int, *, rows: int) -> float:
        batch_rows = min(kind.batch_size, rows)
        steps = epochs * (self.epoch_steps or math.ceil(rows / batch_rows))
        step_seconds = self.step.seconds(batch_rows, kind.optimizer, extra_passes=kind.extra_passes)
        return steps * max(step_seconds, LEAST_SECONDS)

    def _correction(self, kind: _Kind) -> float:
        """Return the factor on a prediction: the medians of narrower groups, each drawn to the wider one's.

        An optimizer whose step was timed badly, or a first trial that warms up, hardly moves the others.
        """
        level = 0.0
        groups = [(tuple(kind.alike(other)), ratio) for other, ratio in self.taken]
        for width in range(len(tuple(kind.alike(kind)))):
            ratios = [ratio for alike, ratio in groups if alike[width]]
            if ratios:
                level = (len(ratios) * median(ratios) + DOUBT * level) / (len(ratios) + DOUBT)
        return math.exp(level)
