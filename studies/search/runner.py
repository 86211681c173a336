"""Trial runner: hands open trials to an engine, settles them by rung, and writes down each that ends.

Trials of several optimizers train side by side, in any order. What becomes of them does not depend on it:
numbers are given in the order of asking, and a group is settled at a rung once all of it has arrived.
"""

from __future__ import annotations

import sys
from bisect import insort
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from studies.engines.engine import Ending, Handle, Task
from studies.record import SEARCH_ENDED, Record, Stage
from studies.rungs import rungs
from studies.search.clock import Clock
from studies.search.event import Event
from studies.search.group import Group
from studies.search.prices import Prices
from studies.search.rerun_costs import RerunCosts
from studies.search.stacking import fewest, stacked
from studies.search.standings import Standings
from studies.search.stopping import cancel_if_told
from studies.search.training_now import TrainingNow, trials_in
from studies.search.trial_params import search_params
from studies.search.trial_writer import TrialWriter
from studies.storage import journal, trial_lines
from studies.trials.allowance import Paces
from studies.trials.death import outcome_of
from studies.trials.open_trial import OpenTrial
from studies.trials.patience import ATTEMPTS, BY_FORCE, LOOK_SECONDS
from studies.trials.task import Release, StackTask, TrialResult
from studies.trials.trial import Outcome, blank_record

if TYPE_CHECKING:
    import optuna

    from studies.engines.engine import Engine
    from studies.loaded_workload import LoadedWorkload
    from studies.plans.plan import Plan
    from studies.recipe import Recipe
    from studies.search.stacking import Entry
    from studies.training_function.function import Function
    from studies.trials.allowance import Allowance
    from studies.trials.study_files import StudyFiles

RELEASE_SECONDS: Final = 10.0
"""For a training function that nobody goes on with, to return."""
LATE_SHARE: Final = 0.8
"""Of the race, before which a single worker trains rather than measure what no trial waits for."""


