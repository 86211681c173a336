"""Open trial: one that was asked and has not ended, as the coordinator sees it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from studies.record import Stint
from studies.trials.task import TrialTask

if TYPE_CHECKING:
    from studies.recipe import Recipe
    from studies.record import Record, Stage
    from studies.trials.checkpoints import Checkpoints


@dataclass(kw_only=True, eq=False)
class OpenTrial:
    """Open trial."""

    recipe: Recipe
    stage: Stage
    seed: int
    source: int | None = None
    split_seed: int | None = None
    sample_rows: int | None = None
    units: Mapping[str, float] = field(default_factory=dict)

    number: int = -1
    """In its study; it is given when the trial is first handed over."""
    record: Record | None = None
    """As it stood at its last rung."""
    worker: int | None = None
    """Which worker it was last on."""
    bound: bool = False
    """Whether no other worker can go on with it."""
    attempts: int = 0
    """Workers that ended under it."""
    seconds: float = 0.0
    """What it has taken so far, by the wall clock."""
    stints: list[Stint] = field(default_factory=list)
    began: datetime = field(default_factory=datetime.now)

    def took(self, worker: int, seconds: float, *, among: int = 1) -> None:
        """Take in that a worker has just had it for so many seconds, in lockstep among so many trials."""
        self.worker = worker
        self.seconds += seconds / among
        self.stints.append(Stint(worker=worker, began=time.time() - seconds, seconds=seconds))

    def task(self, epochs: int, checkpoints: Checkpoints | None, *, shared: bool) -> TrialTask:
        """Return what a worker is told of it.

        Args:
            epochs: where it pauses next.
            checkpoints: where its files go.
            shared: whether another worker may go on with it.
        """
        confirms = self.stage == "confirm"
        return TrialTask(
            number=self.number,
            params=self.recipe.to_params(),
            units=self.units,
            stage=self.stage,
            seed=self.seed,
            source=self.source,
            split_seed=self.split_seed,
            sample_rows=self.sample_rows,
            epochs=epochs,
            goes_on=self.record is not None,
            paused=checkpoints.paused(self.number) if checkpoints is not None and shared else None,
            checkpoint=checkpoints.path(self.number) if checkpoints is not None and confirms else None,
        )
