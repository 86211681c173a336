"""Lockstep: runs of one shape that train step by step together; each stays a run of its own.

    Lockstep(runs).advance(9)      # as run.advance(9) of each, in less time

A run takes part with its own optimizer, schedule, hooks and generators: only the passes through the models
are shared, so it can leave at any epoch and go on alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from studies.lockstep.stacked_step import StackedStep
from studies.measure.training_clock import training_clock

if TYPE_CHECKING:
    from studies.data.feed import Draw
    from studies.train import Training

Ending = bool | Exception
"""Whether a run got there, or why not."""


class Lockstep:
    """Lockstep of some runs.

    Args:
        runs: of one shape of model, on the same rows, with the same batch size and as many epochs, as far on
            as one another; see `studies.lockstep.fits`.
    """

    def __init__(self, runs: Sequence[Training]) -> None:
        self.runs = tuple(runs)
        self.device = runs[0].device
        self.endings: dict[Training, Ending] = {}
        """Of the runs that were told to stop or failed."""

    def advance(self, epochs: int, *, stop: Callable[[], bool] = lambda: False) -> list[Ending]:
        """Train all until `epochs` epochs are done; return for each whether it got there, or why not.

        Args:
            epochs: where to pause, counted from the start of the runs.
            stop: asked before every step; once it says yes the unfinished epoch is lost, the runs are over.

        Raises:
            Unstackable: the models cannot be called as one; runs that have ended are in `endings`.
        """
        for run in self.runs:
            run.pause = epochs
        active = self._going_on(self.runs)
        while active:
            step = StackedStep(active)
            try:
                step.check()
                while self._going_on(active) == active:
                    if not self._epoch(active, step, stop):
                        self.endings |= dict.fromkeys(active, False)
            finally:
                step.stack.release()
            active = self._going_on(active)
        return [self.endings.get(run, True) for run in self.runs]

    def _going_on(self, runs: Sequence[Training]) -> list[Training]:
        return [run for run in runs if run not in self.endings and run.goes_on]

    def _epoch(self, runs: Sequence[Training], step: StackedStep, stop: Callable[[], bool]) -> bool:
        """Pass once over the rows; tell whether it got to the end."""
        start = training_clock(self.device)
        same_order = _equal([run.order.get_state() for run in runs])
        totals = torch.zeros(len(runs), device=self.device)
        for drawn in zip(*(run.begin_epoch() for run in runs), strict=True):
            if stop():
                return False
            draws = [draw for _, draw in drawn]
            totals += self._step(runs, step, drawn[0][0], draws[:1] * len(runs) if same_order else draws)
        seconds = (training_clock(self.device) - start) / len(runs)
        for run, loss in zip(runs, totals.tolist(), strict=True):
            self._guard(run, lambda run=run, loss=loss: run.end_epoch(loss / run.steps_per_epoch, seconds))  # type: ignore[misc]
        return True

    def _step(
        self, runs: Sequence[Training], step: StackedStep, rows: int, draws: Sequence[Draw]
    ) -> torch.Tensor:
        """Take a step of every run; return their losses, (runs,)."""
        if any(run.follows(rows) for run in runs):
            return torch.stack([self._alone(run, rows, draw) for run, draw in zip(runs, draws, strict=True)])
        return step.take(self._batches(runs, draws))

    def _batches(self, runs: Sequence[Training], draws: Sequence[Draw]) -> list[tuple[Any, Any]]:
        """Return the batch of each run."""
        batches, last, batch = [], None, (None, None)
        for run, draw in zip(runs, draws, strict=True):
            batch = batch if draw is last else draw()
            last = draw
            if not run.on_batch:
                batches.append(run.begin_step(*batch))
                continue
            with run.generators.torchs_in_place():
                batches.append(run.begin_step(*batch))
        return batches

    def _alone(self, run: Training, rows: int, draw: Draw) -> torch.Tensor:
        with run.generators.in_place():
            return run.take_step(rows, draw)

    def _guard(self, run: Training, work: Callable[[], Any]) -> None:
        """Do a run's own work; what goes wrong there ends this run alone."""
        try:
            with run.generators.in_place():
                work()
        except Exception as error:  # noqa: BLE001 - a failed run is an answer, and the others go on
            self.endings[run] = error


def _equal(states: Sequence[torch.Tensor]) -> bool:
    return all(torch.equal(state, states[0]) for state in states)
