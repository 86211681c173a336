"""Search: reference recipes and starts, the race, the confirmation; trials go to Optuna and the journal.

Rounds ask the same number of recipes of every surviving optimizer, so that none is credited for being sampled
more. Every trial of the race starts from the study's seed, and what is proposed depends on the records alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from studies.measure.threads import threads
from studies.quantities import several
from studies.recipe import Recipe
from studies.record import Record, Stage
from studies.search.clock import Clock
from studies.search.confirm import confirmation_runs, reserve_seconds
from studies.search.pruner import ETA, WHOLE_RUNS, Score, promote, rungs, score, survivors
from studies.search.sampler import NO_LIMITS, fixed_sampler, sample_recipes
from studies.search.trial import Outcome, Trial
from studies.storage import journal

if TYPE_CHECKING:
    import optuna

    from studies.loaded_workload import LoadedWorkload
    from studies.search.checkpoints import Checkpoints
    from studies.search.plan import Plan
    from studies.training_function.function import Function

HALVINGS: Final = (1 / 3, 2 / 3)
"""Shares of the race after which the weaker half of the optimizers is left out."""
FEWEST_OPTIMIZERS: Final = 2
"""So many are never left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Event of a search: a stage that begins (with a note), or a trial that ended (with its record)."""

    stage: Stage
    note: str = ""
    record: Record | None = None


class Search:
    """Search of one study.

    Args:
        study: an open study.
        workload: what to train on.
        plan: what to search for.
        clock: what it may spend.
        listen: told of every event; must be quick.
        checkpoints: where the weights of confirmation runs go; None keeps none.
    """

    def __init__(
        self,
        study: optuna.Study,
        workload: LoadedWorkload | Function,
        plan: Plan,
        *,
        clock: Clock,
        listen: Callable[[Event], None] = lambda event: None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self.checkpoints = checkpoints
        self.study, self.workload, self.plan, self.clock, self.listen = study, workload, plan, clock, listen
        self.space = plan.space(workload)
        self.direction = workload.metric.direction
        self.rungs = rungs(plan.epochs)
        self.records = list(journal.records(study))

    def run(self) -> None:
        """Work until the budget is used up or the user wants to stop."""
        with threads(self.plan.threads):
            self._release_orphans()
            self._run_references()
            self._run_starts()
            self._race()
            self._confirm()

    def _run_references(self) -> None:
        done = {
            record.optimizer
            for record in self.records
            if record.stage == "reference" and not _cut_short(record)
        }
        missing = [choice for choice in self.space.optimizers if choice.name() not in done]
        if missing:
            count, epochs = several(len(missing), "optimizer"), several(self.plan.epochs, "epoch")
            note = f"{count} at their own defaults, {epochs} each"
            self.listen(Event(stage="reference", note=note))
        for choice in missing:
            if self._race_over():
                return
            self._train([self._ask(self.space.reference(choice), "reference")], at_least=1)

    def _run_starts(self) -> None:
        for start in self.plan.starts:
            recipe = self.space.recipe(self.space.point(Recipe.from_params(start.params)))
            tried = [record.params for record in self.records if record.searched and not _cut_short(record)]
            if recipe.to_params() in tried or recipe.optimizer.name() not in self._surviving():
                continue
            if self._race_over():
                return
            self.listen(Event(stage="start", note=f"{recipe.optimizer.name()} as in {start.origin}"))
            self._train([self._ask(recipe, "start")], at_least=1)

    def _race(self) -> None:
        if not self._race_over():
            rungs = ", ".join(map(str, self.rungs))
            self.listen(Event(stage="race", note=f"rungs at epochs {rungs}, compared within an optimizer"))
        while not self._race_over():
            for name in self._surviving():
                self._reserve_confirmation()
                count = self._round_size()
                if count < 1 or self._race_over():
                    break
                trials = [self._ask(recipe, "race") for recipe in self._sample(name, count)]
                self._train(trials, at_least=self._fewest_promoted(name))

    def _sample(self, optimizer: str, count: int) -> list[Recipe]:
        return sample_recipes(
            self.space,
            self.records,
            optimizer,
            count=count,
            seed=self.plan.seed,
            direction=self.direction,
            limits=self.plan.limits if self.plan.compression == "joint" else NO_LIMITS,
        )

    def _confirm(self) -> None:
        self.clock.reserve_seconds = 0.0
        missing = confirmation_runs(
            self._within_limits(),
            self.plan.candidates,
            self.direction,
            seed=self.plan.seed,
            seconds=self.clock.seconds_left(),
        )
        if missing and not self.clock.must_stop():
            note = f"{several(len(missing), 'run')} with fresh seeds, the same for every finalist"
            self.listen(Event(stage="confirm", note=note))
        for run in missing:
            if self.clock.must_stop():
                return
            recipe = Recipe.from_params(run.record.params)
            trial = self._ask(recipe, "confirm", seed=run.seed, source=run.record.number)
            self._train([trial], at_least=1)

    def _ask(
        self, recipe: Recipe, stage: Stage, *, seed: int | None = None, source: int | None = None
    ) -> Trial:
        """Open a trial for a recipe; the study's sampler hands on the point that was sampled already."""
        self.study.sampler = fixed_sampler(self.space.point(recipe))
        optuna_trial = self.study.ask(self.space.distributions)
        seed = self.plan.seed if seed is None else seed
        return Trial(
            optuna_trial=optuna_trial,
            recipe=recipe,
            stage=stage,
            seed=seed,
            source=source,
            workload=self.workload,
            plan=self.plan,
        )

    def _train(self, trials: list[Trial], *, at_least: int) -> None:
        """Train trials of one optimizer rung by rung, and tell Optuna of each one that ends.

        So many of them at least go on at every rung.
        """
        for rung in self.rungs:
            trials = [trial for trial in trials if self._reaches(trial, rung)]
            if not trials:
                return
            if rung == self.plan.epochs:
                for trial in trials:
                    self._tell(trial, Outcome(state="complete"))
                return
            earlier = self._scores(trials[0].recipe.optimizer.name(), rung)
            chosen = promote([self._score(trial, rung) for trial in trials], earlier, at_least=at_least)
            pruned = Outcome(state="pruned", error=f"not in its optimizer's best third at epoch {rung}")
            for index, trial in enumerate(trials):
                if index not in chosen:
                    self._tell(trial, pruned)
            trials = [trials[index] for index in sorted(chosen)]

    def _reaches(self, trial: Trial, rung: int) -> bool:
        outcome = trial.advance(rung, stop=self.clock.must_stop)
        if outcome is not None:
            self._tell(trial, outcome)
        return outcome is None

    def _tell(self, trial: Trial, outcome: Outcome) -> None:
        """End a trial and write down what it left behind."""
        record = trial.record(outcome, self.space.units(trial.recipe))
        for point in record.curve:
            if point.epoch in self.rungs:
                trial.optuna_trial.report(point.valid_metric, point.epoch)
        journal.tell(self.study, trial.optuna_trial, record, violation=outcome.violation)
        journal.change_manifest(self.study, spent_seconds=self.clock.spent_seconds)
        self._save_checkpoint(trial, record)
        trial.close()
        self.records.append(record)
        self.listen(Event(stage=trial.stage, record=record))

    def _save_checkpoint(self, trial: Trial, record: Record) -> None:
        model = getattr(trial.training, "model", None)  # a training function holds its own to itself
        confirmed = record.stage == "confirm" and record.state == "complete"
        if self.checkpoints is not None and model is not None and confirmed:
            self.checkpoints.save(record.number, model)

    def _surviving(self) -> tuple[str, ...]:
        """Return the optimizers still in the race; one whose reference run failed gets no second chance."""
        halvings = sum(self.clock.race_share(self._searched()) >= share for share in HALVINGS)
        keep = max(FEWEST_OPTIMIZERS, math.ceil(len(self.plan.candidates) / 2**halvings))
        return survivors(self.records, self.plan.candidates, self.direction, keep=keep)

    def _fewest_promoted(self, optimizer: str) -> int:
        """Return how many of an optimizer's new trials go on whatever their score."""
        searched = (record for record in self.records if record.optimizer == optimizer and record.searched)
        whole = sum(record.state == "complete" for record in searched)
        return 1 if whole < WHOLE_RUNS else 0

    def _scores(self, optimizer: str, rung: int) -> list[Score]:
        """Return the scores of an optimizer's earlier trials at a rung."""
        searched = (record for record in self.records if record.optimizer == optimizer and record.searched)
        scores = (score(record.curve, rung, self.direction) for record in searched)
        return [at_rung for at_rung in scores if at_rung]

    def _score(self, trial: Trial, rung: int) -> Score:
        # a run that ended early stands as it ended
        reached = min(rung, trial.curve[-1].epoch) if trial.curve else rung
        return score(trial.curve, reached, self.direction) or (math.inf, math.inf)

    def _within_limits(self) -> list[Record]:
        """Return the records without those that break a limit: what may not be used need not be confirmed."""
        return [record for record in self.records if not self.plan.enforced.broken_by(record)]

    def _searched(self) -> int:
        return sum(record.searched for record in self.records)

    def _round_size(self) -> int:
        trials = self.plan.budget.trials
        return ETA if trials is None else min(ETA, trials - self._searched())

    def _race_over(self) -> bool:
        return self.clock.race_over(self._searched()) or not (
            self._searched() < len(self.plan.candidates) or self._surviving()
        )

    def _reserve_confirmation(self) -> None:
        """Reserve the seconds of the budget that confirmation will take."""
        if self.plan.budget.seconds is not None:
            self.clock.reserve_seconds = reserve_seconds(
                self._within_limits(),
                self.plan.candidates,
                self.direction,
                budget_seconds=self.plan.budget.seconds,
            )

    def _release_orphans(self) -> None:
        """End the trials that a killed process left running; what they tried is proposed anew."""
        from optuna.trial import TrialState

        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self.study.tell(trial.number, state=TrialState.FAIL)


def _cut_short(record: Record) -> bool:
    return record.state == "pruned"