class TrialRunner:
    """Trial runner of one study.

    Args:
        study: an open study.
        workload: what to train on.
        plan: what is searched for.
        engine: where trials train.
        clock: what may be spent.
        listen: told of every trial that ended; must be quick.
        files: what is written beside the journal.
        allowance: what time and memory a trial may take.
    """

    def __init__(  # noqa: PLR0913 - what a search is made of
        self,
        study: optuna.Study,
        workload: LoadedWorkload | Function,
        plan: Plan,
        *,
        engine: Engine,
        clock: Clock,
        listen: Callable[[Event], None],
        files: StudyFiles,
        allowance: Allowance,
    ) -> None:
        self.study, self.workload, self.plan, self.clock, self.listen = study, workload, plan, clock, listen
        self.engine, self.files, self.allowance = engine, files, allowance
        self._now = TrainingNow(listen=listen)
        self.space = plan.space(workload)
        self.direction = workload.metric.direction
        self.rungs = rungs(plan.epochs)
        self.records = list(journal.records(study))
        self._next_number = trial_lines.next_number(study)
        self._running: dict[Handle, tuple[list[Entry], Task]] = {}
        self._queue: deque[list[Entry]] = deque()
        """What is handed over next: trials that train in lockstep, or one by itself."""
        self._aside: list[tuple[Any, Callable[[Any], None]]] = []
        self._aside_running: dict[Handle, Callable[[Any], None]] = {}
        self.prices = Prices.of(plan, workload)
        self.standings = Standings(prices=self.prices, epochs=plan.epochs, direction=self.direction)
        self.costs = RerunCosts(workload=workload)
        self._paces = Paces.of_all(self.records)
        self._writer = TrialWriter(study=study, limits=plan.enforced, clock=clock, files=files)
        self._after_each: Callable[[], None] = lambda: None

    def ask(self, recipe: Recipe, stage: Stage, *, seed: int | None = None, **entries: Any) -> OpenTrial:
        """Open a trial for a recipe.

        Args:
            recipe: what to train with.
            stage: what for.
            seed: the study's own unless given.
            entries: further fields of the trial.
        """
        return OpenTrial(
            recipe=recipe,
            stage=stage,
            seed=self.plan.seed if seed is None else seed,
            units=self.space.units(recipe),
            **entries,
        )

    @property
    def searched(self) -> int:
        """Return the search trials that have ended."""
        return sum(record.searched for record in self.records)

    @property
    def trials_left(self) -> int:
        """Return how many more search trials the budget allows."""
        trials = self.plan.budget.trials
        return sys.maxsize if trials is None else max(trials - self.searched, 0)

    def aside(self, work: Any, then: Callable[[Any], None]) -> None:
        """Have some other measurement done beside the trials, on a worker that has none; `then` takes it.

        A single worker has none towards the end of the race.
        """
        self._aside.append((work, then))

    def train(self, groups: Sequence[Group], *, after_each: Callable[[], None] = lambda: None) -> None:
        """Train groups of trials rung by rung, side by side, and write down each trial that ends.

        Those that are not begun when time is up, or the user stops, are dropped.

        Args:
            groups: each is settled by itself.
            after_each: called whenever a trial has ended.
        """
        self._after_each = after_each
        entries = ((group, trial) for group in groups for trial in group.trials)
        self._queue.extend(stacked(entries, self.plan.lockstep))
        while True:
            self._hand_over()
            if not self._running and not self._queue:
                return
            self._now.tell(self._running, lambda: trials_in(self._running, self.rungs))
            cancel_if_told(self.clock, self.engine, self._running)
            for ending in self.engine.wait([*self._running, *self._aside_running], LOOK_SECONDS):
                self._take(ending)

    def finish(self) -> None:
        """Wait for what runs beside the trials."""
        while self._aside and not self.clock.stop():
            self._begin_aside()
            self._wait_aside()
        while self._aside_running:
            cancel_if_told(self.clock, self.engine, self._aside_running)
            self._wait_aside()

    def _hand_over(self) -> None:
        """Give the engine as many trials as it has free workers; drop or end the rest when time is up."""
        if self._aside and self.engine.workers == 1 and self.clock.race_share(self.searched) >= LATE_SHARE:
            self._begin_aside()
        while self._queue:
            entries, trial = self._queue[0], self._queue[0][0][1]
            bound = trial.bound and trial.worker is not None and self.engine.holds(trial.worker)
            if self.clock.must_stop():
                self._queue.popleft()
                for group, left in entries:
                    self._leave(group, left)
            elif bound or self.engine.free > 0:
                self._queue.popleft()
                self._submit(entries, worker=trial.worker if bound else None)
            else:
                break
        if self._aside and self.costs.trials_written and self.engine.workers > 1 and self.engine.free > 0:
            self._begin_aside()

    def _submit(self, entries: list[Entry], *, worker: int | None) -> None:
        """Hand over trials that are to train together, or one."""
        entries = [(group, trial) for group, trial in entries if self._begins(group, trial)]
        if not entries:
            return
        epochs, stop_after = self.rungs[entries[0][0].rung], self.clock.seconds_to_stop()
        tasks = tuple(
            trial.task(epochs, self.files.checkpoints, shared=self.engine.workers > 1) for _, trial in entries
        )
        task = Task(
            work=tasks[0] if len(tasks) == 1 else StackTask(tasks=tasks, fewest=fewest(self.plan.lockstep)),
            stop_after_seconds=stop_after,
            deadline_seconds=self.allowance.deadline_together(
                [trial for _, trial in entries], epochs, self._paces, stop_after=stop_after
            ),
            most_bytes=self.allowance.most_bytes,
            worker=worker,
            rather=entries[0][1].worker,
        )
        self._running[self.engine.submit(task)] = entries, task

    def _begins(self, group: Group, trial: OpenTrial) -> bool:
        """Give a trial its number and note that it begins; end it if it ended the whole search before."""
        if trial.number < 0:
            trial.number, self._next_number = self._next_number, self._next_number + 1
        if self.files.under_way.lost(trial) >= ATTEMPTS:
            self._end(group, trial, Outcome(state="failed", error=BY_FORCE))
            return False
        self.files.under_way.begin(trial)
        return True

    def _leave(self, group: Group, trial: OpenTrial) -> None:
        """Leave a trial as it is, as time is up: one that was not begun is dropped, another is pruned."""
        if trial.record is None:
            group.trials.remove(trial)
            if len(group.arrived) == len(group.trials):  # they waited for it, and were not compared
                waiting, group.arrived = group.arrived, []
                for other in waiting:
                    self._leave(group, other)
        else:
            epoch = trial.record.epochs + 1
            self._end(
                group, trial, Outcome(state="pruned", error=f"stopped in epoch {epoch}: {SEARCH_ENDED}")
            )

    def _take(self, ending: Ending) -> None:
        """Take in how a task ended."""
        if then := self._aside_running.pop(ending.handle, None):
            if ending.cause is None and not ending.error:
                then(ending.result)
            return
        entries, task = self._running.pop(ending.handle)
        results = ending.result if isinstance(ending.result, tuple) else (ending.result,) * len(entries)
        for (group, trial), result in zip(entries, results, strict=True):
            trial.took(ending.worker, ending.seconds, among=len(entries))
            if ending.output:
                self.files.logs.append(trial.number, ending.output)
            if isinstance(result, TrialResult):
                self._take_result(group, trial, result)
            elif self._tries_again(ending, trial, alone=len(entries) == 1):
                self._queue.appendleft([(group, trial)])
            else:
                allowed_seconds = self.allowance.trial_seconds
                self._end(group, trial, outcome_of(ending, task, trial_seconds=allowed_seconds))

    def _tries_again(self, ending: Ending, trial: OpenTrial, *, alone: bool) -> bool:
        """Tell whether a trial is tried once more: its worker ended by itself, or it was not alone there."""
        trial.bound = False
        trial.attempts += ending.worker >= 0  # else another trial ended the worker that held this one
        again = ending.cause == "process" or (not alone and ending.cause != "cancelled")
        return again and trial.attempts < ATTEMPTS and not self.clock.must_stop()

    def _take_result(self, group: Group, trial: OpenTrial, result: TrialResult) -> None:
        if not result.pauses:
            self._write(trial, result.record, violation=result.violation)
            group.trials.remove(trial)
        else:
            trial.record, trial.bound = result.record, result.bound
            group.arrived.append(trial)
        self._settle(group)

    def _end(self, group: Group, trial: OpenTrial, outcome: Outcome) -> None:
        """End a trial from here, with what is known of it."""
        record = trial.record or blank_record(trial, self.plan)
        peak = outcome.peak_bytes or record.peak_bytes
        record = replace(record, state=outcome.state, error=outcome.error, peak_bytes=peak)
        self._write(trial, record, violation=outcome.violation)
        group.trials.remove(trial)
        self._settle(group)

    def _settle(self, group: Group) -> None:
        """Once all of a group have arrived at a rung, prune the weaker ones and let the others go on."""
        if not group.trials or len(group.arrived) < len(group.trials):
            return
        epochs = self.rungs[group.rung]
        trials, group.arrived = list(group.trials), []
        rivals = group.rivals(self.records)
        chosen = group.promotion.chosen(
            [self.standings.of_trial(trial, epochs) for trial in trials],
            self.standings.of_records(rivals, epochs),
        )
        group.trials, group.rung = [trials[index] for index in sorted(chosen)], group.rung + 1
        going_on = stacked([(group, trial) for trial in group.trials], self.plan.lockstep)
        self._queue.extendleft(reversed(going_on))
        pruned = [trial for index, trial in enumerate(trials) if index not in chosen]
        self._release(pruned)
        for trial in pruned:
            if trial.record is not None:
                error = f"not in {group.promotion.among} at epoch {epochs}"
                self._write(trial, replace(trial.record, error=error), violation=0.0)

    def _release(self, trials: Sequence[OpenTrial]) -> None:
        """Have the workers let go of trials that are in no file: they cannot be, or one worker needs none."""
        unsaved = [trial for trial in trials if trial.bound or self.engine.workers == 1]
        for worker in {trial.worker for trial in unsaved if trial.worker is not None}:
            if self.engine.holds(worker):
                numbers = tuple(trial.number for trial in unsaved if trial.worker == worker)
                work = Release(numbers=numbers)
                task = Task(work=work, worker=worker, deadline_seconds=RELEASE_SECONDS)
                self._aside_running[self.engine.submit(task)] = lambda result: None

    def _begin_aside(self) -> None:
        work, then = self._aside.pop(0)
        self._aside_running[
            self.engine.submit(Task(work=work, stop_after_seconds=self.clock.seconds_to_stop()))
        ] = then

    def _wait_aside(self) -> None:
        for ending in self.engine.wait([*self._aside_running], LOOK_SECONDS):
            self._take(ending)

    def _write(self, trial: OpenTrial, record: Record, *, violation: float) -> None:
        """Write down a trial that has ended, and tell whoever listens."""
        start = self.clock.spent_seconds
        params = search_params(self.space, trial.recipe, record.params)
        record = self._writer.write(trial, record, params, violation=violation)
        self.files.under_way.end(trial)
        if self.files.checkpoints is not None:
            with suppress(OSError):  # on a home that failed it stays
                self.files.checkpoints.paused(trial.number).unlink()
        self.costs.note_writing(self.clock.spent_seconds - start)
        insort(self.records, record, key=lambda record: record.number)
        self._paces.note(record)
        self.listen(Event(stage=trial.stage, record=record))
        self._after_each()
