"""Trial host: in a worker, it holds the workload and trains trials from rung to rung.

A paused training stays where it is, so that going on costs nothing, as long as little memory is held so; its
state is in a file too, for other workers. A training function cannot be written down: it stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from studies.callers_globals import set_aside
from studies.loaded_workload import LoadedWorkload
from studies.measure.threads import threads
from studies.recipe import Recipe
from studies.training_function.function import Function
from studies.trials import files as trial_files
from studies.trials.stack import advance_trials
from studies.trials.task import Release, StackTask, TrialResult, TrialTask
from studies.trials.trial import Outcome, Trial, measured

if TYPE_CHECKING:
    from studies.engines.engine import Watch
    from studies.plans.plan import Plan

HELD_BYTES: Final = 64 * 2**20
"""Paused trainings that are in a file too are held in memory up to so many bytes of weights and state."""
HELD_RUNS: Final = 64
"""And up to so many, as each takes half a megabyte beside them."""


class Measurement(Protocol):
    """Measurement of the workload that is no trial."""

    def measure(self, workload: Any, stop: Callable[[], bool]) -> Any:
        """Return what was measured."""


Work = TrialTask | StackTask | Release | Measurement


@dataclass(kw_only=True)
class TrialHost:
    """Trial host of a worker."""

    workload: LoadedWorkload | Function
    plan: Plan
    _paused: dict[int, Trial] = field(default_factory=dict)

    @property
    def holds_runs(self) -> bool:
        """Tell whether it holds paused runs that no other worker could go on with."""
        return not all(map(trial_files.can_be_saved, self._paused.values()))

    def run(self, work: Work, watch: Watch) -> Any:
        """Train a trial up to its rung, let go of paused ones, or do some other measurement of the study."""
        with set_aside(), threads(self.plan.threads):
            match work:
                case TrialTask():
                    return self._advance(work, watch)
                case StackTask():
                    return self._advance_stack(work, watch)
                case Release():
                    return self._release(work)
                case _:
                    return work.measure(self.workload, watch.must_stop)

    def move_to(self, device: str) -> None:
        """Train on another device from now on."""
        self.plan = replace(self.plan, device=device)

    def _advance(self, task: TrialTask, watch: Watch) -> TrialResult:
        trial = self._take_up(task)

        def stop() -> bool:
            report()
            return watch.must_stop()

        def report() -> None:
            if trial.training is not None:
                watch.progress(trial.training.epoch)

        report()
        return self._leave(task, trial, trial.advance(task.epochs, stop=stop))

    def _advance_stack(self, work: StackTask, watch: Watch) -> tuple[TrialResult, ...]:
        """Train trials in lockstep, and those that fit no stack one after another."""
        trials = [self._take_up(task) for task in work.tasks]

        def stop() -> bool:
            watch.progress(max(trial.training.epoch for trial in trials if trial.training is not None))
            return watch.must_stop()

        outcomes = advance_trials(trials, work.tasks[0].epochs, fewest=work.fewest, stop=stop)
        return tuple(map(self._leave, work.tasks, trials, outcomes))

    def _leave(self, task: TrialTask, trial: Trial, outcome: Outcome | None) -> TrialResult:
        """Pause a trial at its rung, or end it."""
        if outcome is None and task.epochs < self.plan.epochs:
            return self._pause(task, trial)
        return self._end(task, trial, outcome or Outcome(state="complete"))

    def _pause(self, task: TrialTask, trial: Trial) -> TrialResult:
        result = _result(trial, Outcome(state="pruned"))
        saved = task.paused is not None and trial_files.save_paused(task.paused, trial)
        self._paused[task.number] = trial
        if saved:
            self._make_room()
        return replace(result, pauses=True, bound=not trial_files.can_be_saved(trial))

    def _end(self, task: TrialTask, trial: Trial, outcome: Outcome) -> TrialResult:
        result = _result(trial, outcome)
        if task.checkpoint is not None and result.record.state == "complete":
            trial_files.save_weights(task.checkpoint, trial)
        trial.close()
        return result

    def _take_up(self, task: TrialTask) -> Trial:
        """Return a trial that is held here, else one from its file or its start."""
        return self._paused.pop(task.number, None) or self._open(task)

    def _open(self, task: TrialTask) -> Trial:
        """Return a trial from its file, or from its start if there is none."""
        trial = Trial(
            recipe=Recipe.from_params(task.params),
            stage=task.stage,
            seed=task.seed,
            number=task.number,
            units=task.units,
            source=task.source,
            sample_rows=task.sample_rows,
            **self._rows(task),
            plan=self.plan,
        )
        if task.goes_on and task.paused is not None:
            trial_files.load_paused(task.paused, trial)
        return trial

    def _rows(self, task: TrialTask) -> dict[str, Any]:
        """Return the workload on the rows of a trial, and the seed of their split if it could be drawn."""
        if isinstance(self.workload, Function):
            return {"workload": self.workload}
        split_seed = None if task.split_seed is None else self.workload.split_seed(task.split_seed)
        workload = self.workload.on_split(split_seed).on_sample(task.sample_rows)
        return {"workload": workload, "split_seed": split_seed}

    def _release(self, work: Release) -> None:
        for number in work.numbers:
            if trial := self._paused.pop(number, None):
                trial.close()

    def _make_room(self) -> None:
        """Let go of the trainings that were paused first, until those that are held are small."""
        sizes = {number: trial_files.held_bytes(trial) for number, trial in self._paused.items()}
        for oldest, size in list(sizes.items()):
            if sum(sizes.values()) <= HELD_BYTES and len(sizes) <= HELD_RUNS:
                return
            if size:
                del sizes[oldest]
                self._paused.pop(oldest).close()


def _result(trial: Trial, outcome: Outcome) -> TrialResult:
    record, outcome = measured(trial, outcome)
    return TrialResult(record=record, pauses=False, violation=outcome.violation)
