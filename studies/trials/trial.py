"""Trial: one recipe trained up to a rung; why it cannot get there, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import torch

from studies.compression.joint import Joint
from studies.errors import one_line
from studies.infeasible import CannotCompress, Diverged
from studies.loaded_workload import LoadedWorkload
from studies.profiling.forecast import least_bytes, rehearse
from studies.record import SEARCH_ENDED, Measurement, Record, Stage, State, last_epoch
from studies.train import Training
from studies.training_function.function import Function
from studies.training_function.run import FunctionRun
from studies.user_code import code_line

if TYPE_CHECKING:
    from studies.plans.plan import Plan
    from studies.recipe import Recipe
    from studies.trials.open_trial import OpenTrial


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Outcome of a trial: why it goes no further."""

    state: State
    error: str | None = None
    violation: float = 0.0
    """Of an infeasible trial, by how much: above 0, so that a sampler can tell near misses from far ones."""
    peak_bytes: int | None = None
    """Of a trial that was not begun because its first steps, rehearsed, showed that it takes too much."""


class Run(Protocol):
    """Run under way: our training, or a loop of the user's own."""

    @property
    def curve(self) -> list[Measurement]:
        """Return the learning curve so far."""

    @property
    def epoch(self) -> int:
        """Return the epochs done."""

    @property
    def seconds(self) -> float:
        """Return the seconds trained."""

    def advance(self, epochs: int, *, stop: Callable[[], bool]) -> bool:
        """Train until `epochs` epochs are done in all; return whether it got there."""

    def measure_outcome(self, *, whole: bool, test: bool) -> dict[str, Any]:
        """Return the fields of a record that were measured.

        A whole run is timed and weighed too, and tested if `test` says so.
        """

    def close(self) -> None:
        """Let go of what it holds."""


@dataclass(kw_only=True)
class Trial:
    """Trial of a recipe."""

    recipe: Recipe
    stage: Stage
    seed: int
    workload: LoadedWorkload | Function
    plan: Plan
    source: int | None = None
    split_seed: int | None = None
    """Of the rows drawn anew that it trains and validates on; None for the workload's own."""
    sample_rows: int | None = None
    """Training rows that it trains on; None for all."""
    units: Mapping[str, float] = field(default_factory=dict)
    """Where each searched value lies in its own range."""
    number: int = -1
    """In its study."""
    training: Run | None = field(default=None)
    began: datetime = field(default_factory=datetime.now)

    @property
    def curve(self) -> list[Measurement]:
        """Return the learning curve so far."""
        return self.training.curve if self.training else []

    def advance(self, epochs: int, *, stop: Callable[[], bool]) -> Outcome | None:
        """Train until `epochs` epochs are done in all; return None when it got there, else why not."""
        if over := self.begun():
            return over
        run = self.training
        assert run is not None  # noqa: S101 - for mypy
        return self.settled(lambda: run.advance(epochs, stop=stop))

    def begun(self) -> Outcome | None:
        """Make the run unless it is there; return None when it is, else why it cannot be."""
        return None if self.training is not None else self._tried(self._begin_within_limit)

    def settled(self, train: Callable[[], bool]) -> Outcome | None:
        """Return None when training got where it should, as it tells, else why not."""
        return self._tried(lambda: None if train() else self._stopped())

    def _tried(self, work: Callable[[], Outcome | None]) -> Outcome | None:
        """Return what work returns, or what the exception that it raises makes of the trial."""
        try:
            return work()
        except KeyboardInterrupt:
            raise  # of the user, who wants to stop
        except Diverged as error:
            violation = 1 - last_epoch(self.curve) / self.plan.epochs
            return Outcome(state="infeasible", error=str(error), violation=violation)
        except BaseException as error:  # noqa: BLE001 - a failed trial is data: recorded with its reason, the study goes on
            return failure(error)

    def _stopped(self) -> Outcome:
        epoch = self.training.epoch + 1 if self.training else 1
        return Outcome(state="pruned", error=f"stopped in epoch {epoch}: {SEARCH_ENDED}")

    def _begin_within_limit(self) -> Outcome | None:
        """Make the run and return None, unless it takes too much memory: then return that outcome."""
        over = self._over_limit()
        if over is None:
            self.begin()
        return over

    def begin(self) -> None:
        """Make the run, yet to train."""
        self.training = _new_run(self.recipe, self.workload, self.plan, seed=self.seed)

    def _over_limit(self) -> Outcome | None:
        limit = self.plan.limits.train_bytes
        if limit is None or not isinstance(self.workload, LoadedWorkload):
            return None  # nothing is known of a loop of the user's own
        at_least = least_bytes(self.recipe.optimizer, self.workload.specimen(self.recipe.model))
        if at_least > limit:
            return _too_large(at_least, limit, words="at least ")
        rows = min(self.recipe.batch_size, self.workload.rows)
        need = rehearse(self.recipe, self.workload, device=self.plan.device).peak_bytes(rows)
        return replace(_too_large(need, limit), peak_bytes=need) if need > limit else None

    def record(self, outcome: Outcome) -> Record:
        """Return the record of the trial.

        Only whole runs are weighed and timed, only confirmation runs and compressed models are tested.
        """
        record = replace(blank_record(self, self.plan), state=outcome.state, error=outcome.error)
        if self.training is None:
            return replace(record, peak_bytes=outcome.peak_bytes)
        whole, confirming = outcome.state == "complete", self.stage in {"confirm", "compress"}
        return replace(
            record,
            curve=tuple(self.curve),
            **self.training.measure_outcome(whole=whole, test=whole and confirming),
        )

    def close(self) -> None:
        """Let go of the model and whatever else the run holds."""
        if self.training is not None:
            self.training.close()
        self.training = None


