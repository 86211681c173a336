"""Opening of a search: each optimizer's own recipe and the starts of the plan, at the first rung together.

The better half of the recipes goes on at each rung, whatever their optimizers. Strictly compared, each is run
whole instead, so that no optimizer is judged before its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from studies.plans.fairness import STRICT
from studies.quantities import several
from studies.recipe import Recipe
from studies.record import OPENING_STAGES
from studies.rungs import compared_at
from studies.search.confirm import MOST_SEEDS
from studies.search.event import Event
from studies.search.group import Group, each_whole
from studies.search.promotion import BetterHalf

if TYPE_CHECKING:
    from studies.optimizers import OptimizerChoice
    from studies.record import Record, Stage
    from studies.search.runner import TrialRunner
    from studies.trials.open_trial import OpenTrial


class Opening:
    """Opening of one search.

    Args:
        runner: trains; its records are those of the search.
        after_each: called whenever a trial has ended.
    """

    def __init__(self, runner: TrialRunner, *, after_each: Callable[[], None]) -> None:
        self.runner, self.plan, self.space, self.listen = runner, runner.plan, runner.space, runner.listen
        self.after_each = after_each

    def run(self) -> None:
        """Train what has not been trained yet; then, with another seed, optimizers whose every run failed."""
        trials = self._due()[: self.runner.trials_left]
        if trials:
            self.listen(Event(stage="reference", note=self._note(trials)))
        self._train(trials)
        # beyond the seeds of confirmation, which have to be fresh
        seed = self.plan.seed + 1 + MOST_SEEDS
        for choice in self.space.optimizers:
            runs = self._ended(choice)
            failed = runs and all(run.state == "failed" and run.seed != seed for run in runs)
            if failed and self.runner.trials_left and not self.runner.clock.must_stop():
                note = f"{choice.name()} again with another seed, as it failed ({runs[-1].error})"
                self.listen(Event(stage="reference", note=note))
                self._train([self._ask(self.space.reference(choice), "reference", seed=seed)])

    def _due(self) -> list[OpenTrial]:
        """Return the trials to train: the first recipe of each optimizer, then the other starts."""
        starts = [self._recipe(start.params) for start in self.plan.starts]
        references = [
            self._ask(self.space.reference(choice), "reference")
            for choice in self.space.optimizers
            if not self._ended(choice) and (self.plan.fair == STRICT or not _any_of(starts, choice))
        ]
        known = [record.params for record in self.runner.records if record.searched and not record.cut_short]
        known += [trial.recipe.to_params() for trial in references]
        others: list[OpenTrial] = []
        for recipe in starts:
            if recipe.to_params() not in known:
                known.append(recipe.to_params())
                others.append(self._ask(recipe, "start"))
        return _one_of_each_first([*references, *others])

    def _recipe(self, params: Mapping[str, Any]) -> Recipe:
        return self.space.recipe(self.space.point(Recipe.from_params(params)))

    def _ask(self, recipe: Recipe, stage: Stage, *, seed: int | None = None) -> OpenTrial:
        return self.runner.ask(recipe, stage, seed=seed, sample_rows=self.plan.sample_rows)

    def _ended(self, choice: type[OptimizerChoice]) -> list[Record]:
        """Return an optimizer's runs of the opening that came to an end of their own."""
        runs = [record for record in self.runner.records if record.stage in OPENING_STAGES]
        return [record for record in runs if record.optimizer == choice.name() and not record.cut_short]

    def _train(self, trials: list[OpenTrial]) -> None:
        if self.plan.fair == STRICT:
            groups = each_whole(trials)
        else:
            groups = [Group(trials=trials, promotion=BetterHalf(at_least=1))] if trials else []
        self.runner.train(groups, after_each=self.after_each)

    def _note(self, trials: list[OpenTrial]) -> str:
        recipes = several(len(trials), "recipe")
        optimizers = several(len({trial.recipe.optimizer.name() for trial in trials}), "optimizer")
        if self.plan.fair == STRICT:
            return f"{recipes} of {optimizers} to start with, {several(self.plan.epochs, 'epoch')} each"
        compared = compared_at(self.plan.epochs) if len(trials) > 1 else ""
        where = f"; the better half goes on at {compared}" if compared else ""
        return f"{recipes} of {optimizers} to start with{where}"


def _one_of_each_first(trials: Iterable[OpenTrial]) -> list[OpenTrial]:
    """Return the first trial of each optimizer, then the others, both in the order they have."""
    firsts: dict[str, OpenTrial] = {}
    others = [
        trial for trial in trials if firsts.setdefault(trial.recipe.optimizer.name(), trial) is not trial
    ]
    return [*firsts.values(), *others]


def _any_of(recipes: Iterable[Recipe], choice: type[OptimizerChoice]) -> bool:
    return any(type(recipe.optimizer) is choice for recipe in recipes)
