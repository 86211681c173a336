"""Compression chains: models made small, each deployed in several quantizations, and their trials."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.trials.open_trial import OpenTrial

if TYPE_CHECKING:
    from studies.engines.engine import Task
    from studies.recipe import Recipe
    from studies.record import Record


@dataclass(kw_only=True, eq=False)
class Chain:
    """Chain of trials: one model made small, deployed in several quantizations."""

    run: Record
    """The run whose model it is."""
    trials: deque[OpenTrial]
    """Those that are not begun, in order."""
    teachers: tuple[Record, ...] = ()
    """Runs whose models may teach."""
    made: bool = True
    """Whether the model can be made, as far as is known."""


@dataclass(kw_only=True, eq=False)
class Running:
    """Trial under way."""

    chain: Chain
    trial: OpenTrial
    task: Task


@dataclass(kw_only=True, eq=False)
class Settled:
    """Trial that has ended, and is yet to be written down."""

    record: Record | None
    """None of one that was dropped."""
    violation: float = 0.0


def open_trial(run: Record, recipe: Recipe) -> OpenTrial:
    """Return the trial that treats a run's model as a recipe says."""
    return OpenTrial(
        recipe=recipe,
        stage="compress",
        seed=run.seed,
        source=run.number,
        split_seed=run.split_seed,
        sample_rows=run.sample_rows,
    )
