"""Compression host: in a worker, it makes trained models small, and times what was deployed.

The trained models that it was last asked for stay loaded, and the one that was last fine-tuned: quantizations
of the same one cost an evaluation each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from studies.callers_globals import set_aside
from studies.compression.checkpoint import Checkpoint
from studies.compression.pipeline import CompressionRun, Step, UnquantizedModel
from studies.deployment.export import session
from studies.deployment.footprint import latencies
from studies.infeasible import CannotCompress, Diverged
from studies.measure.threads import threads
from studies.models.copies import copied
from studies.recipe import Recipe
from studies.trials.compression_task import (
    CompressionResult,
    CompressionTask,
    LatencyTask,
    SensitivityTask,
)
from studies.trials.trial import Outcome, Trial, failure, measured
from studies.weights.sensitivity import scan

if TYPE_CHECKING:
    from torch import nn

    from studies.engines.engine import Watch
    from studies.loaded_workload import LoadedWorkload
    from studies.plans.plan import Plan
    from studies.record import Latency, Record
    from studies.storage.manifest_entries import Layer
    from studies.trials.checkpoints import Checkpoints

MOST_LOADED: Final = 8
"""Trained models that stay loaded, each with its exported copies."""


@dataclass(kw_only=True)
class CompressionHost:
    """Compression host of a worker."""

    workload: LoadedWorkload
    plan: Plan
    """What was searched for."""
    checkpoints: Checkpoints
    """The trained weights."""
    folder: Path
    """Where deployed files go."""
    teachers: tuple[nn.Module, ...] = ()
    """The user's own, in the place of the other finalists."""
    _loaded: dict[int, Checkpoint | None] = field(default_factory=dict)
    _unquantized: dict[str, UnquantizedModel] = field(default_factory=dict)
    _made_for: tuple[int, Any] | None = None

    def run(self, work: Any, watch: Watch) -> Any:
        """Make a model small, time one, or scan one; anything else is no work."""
        with set_aside(), threads(self.plan.threads):
            match work:
                case CompressionTask():
                    return self._compress(work, watch)
                case LatencyTask():
                    return self._time(work, watch)
                case SensitivityTask():
                    return self._scan(work, watch)
        return None

    def move_to(self, device: str) -> None:
        """Compress on another device from now on."""
        self.plan = replace(self.plan, device=device)

    def _compress(self, task: CompressionTask, watch: Watch) -> CompressionResult:
        watch.progress(Step.LOAD)
        trial = self._trial(task)
        try:
            checkpoint = self._checkpoint(task.run, watch)
            # without distillation the other finalists' models need not be loaded
            teachers = self.teachers or tuple(self._models(task.teachers, watch))
        except Exception as error:  # noqa: BLE001 - the user's model is made and perhaps trained here: a failed trial is data
            return CompressionResult(record=trial.record(failure(error)))
        if checkpoint is None:
            return CompressionResult(lost=not watch.must_stop())
        self._forget_others(task.run, trial.recipe)
        trial.workload = checkpoint.workload
        trial.training = CompressionRun(
            recipe=trial.recipe,
            source=checkpoint,
            teachers=teachers,
            unquantized=self._unquantized,
            folder=self.folder,
            timed=False,
            report=watch.progress,
        )
        outcome = trial.advance(trial.recipe.epochs, stop=watch.must_stop) or Outcome(state="complete")
        return CompressionResult(
            record=measured(trial, outcome)[0], violation=outcome.violation, made=bool(self._unquantized)
        )

    def _trial(self, task: CompressionTask) -> Trial:
        run = task.run
        return Trial(
            recipe=Recipe.from_params(task.params),
            stage="compress",
            seed=run.seed,
            source=run.number,
            split_seed=run.split_seed,
            sample_rows=run.sample_rows,
            workload=self.workload,
            plan=self.plan,
        )

    def _forget_others(self, run: Record, recipe: Recipe) -> None:
        """Let go of the fine-tuned model that was kept, unless it is what this recipe quantizes."""
        key = (run.number, recipe.made_from.to_params())
        if self._made_for != key:
            self._unquantized.clear()
        self._made_for = key

    def _time(self, task: LatencyTask, watch: Watch) -> tuple[Latency, ...] | None:
        checkpoint = self._checkpoint(task.run, watch)
        if checkpoint is None:
            return None
        model = copied(checkpoint.model).cpu().eval()
        file = session((self.folder / task.path).read_bytes())
        return latencies(file, checkpoint.deployed.running, model, checkpoint.rows)

    def _scan(self, task: SensitivityTask, watch: Watch) -> tuple[Layer, ...] | None:
        checkpoint = self._checkpoint(task.run, watch)
        return None if checkpoint is None else scan(checkpoint.trained_model())

    def _models(self, runs: Sequence[Record], watch: Watch) -> Iterator[nn.Module]:
        """Yield the trained models of runs, of those that can be had again."""
        for run in runs:
            if (checkpoint := self._checkpoint(run, watch)) is not None:
                yield checkpoint.model

    def _checkpoint(self, run: Record, watch: Watch) -> Checkpoint | None:
        """Return the trained model of a run; None when it cannot be had again, or not in time."""
        if run.number in self._loaded:
            self._loaded[run.number] = self._loaded.pop(run.number)  # the last to be let go of
            return self._loaded[run.number]
        checkpoint = self._load(run, watch)
        if checkpoint is not None or not watch.must_stop():
            self._loaded[run.number] = checkpoint
        if len(self._loaded) > MOST_LOADED:
            del self._loaded[next(iter(self._loaded))]
        return checkpoint

    def _load(self, run: Record, watch: Watch) -> Checkpoint | None:
        try:
            return self.checkpoints.load_or_train(
                run, self.workload, device=self.plan.device, stop=watch.must_stop
            )
        except (Diverged, CannotCompress):
            return None
