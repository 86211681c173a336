"""Training function of the user's own, searched like any workload.

    def fit(recipe, report, seed):
        model = Net()
        optimizer = recipe.optimizer.build(model, total_steps)
        schedule = recipe.schedule.build(optimizer, total_steps)
        for epoch in range(recipe.epochs):
            ...                                     # step the optimizer, then the schedule
            if report(epoch + 1, accuracy):
                return

What the function reads of its recipe is what is searched: a schedule that it never looks at is left alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from studies.column_reading import ColumnReading
from studies.errors import BadWorkload
from studies.imports import load
from studies.loaded_workload import absolute
from studies.metrics import Metric
from studies.models import ModelChoice
from studies.scoring.directions import direction_of
from studies.storage.workload_spec import WorkloadSpec
from studies.training_function.settings import settings
from studies.workload_model import find_model


@dataclass(frozen=True, kw_only=True, eq=False)
class Function:
    """Training function, and how its reports are judged."""

    fit: Callable[..., Any]
    """Called as fit(recipe, report, seed)."""
    metric: Metric
    model: ModelChoice
    """Its own hyperparameters; `recipe.settings` has their values."""
    source: str
    """The name by which it is found again: `module:name` or `file.py:name`."""
    seed: int = 0

    @classmethod
    def open(
        cls,
        fit: Callable[..., Any],
        *,
        source: str,
        metric: str | None,
        direction: str | None,
        space: Mapping[str, Any] | None = None,
        seed: int = 0,
    ) -> Self:
        """Take a training function.

        Args:
            fit: called as fit(recipe, report, seed); an attribute `space` holds Optuna distributions of its
                own settings.
            source: where it is found again.
            metric: what it reports; "loss" when nothing is said.
            direction: maximize | minimize; told from the usual names.
            space: takes the place of the attribute.
            seed: of the search.

        Raises:
            BadValue: a metric whose direction is not known, or a setting that is no distribution.
        """
        name = metric or "loss"
        reported = Metric(
            name=name, task="function", direction=direction_of(name, direction), score=_not_ours
        )
        model = settings(getattr(fit, "space", {}) if space is None else space)
        return cls(fit=fit, metric=reported, model=model, source=source, seed=seed)

    @classmethod
    def from_spec(cls, spec: WorkloadSpec) -> Self:
        """Open a function again.

        Raises:
            BadWorkload: it is not found, or its own settings have changed.
        """
        fit = load(spec.source)
        again = cls.open(
            fit, source=spec.source, metric=spec.metric, direction=spec.direction, seed=spec.seed or 0
        )
        if again.model.name() == spec.model:
            return again
        try:
            model = find_model(spec.model)  # a space that was given beside the function, in this process
        except BadWorkload:
            raise BadWorkload(
                f"the `space` of {spec.source} is not the one the study began with; "
                "bring it back, or start a new study"
            ) from None
        return dataclasses.replace(again, model=model)

    def spec(self) -> WorkloadSpec:
        """Return what `from_spec` needs."""
        return WorkloadSpec(
            form="function",
            source=absolute(self.source),
            metric=self.metric.name,
            direction=self.metric.direction,
            model=self.model.name(),
            seed=self.seed,
            written=WorkloadSpec.OF_FUNCTIONS,
        )

    @property
    def name(self) -> str:
        """Return the function's name."""
        return self.source.rpartition(":")[2].rpartition("<locals>.")[2]

    @property
    def notes(self) -> tuple[str, ...]:
        """Return nothing: no data is looked at."""
        return ()

    @property
    def columns(self) -> tuple[ColumnReading, ...]:
        """Return nothing, for the same reason."""
        return ()

    @property
    def rows(self) -> int:
        """Return 1: the rows are the function's own business, so no optimizer can be handed all of them."""
        return 1

    @property
    def valid_rows(self) -> int | None:
        """Return None: not known."""
        return None

    def baseline(self) -> float | None:
        """Return None: not known."""
        return None


def _not_ours(outputs: Any, targets: Any) -> float:
    raise NotImplementedError("a training function judges itself")
