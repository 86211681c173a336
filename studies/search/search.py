"""The search: reference recipes and starts, the race, the confirmation; every trial told to Optuna and kept in the journal.

Rounds ask the same number of recipes of every surviving optimizer, so that none is credited for being sampled
more. Every trial of the race starts from the study's seed, and what is proposed depends on the records alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from studies.measure.threads import threads
from studies.recipe import Recipe
from studies.record import Record, Stage
from studies.search.clock import Clock
from studies.search.confirm import repeats, reserve_seconds
from studies.search.pruner import ETA, WHOLE_RUNS, Score, promoted, rungs, score, survivors
from studies.search.sampler import NO_LIMITS, decided, propose
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
FLOOR: Final = 2
"""Optimizers that are never left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something worth showing: a stage that begins (with a note), or a trial that ended (with its record)."""

    stage: Stage
    note: str = ""
    record: Record | None = None


class Search:
    """One study being worked on.

    Args:
        study: an open study.
        workload: what to train on.
        plan: what was asked for.
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
            self.listen(
                Event(
                    stage="reference",
                    note=f"{len(missing)} optimizers at their own defaults, {self.plan.epochs} epochs each",
                )
            )
        for choice in missing:
            if self._race_over():
                return
            self._train([self._ask(self.space.reference(choice), "reference")], wanting=1)

    def _run_starts(self) -> None:
        for start in self.plan.starts:
            recipe = self.space.recipe(self.space.point(Recipe.from_params(start.params)))
            tried = [record.params for record in self.records if record.searched and not _cut_short(record)]
            if recipe.to_params() in tried or recipe.optimizer.name() not in self._surviving():
                continue
            if self._race_over():
                return
            self.listen(Event(stage="start", note=f"{recipe.optimizer.name()} as in {start.origin}"))
            self._train([self._ask(recipe, "start")], wanting=1)

    def _race(self) -> None:
        if not self._race_over():
            self.listen(
                Event(
                    stage="race",
                    note=f"rungs at epochs {', '.join(map(str, self.rungs))}, compared within an optimizer",
                )
            )
        while not self._race_over():
            for name in self._surviving():
                self._keep_back()
                count = self._round_size()
                if count < 1 or self._race_over():
                    break
                asked = propose(
                    self.space, self.records, name, count=count, seed=self.plan.seed, direction=self.direction,
                    limits=self.plan.limits if self.plan.compression == "joint" else NO_LIMITS,
                )  # fmt: skip
                self._train([self._ask(recipe, "race") for recipe in asked], wanting=self._wanting(name))

    def _confirm(self) -> None:
        self.clock.reserve_seconds = 0.0
        missing = repeats(
            self._within_limits(), self.plan.candidates, self.direction, seed=self.plan.seed, seconds=self.clock.seconds_left()
        )  # fmt: skip
        if missing and not self.clock.must_stop():
            self.listen(
                Event(
                    stage="confirm", note=f"{len(missing)} runs with fresh seeds, the same for every finalist"
                )
            )
        for run in missing:
            if self.clock.must_stop():
                return
            trial = self._ask(
                Recipe.from_params(run.record.params), "confirm", seed=run.seed, source=run.record.number
            )
            self._train([trial], wanting=1)

    def _ask(
        self, recipe: Recipe, stage: Stage, *, seed: int | None = None, source: int | None = None
    ) -> Trial:
        """Open a trial for a recipe; the sampler hands on the point that was decided already."""
        self.study.sampler = decided(self.space.point(recipe))
        optuna_trial = self.study.ask(self.space.distributions)
        seed = self.plan.seed if seed is None else seed
        return Trial(
            optuna_trial=optuna_trial, recipe=recipe, stage=stage, seed=seed, source=source,
            workload=self.workload, plan=self.plan,
        )  # fmt: skip

    def _train(self, trials: list[Trial], *, wanting: int) -> None:
        """Train trials of one optimizer rung by rung, and tell Optuna of each one that ends."""
        for rung in self.rungs:
            trials = [trial for trial in trials if self._reaches(trial, rung)]
            if not trials:
                return
            if rung == self.plan.epochs:
                for trial in trials:
                    self._tell(trial, Outcome(state="complete"))
                return
            seen = self._seen(trials[0].recipe.optimizer.name(), rung)
            chosen = promoted([self._score(trial, rung) for trial in trials], seen, wanting=wanting)
            for index, trial in enumerate(trials):
                if index not in chosen:
                    self._tell(
                        trial,
                        Outcome(state="pruned", error=f"not in its optimizer's best third at epoch {rung}"),
                    )
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
        self._keep(trial, record)
        trial.close()
        self.records.append(record)
        self.listen(Event(stage=trial.stage, record=record))

    def _keep(self, trial: Trial, record: Record) -> None:
        model = getattr(trial.training, "model", None)  # a training function holds its own to itself
        if (
            self.checkpoints is not None
            and model is not None
            and record.stage == "confirm"
            and record.state == "complete"
        ):
            self.checkpoints.save(record.number, model)

    def _surviving(self) -> tuple[str, ...]:
        """Return the optimizers still in the race; one whose reference run failed gets no second chance."""
        halvings = sum(self.clock.race_share(self._searched()) >= share for share in HALVINGS)
        keep = max(FLOOR, math.ceil(len(self.plan.candidates) / 2**halvings))
        return survivors(self.records, self.plan.candidates, self.direction, keep=keep)

    def _wanting(self, optimizer: str) -> int:
        whole = sum(record.optimizer == optimizer and record.state == "complete" for record in self.records)
        return 1 if whole < WHOLE_RUNS else 0

    def _seen(self, optimizer: str, rung: int) -> list[Score]:
        curves = (
            record.curve for record in self.records if record.optimizer == optimizer and record.searched
        )
        return [found for curve in curves if (found := score(curve, rung, self.direction))]

    def _score(self, trial: Trial, rung: int) -> Score:
        reached = (
            min(rung, trial.curve[-1].epoch) if trial.curve else rung
        )  # a run that ended early stands as it ended
        return score(trial.curve, reached, self.direction) or (math.inf, math.inf)

    def _within_limits(self) -> list[Record]:
        """Return the records without those that break a limit: what may not be used need not be confirmed."""
        return [record for record in self.records if not self.plan.enforced.broken_by(record)]

    def _searched(self) -> int:
        return sum(record.searched for record in self.records)

    def _round_size(self) -> int:
        return (
            ETA if self.plan.budget.trials is None else min(ETA, self.plan.budget.trials - self._searched())
        )

    def _race_over(self) -> bool:
        return self.clock.race_over(self._searched()) or not (
            self._searched() < len(self.plan.candidates) or self._surviving()
        )

    def _keep_back(self) -> None:
        if self.plan.budget.seconds is not None:
            self.clock.reserve_seconds = reserve_seconds(
                self._within_limits(), self.plan.candidates, self.direction, budget_seconds=self.plan.budget.seconds
            )  # fmt: skip

    def _release_orphans(self) -> None:
        """Outcome the trials that a killed process left running; what they tried is proposed anew."""
        from optuna.trial import TrialState

        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self.study.tell(trial.number, state=TrialState.FAIL)


def _cut_short(record: Record) -> bool:
    return record.state == "pruned"
