"""Compression study: what can be done to the finalists' trained models, and what each way costs in quality.

Every finalist's model is deployed in the usual quantization and as it is; the best one's goes through one
recipe of every family of passes, the cheapest first; then through the quantizations, of which all finalists'
models go through the promising ones. Then come other settings of the families that were worth it, beside what
a multi-objective sampler asks for; last, what may be advised again on the models of the other seeds, beside
its control. Trials stand in the study's own journal, with stage `compress`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studies.compression.candidates import post_training_quantizations, usual_quantizations
from studies.compression.price import price_seconds, training_epochs
from studies.compression.space import CompressionSpace
from studies.compression_search.proposals import CompressionProposals, Way
from studies.compression_search.repeats import REPEATS_SHARE, next_repeats, reserve_seconds
from studies.compression_search.runner import CompressionRunner
from studies.quantities import several
from studies.recipe import Recipe
from studies.record import Record
from studies.search.confirm import finalists
from studies.search.event import Event
from studies.storage import journal
from studies.trials.allowance import CompressionAllowance
from studies.trials.compression_task import SensitivityTask
from studies.trials.death import outcome_of
from studies.trials.study_files import StudyFiles

if TYPE_CHECKING:
    import optuna

    from studies.direction import Direction
    from studies.engines.engine import Engine
    from studies.plans.compression_plan import CompressionPlan, Wanted
    from studies.plans.plan import Plan
    from studies.search.clock import Clock


class CompressionStudy:
    """Compression study of the finalists of a search.

    Args:
        study: an open study with whole runs.
        direction: maximize | minimize its metric.
        search_plan: what was searched for.
        plan: what to compress for.
        engine: where models are made and measured; its workers hold a `CompressionHost`.
        clock: what it may spend.
        files: what is written beside the journal.
        allowance: what time and memory a trial may take.
        wanted: what is tried again on the models of the other seeds; nothing without it.
        listen: told of every event; must be quick.
    """

    def __init__(  # noqa: PLR0913 - what a study is made of
        self,
        study: optuna.Study,
        direction: Direction,
        search_plan: Plan,
        plan: CompressionPlan,
        *,
        engine: Engine,
        clock: Clock,
        files: StudyFiles | None = None,
        allowance: CompressionAllowance | None = None,
        wanted: Wanted = lambda records: (),
        listen: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.study, self.direction, self.clock, self.listen = study, direction, clock, listen
        self.search_plan, self.plan, self.wanted = search_plan, plan, wanted
        self.space = CompressionSpace.offered(plan.students, plan.passes)
        self.proposals = CompressionProposals(
            space=self.space,
            direction=direction,
            limits=plan.limits,
            seed=search_plan.seed,
            in_seconds=plan.budget.seconds is not None,
        )
        self.runner = CompressionRunner(
            study,
            search_plan,
            self.space,
            limits=plan.limits,
            engine=engine,
            clock=clock,
            listen=listen,
            files=files or StudyFiles(),
            allowance=allowance or CompressionAllowance(),
        )
        runs_of_finalists = finalists(
            self.records, search_plan.candidates, self.direction, search_plan.limits.while_training
        )
        self.finalists = sorted(runs_of_finalists, key=lambda runs: runs[0].optimizer != plan.first)
        self._repeating = False
        self._heading = ""
        """What is told before the next trials: nothing of a step that tries none."""

    def run(self) -> None:
        """Work until the budget is used up, the space is exhausted, or the user wants to stop."""
        self._write_finalists()
        self._deploy_finalists()
        self._leave_out_lost()
        complete = any(record.state == "complete" for record in self.compressed)
        if complete and self.finalists:  # else nothing can be deployed
            self._scan_sensitivity()
            self._try_families()
            self._quantize_finalists()
            self._search()
            self._repeat_wanted()
            self._quantize_finalists()  # what time was reserved for is done, or cannot be
            self._repeat_wanted()
        self._write_entry(ended=not self.clock.stop())

    @property
    def records(self) -> list[Record]:
        """Return the trials so far, those of the search among them."""
        return self.runner.records

    @property
    def compressed(self) -> list[Record]:
        """Return the compression trials so far."""
        return [record for record in self.records if record.stage == "compress"]

    def _scan_sensitivity(self) -> None:
        """Write down which layer of the winner bears how much, once."""
        if journal.manifest_of(self.study).sensitivity is not None or not self.finalists or self._over():
            return
        self.listen(Event(stage="compress", note="sensitivity of each layer of the best model"))
        run = self.finalists[0][0]
        ending, task = self.runner.ask(SensitivityTask(run=run), run)
        if ending.result is not None:
            journal.change_manifest(self.study, sensitivity=ending.result)
        elif ending.error or ending.cause not in {None, "cancelled"}:
            why = outcome_of(ending, task, where="while it was measured").error
            self.listen(Event(stage="compress", note=f"no sensitivity of each layer: {why}"))

    def _deploy_finalists(self) -> None:
        """Deploy every finalist's model in the usual quantization, and then as it is.

        So that time that runs short leaves something of each.
        """
        if self._over():
            return
        self._heading = f"the usual quantization, {several(len(self.finalists), 'finalist')}"
        finalists = self.finalists
        for quantization in usual_quantizations(self.space):
            made = self._try(
                (runs[0], Recipe.from_params(runs[0].params).uncompressed, (quantization,))
                for runs in finalists
            )
            finalists = [runs for runs, could in zip(finalists, made, strict=True) if could]
            self._reserve_repeats()  # but for the first: one for each is worth more than any repeat

    def _try_families(self) -> None:
        """Try one recipe of each family on the best model: first what trains nothing, last what does most."""
        if self._over():
            return
        self._heading = "one recipe of each family of passes"
        run = self.finalists[0][0]
        self._try(self.proposals.quantizations_of_families(run))
        self._try(self.proposals.families(run, self._compressed_from(run)))

    def _quantize_finalists(self) -> None:
        """Quantize the best model in every setting, and the other finalists' in the promising ones."""
        if self._over() or not self.finalists:
            return
        self._heading = "quantization after training"
        first, *others = (runs[0] for runs in self.finalists)
        quantizations = post_training_quantizations(self.space)
        self._try([(first, Recipe.from_params(first.params).uncompressed, quantizations)])
        promising = self.proposals.promising(self._compressed_from(first))
        self._try((run, Recipe.from_params(run.params).uncompressed, promising) for run in others)

    def _search(self) -> None:
        """Try other settings of promising families, and what the sampler proposes, a few at a time."""
        if self._over():
            return
        self._heading = "combinations, quality against bytes against latency"
        run, tried = self.finalists[0][0], -1
        while not self._over() and len(self.compressed) > tried:
            tried = len(self.compressed)
            self._reserve_repeats()
            self._try(self.proposals.further(run, self._compressed_from(run)))

    def _repeat_wanted(self) -> None:
        """Try what may be advised again on the models of the other seeds, asking after each what that is."""
        self.clock.reserve_seconds, self._repeating = 0.0, True
        if self._over():
            return
        self._heading = "what may be advised, on the models of the other seeds"
        tried = -1
        while not self._over() and len(self.compressed) > tried:
            tried = len(self.compressed)
            runs = [run for run in self.records if run.number not in self.runner.lost]
            repeats = next_repeats(self.wanted(self.records), runs, self._tried())
            self._try((run, recipe, (recipe.quantization,)) for run, recipe in repeats)

    def _compressed_from(self, run: Record) -> list[Record]:
        """Return the compression trials of a run's model."""
        return [record for record in self.compressed if record.source == run.number]

    def _fits_time(self, run: Record, recipe: Recipe) -> bool:
        """Tell whether a way should end in the time that is left; one that only evaluates is always begun."""
        seconds, trained = self.clock.seconds_to_stop(), Recipe.from_params(run.params)
        cheap = not training_epochs(recipe, trained)
        return seconds is None or cheap or price_seconds(recipe, trained, run) <= seconds

    def _try(self, ways: Iterable[Way]) -> list[bool]:
        """Make models side by side, and deploy each in every quantization that was not tried yet.

        No more trials than the budget has are begun. Return of each model whether it could be made, as far as
        is known.
        """
        tried, left, chains = self._tried(), self._trials_left(), []
        for run, recipe, quantizations in ways:
            if not self._fits_time(run, recipe):
                continue
            choices = (recipe.quantization,) if recipe.quantization.aware else quantizations
            recipes = [replace(recipe, quantization=choice) for choice in choices]
            recipes = [way for way in recipes if (run.number, way.to_params()) not in tried]
            recipes = recipes[: max(0, left)]
            tried += [(run.number, way.to_params()) for way in recipes]
            left -= len(recipes)
            chains.append(self.runner.chain(run, recipes, self._others_of_seed(run)))
        if self._heading and any(chain.trials for chain in chains):
            self.listen(Event(stage="compress", note=self._heading))
            self._heading = ""
        self.runner.make(chains)
        return [chain.made for chain in chains]

    def _reserve_repeats(self) -> None:
        seconds = reserve_seconds(self.plan.budget.seconds or 0.0, self.runner.longest_seconds)
        self.clock.reserve_seconds = seconds if self._repeats_share else 0.0

    @property
    def _repeats_share(self) -> float:
        """Return the share of the budget for repeats: none once they begin, or without other seeds."""
        repeatable = any(len(runs) > 1 for runs in self.finalists)
        return REPEATS_SHARE if repeatable and not self._repeating else 0.0

    def _write_entry(self, **changes: Any) -> None:
        """Write to the manifest how far the compression is."""
        entry = replace(journal.manifest_of(self.study).compressing, **changes)
        journal.change_manifest(self.study, compression_study=entry)

    def _write_finalists(self) -> None:
        self._write_entry(finalists=tuple(runs[0].optimizer for runs in self.finalists))

    def _leave_out_lost(self) -> None:
        """Leave out the finalists whose trained models cannot be had again."""
        if not self._over():
            self.finalists = [runs for runs in self.finalists if runs[0].number not in self.runner.lost]
            self._write_finalists()

    def _others_of_seed(self, run: Record) -> list[Record]:
        """Return the other finalists' runs of the same seed."""
        return [
            other
            for runs in self.finalists
            for other in runs
            if other.seed == run.seed and other.number != run.number
        ]

    def _tried(self) -> list[tuple[int | None, Any]]:
        return [(record.source, record.params) for record in self.compressed if record.state != "pruned"]

    def _trials_left(self) -> int:
        """Return how many trials may be begun, as the rest of the budget is reserved for repeats."""
        trials = self.plan.budget.trials
        if trials is None:
            return sys.maxsize
        return math.ceil(trials * (1.0 - self._repeats_share) - 1e-9) - len(self.compressed)

    def _over(self) -> bool:
        """Tell whether nothing more may be tried."""
        return self.clock.must_stop() or self._trials_left() <= 0
