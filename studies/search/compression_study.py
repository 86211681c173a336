"""The compression study: what can be done to the finalists' trained models, and what each way costs in quality.

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

from studies.compression.candidates import afterwards, carried, control, standard
from studies.compression.pipeline import CompressionRun, UnquantizedModel
from studies.compression.space import CompressionSpace
from studies.infeasible import CannotCompress, Diverged
from studies.limits import Budget, Limits
from studies.measure.threads import threads
from studies.recipe import Recipe
from studies.search.compression_sampler import best, propose
from studies.search.confirm import finalists
from studies.search.sampler import decided
from studies.search.search import Event
from studies.search.trial import Outcome, Trial
from studies.storage import journal
from studies.weights.sensitivity import scan

if TYPE_CHECKING:
    from pathlib import Path

    import optuna
    from torch import nn

    from studies.compression.source import Checkpoint
    from studies.loaded_workload import LoadedWorkload
    from studies.models import ModelChoice
    from studies.quantization import QuantizationChoice
    from studies.record import Record
    from studies.search.checkpoints import Checkpoints
    from studies.search.clock import Clock
    from studies.search.plan import Plan

REPEATED: Final = 5
"""Ways of the front that are tried again on the models of the other seeds."""
REPEATS_SHARE: Final = 0.2
"""Of the budget, kept back for that."""


@dataclass(frozen=True, kw_only=True)
class CompressionPlan:
    """What a compression study was asked to do."""

    budget: Budget
    limits: Limits = field(default_factory=Limits)
    students: tuple[ModelChoice, ...] = ()
    """Models that may be trained to answer as the finalists do."""
    first: str = ""
    """The optimizer whose models get most of the trials; empty for that of the best finalist."""


class Compression:
    """The compression study of one study being worked on.

    Args:
        study: an open study with whole runs.
        workload: what its models were trained on.
        plan: what the search was asked for.
        asked: what the compression was asked for.
        clock: what it may spend.
        checkpoints: the trained weights.
        folder: where deployed files go.
        listen: told of every event; must be quick.
    """

    def __init__(  # noqa: PLR0913 - what a study is made of
        self,
        study: optuna.Study,
        workload: LoadedWorkload,
        plan: Plan,
        asked: CompressionPlan,
        *,
        clock: Clock,
        checkpoints: Checkpoints,
        folder: Path,
        teachers: tuple[nn.Module, ...] = (),
        listen: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.study, self.workload, self.plan, self.asked, self.clock, self.listen = (
            study,
            workload,
            plan,
            asked,
            clock,
            listen,
        )
        self.checkpoints, self.folder, self.teachers = checkpoints, folder, teachers
        self.space = CompressionSpace.offered(asked.students)
        self.direction = workload.metric.direction
        self.records = list(journal.records(study))
        found = finalists(self.records, plan.candidates, self.direction, plan.limits.while_training)
        self.finalists = sorted(found, key=lambda runs: runs[0].optimizer != asked.first)
        self._sources: dict[int, Checkpoint | None] = {}
        self._made: dict[str, UnquantizedModel] = {}
        self._repeating = False

    def run(self) -> None:
        """Work until the budget is used up, nothing new comes to mind, or the user wants to stop."""
        self.clock.reserve_seconds = REPEATS_SHARE * (self.asked.budget.seconds or 0.0)
        with threads(self.plan.threads):
            self._scan()
            self._cheap()
            if any(record.state == "complete" for record in self.compressed):  # else nothing can be deployed
                self._standard()
                self._search()
                self._repeat()

    @property
    def compressed(self) -> list[Record]:
        """Return the compression trials so far."""
        return [record for record in self.records if record.stage == "compress"]

    def _scan(self) -> None:
        """Write down which layer of the winner bears how much, once."""
        if journal.manifest_of(self.study).sensitivity is not None or not self.finalists or self._over():
            return
        self.listen(Event(stage="compress", note="sensitivity of each layer of the best model"))
        if (source := self._source(self.finalists[0][0])) is not None:
            journal.change_manifest(self.study, sensitivity=scan(source.trained_model()))

    def _cheap(self) -> None:
        """Quantize every finalist's model after training: the usual way on all of them first, should time be short."""
        self.listen(
            Event(stage="compress", note=f"quantization after training, {len(self.finalists)} finalists")
        )
        for ways in (afterwards(self.space)[:2], afterwards(self.space)):
            for runs in self.finalists:
                self._try(runs[0], Recipe.from_params(runs[0].params).uncompressed, ways)

    def _standard(self) -> None:
        self.listen(
            Event(
                stage="compress", note="pruning, distillation and training for quantization at their defaults"
            )
        )
        for run in (runs[0] for runs in self.finalists[:1]):
            for recipe in standard(self.space, Recipe.from_params(run.params)):
                self._try(run, recipe)

    def _search(self) -> None:
        if self._over():
            return
        self.listen(Event(stage="compress", note="combinations, quality against bytes against latency"))
        while not self._over():
            run = self.finalists[0][0]
            own = [record for record in self.compressed if record.source == run.number]
            trained = Recipe.from_params(run.params)
            recipe = propose(
                self.space, trained, own, direction=self.direction, limits=self.asked.limits, seed=self.plan.seed
            )  # fmt: skip
            if recipe is None:
                return
            self._try(run, recipe)

    def _repeat(self) -> None:
        """Try what is worth it on the models of the other seeds, beside its control; and the cheap passes on every finalist's."""
        self.clock.reserve_seconds, self._repeating = 0.0, True
        self.listen(Event(stage="compress", note="the best ways again, on the models of the other seeds"))
        for run in (run for runs in self.finalists for run in runs[1:]):
            self._try(run, Recipe.from_params(run.params).uncompressed, afterwards(self.space)[:2])
        for recipe in self._worth_it():
            for run in self.finalists[0]:
                trained = Recipe.from_params(run.params)
                for wanted in filter(None, (recipe, control(recipe, trained))):
                    self._try(run, wanted, (wanted.quantization,))

    def _carried(self, run: Record) -> Sequence[QuantizationChoice]:
        return carried(
            self.space, (record for record in self.compressed if record.source == run.number), self.direction
        )

    def _worth_it(self) -> list[Recipe]:
        """Return the recipes of the front, within the limits first."""
        own = [
            record
            for record in self.compressed
            if self.finalists and record.source == self.finalists[0][0].number
        ]
        kept = sorted(best(own, self.direction), key=lambda record: bool(self.asked.limits.broken_by(record)))
        return [Recipe.from_params(record.params) for record in kept][:REPEATED]

    def _try(self, run: Record, recipe: Recipe, after: Sequence[QuantizationChoice] = ()) -> None:
        """Make a model once and deploy it every way: those that were tried already are passed over."""
        self._made.clear()
        ways = (recipe.quantization,) if recipe.quantization.aware else after or self._carried(run)
        for recipe_of_one in (replace(recipe, quantization=way) for way in ways):
            if self._over():
                return
            if (run.number, recipe_of_one.to_params()) not in self._tried():
                self._compress(run, recipe_of_one)
                if not self._made:  # it could not be made, whatever were done to it afterwards
                    return

    def _compress(self, run: Record, recipe: Recipe) -> None:
        source = self._source(run)
        if source is None:
            return
        self.study.sampler = decided(self.space.point(recipe))
        optuna_trial = self.study.ask(self.space.distributions)
        taught = (
            recipe.distillation != recipe.uncompressed.distillation
        )  # else the other finalists' models need not be loaded
        teachers = self.teachers or tuple(self._peers(run) if taught else ())
        compressing = CompressionRun(
            recipe=recipe, source=source, teachers=teachers, made=self._made, folder=self.folder
        )
        trial = Trial(
            optuna_trial=optuna_trial, recipe=recipe, stage="compress", seed=run.seed, source=run.number, workload=self.workload,
            plan=self.plan, training=compressing,
        )  # fmt: skip
        outcome = trial.advance(recipe.epochs, stop=self.clock.must_stop) or Outcome(state="complete")
        self._tell(trial, outcome)

    def _tell(self, trial: Trial, outcome: Outcome) -> None:
        record = trial.record(outcome, {})
        over = max(self.asked.limits.broken_by(record).values(), default=1.0) - 1
        journal.tell(self.study, trial.optuna_trial, record, violation=outcome.violation or over)
        entry = replace(journal.manifest_of(self.study).compressing, spent_seconds=self.clock.spent_seconds)
        journal.change_manifest(self.study, compression_study=entry)
        self.records.append(record)
        self.listen(Event(stage="compress", record=record))

    def _source(self, run: Record) -> Checkpoint | None:
        """Return the trained model of a run; None when it cannot be had again."""
        if run.number not in self._sources:
            try:
                found = self.checkpoints.source(
                    run, self.workload, device=self.plan.device, stop=self.clock.must_stop
                )
            except (Diverged, CannotCompress):
                found = None
            self._sources[run.number] = found
        return self._sources[run.number]

    def _peers(self, run: Record) -> Iterator[nn.Module]:
        """Yield the other finalists' models of the same seed."""
        others = (
            other
            for runs in self.finalists
            for other in runs
            if other.seed == run.seed and other.number != run.number
        )
        for other in others:
            if (source := self._source(other)) is not None:
                yield source.model

    def _tried(self) -> list[tuple[int | None, Any]]:
        return [(record.source, record.params) for record in self.compressed if record.state != "pruned"]

    def _over(self) -> bool:
        """Tell whether nothing more may be tried: the rest of the budget is kept back for repeats until they begin."""
        share = len(self.compressed) / (self.asked.budget.trials or math.inf)
        return self.clock.must_stop() or share >= (1.0 if self._repeating else 1.0 - REPEATS_SHARE)
