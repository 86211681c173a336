"""Prices: the seconds that epochs of a recipe take, as its run was timed or as they are predicted.

    prices = Prices.of(plan, workload)
    prices.rest_seconds(record, epochs=9)

All that they rest on stands in the journal, the plan's price of a step and the records, so that whoever reads
it again predicts the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
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
LEAST_SECONDS: Final = 1e-9
"""Of a step, where a clock saw nothing."""


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

    def seconds(self, params: Mapping[str, Any], epochs: int) -> float:
        """Return the seconds that so many epochs of a recipe are predicted to take, evaluation included.

        Args:
            params: the recipe in flat form; a training function's record leaves out some of it.
            epochs: at least 1.

        Example:
            >>> prices = Prices(step=StepPrice(fixed_seconds=0.01, row_seconds=0.0), rows=320)
            >>> round(prices.seconds(Recipe(batch_size=32).to_params(), epochs=5), 3)
            0.505
        """
        batch_rows = min(int(params.get("batch_size", Recipe.batch_size)), self.rows)
        optimizer = str(params["optimizer"])
        step_seconds = self.step.seconds(batch_rows, optimizer, extra_passes=_extra_passes(params))
        steps = self.epoch_steps or math.ceil(self.rows / batch_rows)
        evaluation_seconds = self.valid_rows * self.step.row_seconds * EVALUATED
        return epochs * (steps * max(step_seconds, LEAST_SECONDS) + evaluation_seconds)

    def rest_seconds(self, record: Record, epochs: int) -> float:
        """Return what so many further epochs of a run take: as its own did, if a clock may say.

        Those of a budget in trials stay as they are counted: a clock says other things on every machine.
        """
        if self.step.timed and record.train_seconds and record.epochs:
            return record.train_seconds / record.epochs * epochs
        return self.seconds(record.params, epochs)


def _extra_passes(params: Mapping[str, Any]) -> float:
    """Return the forward and backward passes that a step of a recipe takes beside the usual one."""
    attached = [(axis, name) for axis in SET_AXES for name in str(params.get(axis, "")).split("+") if name]
    choices = [catalogue.find(axis, name) for axis, name in (("optimizer", params["optimizer"]), *attached)]
    return sum(choice.extra_passes for choice in choices)  # type: ignore[attr-defined]
