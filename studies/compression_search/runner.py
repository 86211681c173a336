"""Compression runner: hands recipes to an engine, chain by chain, and writes down what became of each.

A chain is one model made small in one way and then quantized in several, one after the other, on one worker
as far as that lives. Chains go side by side. What is deployed is timed while no worker does anything else, as
workers share caches and memory: with one worker after every trial, with more whenever several wait for it.
Records are written in the order of asking, so that any number of workers gives the same study.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from studies.compression.pipeline import Step
from studies.compression_search.chain import Chain, Running, Settled, open_trial
from studies.engines.engine import Ending, Handle, Task
from studies.search.event import Event
from studies.search.stopping import cancel_if_told
from studies.search.training_now import TrainingNow, compressions_in
from studies.search.trial_params import compression_params
from studies.search.trial_writer import TrialWriter
from studies.storage import journal, trial_lines
from studies.trials.compression_task import (
    WHERE,
    WHILE_TIMED,
    CompressionResult,
    CompressionTask,
    LatencyTask,
)
from studies.trials.death import outcome_of
from studies.trials.open_trial import OpenTrial
from studies.trials.patience import ATTEMPTS, BY_FORCE, LOOK_SECONDS
from studies.trials.trial import Outcome, blank_record

if TYPE_CHECKING:
    import optuna

    from studies.compression.space import CompressionSpace
    from studies.engines.engine import Engine
    from studies.limits import Limits
    from studies.plans.plan import Plan
    from studies.recipe import Recipe
    from studies.record import Record
    from studies.search.clock import Clock
    from studies.trials.allowance import CompressionAllowance
    from studies.trials.study_files import StudyFiles

OVERTIME_SECONDS: Final = 30.0
"""For a trial that was begun when the budget ended: exports and quantizations cannot be asked to stop."""
UNTIMED: Final = 4
"""Deployed files a worker that may wait to be timed, before the workers are let run idle for it."""


class CompressionRunner:
    """Compression runner of one study.

    Args:
        study: an open study with whole runs.
        plan: what was searched for.
        space: what may be done to a model.
        limits: to be met.
        engine: where the work is done.
        clock: what may be spent.
        listen: told of every trial that ended; must be quick.
        files: what is written beside the journal.
        allowance: what time and memory a trial may take.
    """

    def __init__(  # noqa: PLR0913 - what a study is made of
        self,
        study: optuna.Study,
        plan: Plan,
        space: CompressionSpace,
        *,
        limits: Limits,
        engine: Engine,
        clock: Clock,
        listen: Callable[[Event], None],
        files: StudyFiles,
        allowance: CompressionAllowance,
    ) -> None:
        self.study, self.plan, self.space = study, plan, space
        self._writer = TrialWriter(study=study, limits=limits, clock=clock, files=files)
        self.engine, self.clock, self.listen = engine, clock, listen
        self.files, self.allowance = files, allowance
        self._now = TrainingNow(listen=listen)
        self.records = list(journal.records(study))
        self.lost: set[int] = set()
        """Runs whose trained models cannot be had again."""
        self.longest_seconds = 0.0
        """What the longest trial of this sitting took."""
        self._workers: dict[int, int] = {}
        """Which worker last had the model of a run."""
        self._waiting: deque[Chain] = deque()
        self._running: dict[Handle, Running] = {}
        self._untimed: deque[tuple[Chain, OpenTrial, CompressionResult]] = deque()
        self._order: deque[OpenTrial] = deque()
        self._settled: dict[OpenTrial, Settled] = {}
        self._outputs: dict[OpenTrial, str] = {}

    def chain(self, run: Record, recipes: Iterable[Recipe], teachers: Sequence[Record] = ()) -> Chain:
        """Return a chain of recipes that differ in a quantization after training, or of one."""
        trials = deque(open_trial(run, recipe) for recipe in recipes)
        return Chain(run=run, trials=trials, teachers=tuple(teachers))

    def make(self, chains: Sequence[Chain]) -> None:
        """Try every recipe of some chains, side by side, and write down each, in this order.

        Those that are not begun when time is up, or the user stops, are dropped, and so is the rest of a
        chain whose model cannot be made.
        """
        self._waiting.extend(chain for chain in chains if chain.trials)
        self._order.extend(trial for chain in chains for trial in chain.trials)
        while self._waiting or self._running or self._untimed:
            if not self._running:
                self._time_all()
            self._hand_over()
            self._now.tell(self._running, lambda: compressions_in(self._running))
            cancel_if_told(self.clock, self.engine, self._running)
            for ending in self._endings():
                self._take(self._running.pop(ending.handle), ending)
            self._write_settled()

    def ask(self, work: Any, run: Record) -> tuple[Ending, Task]:
        """Have something else done with the model of a run, while nothing else runs; wait for its end."""
        task = Task(
            work=work,
            deadline_seconds=self.allowance.deadline_seconds(run, self.records),
            most_bytes=self.allowance.most_bytes,
            rather=self._workers.get(run.number),
        )
        for attempt in range(ATTEMPTS):
            ending = self._wait_for(self.engine.submit(task))
            if ending.cause != "process" or attempt + 1 == ATTEMPTS or self.clock.stop():
                break
        return ending, task

    def _endings(self) -> list[Ending]:
        return self.engine.wait([*self._running], LOOK_SECONDS) if self._running else []

    def _wait_for(self, handle: Handle) -> Ending:
        while True:
            cancel_if_told(self.clock, self.engine, [handle])
            for ending in self.engine.wait([handle], LOOK_SECONDS):
                return ending

    def _hand_over(self) -> None:
        """Give the engine as many trials as it has free workers, unless several wait for silence."""
        while self._waiting:
            if self.clock.must_stop():
                self._drop(self._waiting.popleft())
            elif self.engine.free > 0 and not self._needs_silence:
                self._submit(self._waiting.popleft())
            else:
                return

    @property
    def _needs_silence(self) -> bool:
        """Tell whether so many deployed files wait to be timed that no trial begins before that."""
        most = UNTIMED * self.engine.workers if self.engine.workers > 1 else 1
        return len(self._untimed) >= most

    def _submit(self, chain: Chain) -> None:
        trial = chain.trials.popleft()
        if self.files.under_way.lost(trial) >= ATTEMPTS:
            self._end(chain, trial, Outcome(state="failed", error=BY_FORCE), made=False)
            return
        self.files.under_way.begin(trial)
        if not trial.attempts:
            trial.began = datetime.now()  # noqa: DTZ005 - as Optuna's own
        task = self._task(chain, trial)
        self._running[self.engine.submit(task)] = Running(chain=chain, trial=trial, task=task)

    def _task(self, chain: Chain, trial: OpenTrial) -> Task:
        stop_after = self.clock.seconds_to_stop()
        deadline = self.allowance.deadline_seconds(chain.run, self.records)
        return Task(
            work=CompressionTask(
                run=chain.run,
                params=trial.recipe.to_params(),
                teachers=chain.teachers if trial.recipe.distills else (),
            ),
            stop_after_seconds=stop_after,
            deadline_seconds=deadline if stop_after is None else min(deadline, stop_after + OVERTIME_SECONDS),
            most_bytes=self.allowance.most_bytes,
            rather=self._workers.get(chain.run.number) if trial.worker is None else trial.worker,
        )

    def _take(self, running: Running, ending: Ending) -> None:
        """Take in how a trial's task ended."""
        chain, trial = running.chain, running.trial
        if ending.worker < 0:  # it was never begun
            chain.trials.appendleft(trial)
            self._drop(chain)
            return
        self._note(trial, ending)
        self._workers[chain.run.number] = ending.worker
        if isinstance(ending.result, CompressionResult):
            self._take_result(chain, trial, ending.result)
        elif ending.cause == "process" and self._tries_again(trial):
            chain.trials.appendleft(trial)
            self._waiting.appendleft(chain)
        else:
            outcome = self._outcome(ending, running.task, WHERE[ending.progress])
            self._end(chain, trial, outcome, made=ending.progress >= Step.QUANTIZE)

    def _tries_again(self, trial: OpenTrial) -> bool:
        """Tell whether a trial is tried once more after its worker ended by itself."""
        trial.attempts += 1
        return trial.attempts < ATTEMPTS and not self.clock.must_stop()

    def _take_result(self, chain: Chain, trial: OpenTrial, result: CompressionResult) -> None:
        if result.lost:
            self.lost.add(chain.run.number)
        if result.record is not None and result.record.state == "complete":
            self._untimed.append((chain, trial, result))
        else:
            self._settled[trial] = Settled(record=result.record, violation=result.violation)
        self._go_on(chain, made=result.made)

    def _end(self, chain: Chain, trial: OpenTrial, outcome: Outcome, *, made: bool) -> None:
        """End a trial from here, with what is known of it."""
        record = replace(
            blank_record(trial, self.plan),
            state=outcome.state,
            error=outcome.error,
            peak_bytes=outcome.peak_bytes,
        )
        self._settled[trial] = Settled(record=record, violation=outcome.violation)
        self._go_on(chain, made=made)

    def _go_on(self, chain: Chain, *, made: bool) -> None:
        """Go on with a chain, unless its model cannot be made."""
        chain.made = made
        if not made:
            self._drop(chain)
        elif chain.trials:
            self._waiting.appendleft(chain)

    def _drop(self, chain: Chain) -> None:
        for trial in chain.trials:
            self._settled[trial] = Settled(record=None)
        chain.trials.clear()

    def _time_all(self) -> None:
        """Time what was deployed, one after the other, as nothing else runs."""
        while self._untimed:
            chain, trial, result = self._untimed.popleft()
            record = result.record
            if record is None or record.footprint is None or record.footprint.path is None:
                continue
            ending, task = self.ask(LatencyTask(run=chain.run, path=record.footprint.path), chain.run)
            self._note(trial, ending)
            if ending.result is not None:
                sizes = replace(record.footprint, latencies=ending.result)
                seconds = ending.result[0].median_seconds
                record = replace(record, footprint=sizes, latency_seconds=seconds)
            else:
                outcome = self._outcome(ending, task, WHILE_TIMED)
                record = replace(blank_record(trial, self.plan), state=outcome.state, error=outcome.error)
            self._settled[trial] = Settled(record=record, violation=result.violation)
            self._write_settled()

    def _note(self, trial: OpenTrial, ending: Ending) -> None:
        """Note what a trial's task took and printed."""
        trial.took(ending.worker, ending.seconds)
        self._outputs[trial] = self._outputs.get(trial, "") + ending.output

    def _outcome(self, ending: Ending, task: Task, where: str) -> Outcome:
        if ending.cause == "deadline" and self.clock.must_stop():  # the budget's, not its own
            ending = replace(ending, cause="cancelled")
        return outcome_of(ending, task, where=where)

    def _write_settled(self) -> None:
        """Write down the trials that have ended, up to the first in order that has not."""
        while self._order and self._order[0] in self._settled:
            trial = self._order.popleft()
            settled = self._settled.pop(trial)
            self.files.under_way.end(trial)
            if settled.record is not None:
                self._write(trial, settled.record, settled.violation)

    def _write(self, trial: OpenTrial, record: Record, violation: float) -> None:
        number = trial_lines.next_number(self.study)
        if output := self._outputs.pop(trial, ""):
            self.files.logs.append(number, output)
        params = compression_params(self.space, self.plan.candidates, trial.recipe)
        record = self._writer.write(trial, replace(record, number=number), params, violation=violation)
        self.records.append(record)
        self.longest_seconds = max(self.longest_seconds, trial.seconds)
        self.listen(Event(stage="compress", record=record))