def blank_record(trial: Trial | OpenTrial, plan: Plan) -> Record:
    """Return the record of a trial that nothing is known of yet.

    It leaves out what a training function never looks at; the optimizer's name stays, whether it ran or not:
    records are sorted by it.
    """
    params = trial.recipe.to_params()
    return Record(
        number=trial.number,
        state="pruned",
        stage=trial.stage,
        seed=trial.seed,
        params={key: value for key, value in params.items() if _is_read(plan, key)},
        source=trial.source,
        split_seed=trial.split_seed,
        sample_rows=trial.sample_rows,
        units=units_read(plan, trial.recipe, trial.units),
    )


def _is_read(plan: Plan, key: str) -> bool:
    axis = key.partition(".")[0]
    if axis == "optimizer":
        return key == axis or key not in plan.unread
    return axis not in plan.unread


def units_read(plan: Plan, recipe: Recipe, units: Mapping[str, float]) -> dict[str, float]:
    """Return the units of the coordinates that a training looks at."""

    def key(coordinate: str) -> str:
        axis, _, name = coordinate.partition(".")
        return f"{axis}.{recipe.optimizer.name()}.{name}" if axis == "optimizer" else axis

    return {name: unit for name, unit in units.items() if _is_read(plan, key(name))}


def measured(trial: Trial, outcome: Outcome) -> tuple[Record, Outcome]:
    """Return the record of a trial and its outcome; one that cannot be measured has failed."""
    try:
        return trial.record(outcome), outcome
    except Exception as error:  # noqa: BLE001 - the user's metric may fail on rows that it has not seen
        trial.training, outcome = None, failure(error)
        return trial.record(outcome), outcome


def failure(error: BaseException) -> Outcome:
    """Return what an exception makes of a trial: it lacked memory, could not be compressed, or failed."""
    if isinstance(error, CannotCompress):
        return Outcome(state="infeasible", error=f"cannot compress: {_words(error)}", violation=1.0)
    # torch's allocator of a CPU says it in words
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error):
        return Outcome(state="infeasible", error=f"out of memory: {_words(error)}", violation=1.0)
    if isinstance(error, SystemExit):
        return Outcome(state="failed", error=f"the code called sys.exit({error.code!r})")
    return Outcome(state="failed", error=code_line(error, longest=500))


def _too_large(need: int, limit: int, words: str = "") -> Outcome:
    error = f"needs {words}{need} bytes to train, the limit is {limit}"
    return Outcome(state="infeasible", error=error, violation=need / limit - 1)


def _new_run(recipe: Recipe, workload: LoadedWorkload | Function, plan: Plan, *, seed: int) -> Run:
    """Return the run of a recipe, yet to train.

    The user's own function, our loop, or our loop and a compression at its end.
    """
    if isinstance(workload, Function):
        return FunctionRun(workload.fit, recipe, seed=seed, direction=workload.metric.direction)
    training = Training(recipe, workload, seed=seed, device=plan.device)
    return Joint(training=training) if plan.compression == "joint" else training


def _words(error: BaseException) -> str:
    """Return what an error says in one line, its type where it says nothing."""
    return one_line(error, longest=500) or type(error).__name__
