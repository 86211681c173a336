"""Compression study: what can be done to the finalists' trained models, and what each way costs in quality.

Every finalist's model goes through the cheap passes, so that it shows whether the winner stays the winner.
Then one default of everything that trains, then what a multi-objective sampler asks for; last, what is worth
it again on the models of the other seeds, beside its control. Trials stand in the study's own journal, with
stage `compress`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from studies.compression.candidates import (
    control,
    default_recipes,
    post_training_quantizations,
    promising_quantizations,
)
from studies.compression.pipeline import CompressionRun, UnquantizedModel
from studies.compression.space import CompressionSpace
from studies.infeasible import CannotCompress, Diverged
from studies.limits import Budget, Limits
from studies.measure.threads import threads
from studies.recipe import Recipe
from studies.search.compression_sampler import pareto_records, sample_compression
from studies.search.confirm import finalists
from studies.search.sampler import fixed_sampler
from studies.search.search import Event
from studies.search.trial import Outcome, Trial
from studies.storage import journal
from studies.weights.sensitivity import scan

if TYPE_CHECKING:
    from pathlib import Path

    import optuna
    from torch import nn

    from studies.compression.checkpoint import Checkpoint
    from studies.loaded_workload import LoadedWorkload
    from studies.models import ModelChoice
    from studies.quantization import QuantizationChoice
    from studies.record import Record
    from studies.search.checkpoints import Checkpoints
    from studies.search.clock import Clock
    from studies.search.plan import Plan

MOST_REPEATED: Final = 5
"""Recipes of the front that are tried again on the models of the other seeds."""
REPEATS_SHARE: Final = 0.2
"""Of the budget, reserved for that."""


@dataclass(frozen=True, kw_only=True)
class CompressionPlan:
    """Plan of a compression study."""

    budget: Budget
    limits: Limits = field(default_factory=Limits)
    students: tuple[ModelChoice, ...] = ()
    """Models that may be trained to answer as the finalists do."""
    first: str = ""
    """The optimizer whose models get most of the trials; empty for that of the best finalist."""


class CompressionStudy:
    """Compression study of the finalists of a search.

    Args:
        study: an open study with whole runs.
        workload: what its models were trained on.
        search_plan: what was searched for.
        plan: what to compress for.
        clock: what it may spend.
        checkpoints: the trained weights.
        folder: where deployed files go.
        listen: told of every event; must be quick.
    """

    def __init__(  # noqa: PLR0913 - what a study is made of
        self,
        study: optuna.Study,
        workload: LoadedWorkload,
        search_plan: Plan,
        plan: CompressionPlan,
        *,
        clock: Clock,
        checkpoints: Checkpoints,
        folder: Path,
        teachers: tuple[nn.Module, ...] = (),
        listen: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.study, self.workload, self.clock, self.listen = study, workload, clock, listen
        self.search_plan, self.plan = search_plan, plan
        self.checkpoints, self.folder, self.teachers = checkpoints, folder, teachers
        self.space = CompressionSpace.offered(plan.students)
        self.direction = workload.metric.direction
        self.records = list(journal.records(study))
        runs_of_finalists = finalists(
            self.records, search_plan.candidates, self.direction, search_plan.limits.while_training
        )
        self.finalists = sorted(runs_of_finalists, key=lambda runs: runs[0].optimizer != plan.first)
        self._loaded: dict[int, Checkpoint | None] = {}
        self._unquantized: dict[str, UnquantizedModel] = {}
        self._repeating = False

    def run(self) -> None:
        """Work until the budget is used up, the space is exhausted, or the user wants to stop."""
        self.clock.reserve_seconds = REPEATS_SHARE * (self.plan.budget.seconds or 0.0)
        with threads(self.search_plan.threads):
            self._scan_sensitivity()
            self._quantize_finalists()
            if any(record.state == "complete" for record in self.compressed):  # else nothing can be deployed
                self._try_defaults()
                self._search()
                self._repeat_front()

    @property
    def compressed(self) -> list[Record]:
        """Return the compression trials so far."""
        return [record for record in self.records if record.stage == "compress"]

    def _scan_sensitivity(self) -> None:
        """Write down which layer of the winner bears how much, once."""
        if journal.manifest_of(self.study).sensitivity is not None or not self.finalists or self._over():
            return
        self.listen(Event(stage="compress", note="sensitivity of each layer of the best model"))
        if (checkpoint := self._checkpoint(self.finalists[0][0])) is not None:
            journal.change_manifest(self.study, sensitivity=scan(checkpoint.trained_model()))

    def _quantize_finalists(self) -> None:
        """Quantize every finalist's model after training: the usual way on all of them first.

        So that time that runs short leaves something of each.
        """
        note = f"quantization after training, {len(self.finalists)} finalists"
        self.listen(Event(stage="compress", note=note))
        quantizations = post_training_quantizations(self.space)
        for some in (quantizations[:2], quantizations):
            for runs in self.finalists:
                self._try(runs[0], Recipe.from_params(runs[0].params).uncompressed, some)

    def _try_defaults(self) -> None:
        note = "pruning, distillation and training for quantization at their defaults"
        self.listen(Event(stage="compress", note=note))
        for run in (runs[0] for runs in self.finalists[:1]):
            for recipe in default_recipes(self.space, Recipe.from_params(run.params)):
                self._try(run, recipe)

    def _search(self) -> None:
        if self._over():
            return
        self.listen(Event(stage="compress", note="combinations, quality against bytes against latency"))
        while not self._over():
            run = self.finalists[0][0]
            recipe = sample_compression(
                self.space,
                Recipe.from_params(run.params),
                self._compressed_from(run),
                direction=self.direction,
                limits=self.plan.limits,
                seed=self.search_plan.seed,
            )
            if recipe is None:
                return
            self._try(run, recipe)

    def _repeat_front(self) -> None:
        """Try the recipes of the front on the models of the other seeds, beside their controls.

        First the cheap quantizations on those of every finalist.
        """
        self.clock.reserve_seconds, self._repeating = 0.0, True
        self.listen(Event(stage="compress", note="the best ways again, on the models of the other seeds"))
        cheap = post_training_quantizations(self.space)[:2]
        for run in (run for runs in self.finalists for run in runs[1:]):
            self._try(run, Recipe.from_params(run.params).uncompressed, cheap)
        for recipe in self._front_recipes():
            for run in self.finalists[0]:
                for repeated in filter(None, (recipe, control(recipe, Recipe.from_params(run.params)))):
                    self._try(run, repeated, (repeated.quantization,))

    def _compressed_from(self, run: Record) -> list[Record]:
        """Return the compression trials of a run's model."""
        return [record for record in self.compressed if record.source == run.number]

    def _front_recipes(self) -> list[Recipe]:
        """Return the recipes of the front, within the limits first."""
        compressed = self._compressed_from(self.finalists[0][0]) if self.finalists else []
        front = pareto_records(compressed, self.direction)
        front.sort(key=lambda record: bool(self.plan.limits.broken_by(record)))
        return [Recipe.from_params(record.params) for record in front][:MOST_REPEATED]

    def _try(self, run: Record, recipe: Recipe, quantizations: Sequence[QuantizationChoice] = ()) -> None:
        """Make a model once and deploy it in every quantization that was not tried yet.

        Without a list of them, in those that are promising.
        """
        self._unquantized.clear()
        if recipe.quantization.aware:
            quantizations = (recipe.quantization,)
        elif not quantizations:
            quantizations = promising_quantizations(self.space, self._compressed_from(run), self.direction)
        for quantized in (replace(recipe, quantization=choice) for choice in quantizations):
            if self._over():
                return
            if (run.number, quantized.to_params()) not in self._tried():
                self._compress(run, quantized)
                if not self._unquantized:  # it could not be made, whatever were done to it afterwards
                    return

    def _compress(self, run: Record, recipe: Recipe) -> None:
        checkpoint = self._checkpoint(run)
        if checkpoint is None:
            return
        self.study.sampler = fixed_sampler(self.space.point(recipe))
        optuna_trial = self.study.ask(self.space.distributions)
        # without distillation the other finalists' models need not be loaded
        distils = recipe.distillation != recipe.uncompressed.distillation
        teachers = self.teachers or tuple(self._models_of_seed(run) if distils else ())
        compression = CompressionRun(
            recipe=recipe,
            source=checkpoint,
            teachers=teachers,
            unquantized=self._unquantized,
            folder=self.folder,
        )
        trial = Trial(
            optuna_trial=optuna_trial,
            recipe=recipe,
            stage="compress",
            seed=run.seed,
            source=run.number,
            split_seed=run.split_seed,
            workload=checkpoint.workload,
            plan=self.search_plan,
            training=compression,
        )
        outcome = trial.advance(recipe.epochs, stop=self.clock.must_stop) or Outcome(state="complete")
        self._tell(trial, outcome)

    def _tell(self, trial: Trial, outcome: Outcome) -> None:
        record = trial.record(outcome, {})
        over = max(self.plan.limits.broken_by(record).values(), default=1.0) - 1
        journal.tell(self.study, trial.optuna_trial, record, violation=outcome.violation or over)
        entry = replace(journal.manifest_of(self.study).compressing, spent_seconds=self.clock.spent_seconds)
        journal.change_manifest(self.study, compression_study=entry)
        self.records.append(record)
        self.listen(Event(stage="compress", record=record))

    def _checkpoint(self, run: Record) -> Checkpoint | None:
        """Return the trained model of a run; None when it cannot be had again."""
        if run.number not in self._loaded:
            try:
                self._loaded[run.number] = self.checkpoints.load_or_train(
                    run, self.workload, device=self.search_plan.device, stop=self.clock.must_stop
                )
            except (Diverged, CannotCompress):
                self._loaded[run.number] = None
        return self._loaded[run.number]

    def _models_of_seed(self, run: Record) -> Iterator[nn.Module]:
        """Yield the other finalists' models of the same seed."""
        others = (
            other
            for runs in self.finalists
            for other in runs
            if other.seed == run.seed and other.number != run.number
        )
        for other in others:
            if (checkpoint := self._checkpoint(other)) is not None:
                yield checkpoint.model

    def _tried(self) -> list[tuple[int | None, Any]]:
        return [(record.source, record.params) for record in self.compressed if record.state != "pruned"]

    def _over(self) -> bool:
        """Tell whether nothing more may be tried.

        The rest of the budget is reserved for repeats until they begin.
        """
        share = len(self.compressed) / (self.plan.budget.trials or math.inf)
        return self.clock.must_stop() or share >= (1.0 if self._repeating else 1.0 - REPEATS_SHARE)
