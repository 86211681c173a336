"""Compression study: what can be done to the finalists' trained models, and what each way costs in quality.

Every finalist's model goes through the cheap passes, so that it shows whether the winner stays the winner.
Then one default of everything that trains, then what a multi-objective sampler asks for; last, what may be
advised again on the models of the other seeds, beside its control. Trials stand in the study's own journal,
with stage `compress`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studies.compression.candidates import (
    default_recipes,
    post_training_quantizations,
    promising_quantizations,
)
from studies.compression.pipeline import CompressionRun, UnquantizedModel
from studies.compression.space import CompressionSpace
from studies.infeasible import CannotCompress, Diverged
from studies.measure.threads import threads
from studies.recipe import Recipe
from studies.record import Record
from studies.search.compression_sampler import sample_compression
from studies.search.confirm import finalists
from studies.search.event import Event
from studies.search.repeats import REPEATS_SHARE, next_repeats, reserve_seconds
from studies.search.trial import Outcome, Trial
from studies.search.trial_params import compression_params, params_line
from studies.storage import journal, trial_lines
from studies.weights.sensitivity import scan

if TYPE_CHECKING:
    from pathlib import Path

    import optuna
    from torch import nn

    from studies.compression.checkpoint import Checkpoint
    from studies.loaded_workload import LoadedWorkload
    from studies.quantization import QuantizationChoice
    from studies.search.checkpoints import Checkpoints
    from studies.search.clock import Clock
    from studies.search.compression_plan import CompressionPlan, Wanted
    from studies.search.plan import Plan


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
        wanted: what is tried again on the models of the other seeds; nothing without it.
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
        wanted: Wanted = lambda records: (),
        listen: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.study, self.workload, self.clock, self.listen = study, workload, clock, listen
        self.search_plan, self.plan = search_plan, plan
        self.checkpoints, self.folder, self.teachers = checkpoints, folder, teachers
        self.wanted = wanted
        self.space = CompressionSpace.offered(plan.students)
        self.direction = workload.metric.direction
        self.records = list(journal.records(study))
        runs_of_finalists = finalists(
            self.records, search_plan.candidates, self.direction, search_plan.limits.while_training
        )
        self.finalists = sorted(runs_of_finalists, key=lambda runs: runs[0].optimizer != plan.first)
        self._loaded: dict[int, Checkpoint | None] = {}
        self._unquantized: dict[str, UnquantizedModel] = {}
        self._repeating, self._longest_seconds = False, 0.0

    def run(self) -> None:
        """Work until the budget is used up, the space is exhausted, or the user wants to stop."""
        self._write_finalists()
        with threads(self.search_plan.threads):
            self._quantize_finalists()
            self._leave_out_lost()
            complete = any(record.state == "complete" for record in self.compressed)
            if complete and self.finalists:  # else nothing can be deployed
                self._scan_sensitivity()
                self._try_defaults()
                self._search()
                self._repeat_wanted()
                self._quantize_finalists()  # what time was reserved for is done, or cannot be
                self._repeat_wanted()
        self._write_entry(ended=not self.clock.stop())

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
        """Quantize every finalist's model after training, each way on all of them: first the usual one.

        So that time that runs short leaves something of each.
        """
        if self._over():
            return
        note = f"quantization after training, {len(self.finalists)} finalists"
        self.listen(Event(stage="compress", note=note))
        finalists = self.finalists
        plain, *others = post_training_quantizations(self.space)
        for quantization in (*others[:1], plain, *others[1:]):
            finalists = [runs for runs in finalists if self._quantize(runs[0], quantization)]
            self._reserve_repeats()  # but for the first: one for each is worth more than any repeat

    def _quantize(self, run: Record, quantization: QuantizationChoice) -> bool:
        return self._try(run, Recipe.from_params(run.params).uncompressed, (quantization,))

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
            self._reserve_repeats()
            self._try(run, recipe)

    def _repeat_wanted(self) -> None:
        """Try what may be advised again on the models of the other seeds, asking after each what that is."""
        self.clock.reserve_seconds, self._repeating = 0.0, True
        if self._over():
            return
        self.listen(Event(stage="compress", note="what may be advised, on the models of the other seeds"))
        tried = -1
        while not self._over() and len(self.compressed) > tried:
            tried = len(self.compressed)
            lost = {number for number, checkpoint in self._loaded.items() if checkpoint is None}
            runs = [run for run in self.records if run.number not in lost]
            for run, recipe in next_repeats(self.wanted(self.records), runs, self._tried()):
                self._try(run, recipe, (recipe.quantization,))

    def _compressed_from(self, run: Record) -> list[Record]:
        """Return the compression trials of a run's model."""
        return [record for record in self.compressed if record.source == run.number]

    def _try(self, run: Record, recipe: Recipe, quantizations: Sequence[QuantizationChoice] = ()) -> bool:
        """Make a model once and deploy it in every quantization that was not tried yet.

        Without a list of them, in those that are promising. Return whether it could be made, as far as is
        known.
        """
        self._unquantized.clear()
        if recipe.quantization.aware:
            quantizations = (recipe.quantization,)
        elif not quantizations:
            quantizations = promising_quantizations(self.space, self._compressed_from(run), self.direction)
        for quantized in (replace(recipe, quantization=choice) for choice in quantizations):
            if self._over():
                return True
            if (run.number, quantized.to_params()) not in self._tried():
                self._compress(run, quantized)
                if not self._unquantized:  # it could not be made, whatever were done to it afterwards
                    return False
        return True

    def _compress(self, run: Record, recipe: Recipe) -> None:
        began_seconds = self.clock.spent_seconds
        checkpoint = self._checkpoint(run)
        if checkpoint is None:
            return
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
            recipe=recipe,
            stage="compress",
            seed=run.seed,
            source=run.number,
            split_seed=run.split_seed,
            sample_rows=run.sample_rows,
            workload=checkpoint.workload,
            plan=self.search_plan,
            training=compression,
        )
        outcome = trial.advance(recipe.epochs, stop=self.clock.must_stop) or Outcome(state="complete")
        self._tell(trial, outcome)
        self._longest_seconds = max(self._longest_seconds, self.clock.spent_seconds - began_seconds)

    def _reserve_repeats(self) -> None:
        seconds = reserve_seconds(self.plan.budget.seconds or 0.0, self._longest_seconds)
        self.clock.reserve_seconds = seconds if self._repeats_share else 0.0

    @property
    def _repeats_share(self) -> float:
        """Return the share of the budget for repeats: none once they begin, or without other seeds."""
        repeatable = any(len(runs) > 1 for runs in self.finalists)
        return REPEATS_SHARE if repeatable and not self._repeating else 0.0

    def _tell(self, trial: Trial, outcome: Outcome) -> None:
        record = replace(trial.record(outcome), number=trial_lines.next_number(self.study))
        over = max(self.plan.limits.broken_by(record).values(), default=1.0) - 1
        params = compression_params(self.space, self.search_plan.candidates, trial.recipe)
        violation, spent = outcome.violation or over, self.clock.spent_seconds
        line = params_line(params, violation=violation, began=trial.began, spent_seconds=spent)
        trial_lines.tell(self.study, record, line)
        self.records.append(record)
        self.listen(Event(stage="compress", record=record))

    def _write_entry(self, **changes: Any) -> None:
        """Write to the manifest how far the compression is."""
        entry = replace(journal.manifest_of(self.study).compressing, **changes)
        journal.change_manifest(self.study, compression_study=entry)

    def _write_finalists(self) -> None:
        self._write_entry(finalists=tuple(runs[0].optimizer for runs in self.finalists))

    def _leave_out_lost(self) -> None:
        """Leave out the finalists whose trained models cannot be had again."""
        if not self._over():
            self.finalists = [runs for runs in self.finalists if self._loaded.get(runs[0].number, runs)]
            self._write_finalists()

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
        """Tell whether nothing more may be tried, as the rest of the budget is reserved for repeats."""
        share = len(self.compressed) / (self.plan.budget.trials or math.inf)
        return self.clock.must_stop() or share >= 1.0 - self._repeats_share
