"""Search: reference recipes and starts, the race, the confirmation; trials go to Optuna and the journal.

Rounds ask the same number of recipes of every surviving optimizer, so that none is credited for being sampled
more. Every trial of the race starts from the study's seed, and what is proposed depends on the records alone.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from studies.engines.in_process import InProcess
from studies.quantities import several
from studies.recipe import Recipe
from studies.record import Record, Stage
from studies.search.clock import Clock
from studies.search.confirm import ATTEMPTS, MOST_SEEDS, Preference
from studies.search.confirmation import Confirmation
from studies.search.event import Event
from studies.search.pruner import ETA, WHOLE_RUNS, survivors
from studies.search.runner import TrialRunner
from studies.search.sampler import NO_LIMITS, SEED_STRIDE, sample_recipes
from studies.trials.allowance import Allowance
from studies.trials.host import TrialHost
from studies.trials.open_trial import Group, OpenTrial
from studies.trials.study_files import StudyFiles

if TYPE_CHECKING:
    import optuna

    from studies.engines.engine import Engine
    from studies.loaded_workload import LoadedWorkload
    from studies.optimizers import OptimizerChoice
    from studies.plans.plan import Plan
    from studies.training_function.function import Function

HALVINGS: Final = (1 / 3, 2 / 3)
"""Shares of the race after which the weaker half of the optimizers is left out."""
FEWEST_OPTIMIZERS: Final = 2
"""So many are never left out."""


class Search:
    """Search of one study.

    Args:
        study: an open study.
        workload: what to train on.
        plan: what to search for.
        clock: what it may spend.
        engine: where trials train; None trains them in this process.
        listen: told of every event; must be quick.
        files: what is written beside the journal; none by default.
        allowance: what time and memory a trial may take; None for what others took, many times over.
        prefer: which recipes the evidence prefers, so that these are confirmed; None goes by mean quality.
    """

    def __init__(  # noqa: PLR0913 - what a search is made of
        self,
        study: optuna.Study,
        workload: LoadedWorkload | Function,
        plan: Plan,
        *,
        clock: Clock,
        engine: Engine | None = None,
        listen: Callable[[Event], None] = lambda event: None,
        files: StudyFiles | None = None,
        allowance: Allowance | None = None,
        prefer: Preference | None = None,
    ) -> None:
        self.study, self.workload, self.plan, self.clock, self.listen = study, workload, plan, clock, listen
        self.runner = TrialRunner(
            study,
            workload,
            plan,
            engine=engine or _in_process(workload, plan, clock),
            clock=clock,
            listen=listen,
            files=files or StudyFiles(),
            allowance=allowance or Allowance(epochs=plan.epochs),
        )
        self.space, self.records, self.rungs = self.runner.space, self.runner.records, self.runner.rungs
        self.direction = workload.metric.direction
        self.confirmation = Confirmation(self.runner, prefer)

    def run(self) -> None:
        """Work until the budget is used up or the user wants to stop."""
        self._release_orphans()
        self.confirmation.reserve()
        self._run_references()
        self._run_starts()
        self._race()
        self.confirmation.run()
        self.runner.finish()

    def _run_references(self) -> None:
        """Run each optimizer's own defaults whole; then, with another seed, those again that failed."""
        missing = [choice for choice in self.space.optimizers if not self._references(choice)]
        if missing:
            count, epochs = several(len(missing), "optimizer"), several(self.plan.epochs, "epoch")
            note = f"{count} at their own defaults, {epochs} each"
            self.listen(Event(stage="reference", note=note))
        self._train_references(missing, seed=self.plan.seed)
        for choice in self.space.optimizers:
            attempts = self._references(choice)
            if attempts and len(attempts) < ATTEMPTS and all(run.state == "failed" for run in attempts):
                note = f"{choice.name()} again with another seed, as it failed ({attempts[-1].error})"
                self.listen(Event(stage="reference", note=note))
                # beyond the seeds of confirmation, which have to be fresh
                self._train_references([choice], seed=self.plan.seed + 1 + MOST_SEEDS)

    def _references(self, choice: type[OptimizerChoice]) -> list[Record]:
        """Return an optimizer's reference runs that came to an end of their own."""
        runs = [record for record in self.records if record.stage == "reference"]
        return [record for record in runs if record.optimizer == choice.name() and not _cut_short(record)]

    def _train_references(self, choices: Sequence[type[OptimizerChoice]], *, seed: int) -> None:
        """Train the references of some optimizers, each by itself; the first ones where not all may be."""
        trials = [self._ask(self.space.reference(choice), "reference", seed=seed) for choice in choices]
        self._train_each(trials[: self._trials_left()])

    def _run_starts(self) -> None:
        trials: list[OpenTrial] = []
        surviving = self._surviving()
        tried = [record.params for record in self.records if record.searched and not _cut_short(record)]
        for start in self.plan.starts:
            recipe = self.space.recipe(self.space.point(Recipe.from_params(start.params)))
            if recipe.to_params() in tried or recipe.optimizer.name() not in surviving:
                continue
            if self._race_over() or len(trials) >= self._trials_left():
                break
            self.listen(Event(stage="start", note=f"{recipe.optimizer.name()} as in {start.origin}"))
            trials.append(self._ask(recipe, "start"))
        self._train_each(trials)

    def _train_each(self, trials: Sequence[OpenTrial]) -> None:
        """Train trials whole, each by itself."""
        groups = [Group(trials=[trial], at_least=1) for trial in trials]
        self.runner.train(groups, after_each=self.confirmation.reserve)

    def _race(self) -> None:
        if not self._race_over():
            rungs = ", ".join(map(str, self.rungs))
            self.listen(Event(stage="race", note=f"rungs at epochs {rungs}, compared within an optimizer"))
        while not self._race_over():
            self.confirmation.reserve()
            self.runner.train(self._round())

    def _round(self) -> list[Group]:
        """Return a round: new recipes of every surviving optimizer, from the records as they are now."""
        groups: list[Group] = []
        left = self._trials_left()
        for name in self._surviving():
            already = sum(len(group.trials) for group in groups)
            if (count := min(ETA, left - already)) < 1:
                break
            recipes = self._sample(name, count, already=already)
            trials = [self._ask(recipe, "race") for recipe in recipes]
            groups.append(Group(trials=trials, at_least=self._fewest_promoted(name)))
        return groups

    def _ask(self, recipe: Recipe, stage: Stage, *, seed: int | None = None) -> OpenTrial:
        """Open a search trial: all of a study's train on the same rows."""
        return self.runner.ask(recipe, stage, seed=seed, sample_rows=self.plan.sample_rows)

    def _sample(self, optimizer: str, count: int, *, already: int) -> list[Recipe]:
        return sample_recipes(
            self.space,
            self.records,
            optimizer,
            count=count,
            seed=self.plan.seed + SEED_STRIDE * already,  # no two optimizers of a round get the same draws
            direction=self.direction,
            limits=self.plan.limits if self.plan.compression == "joint" else NO_LIMITS,
        )

    def _surviving(self) -> tuple[str, ...]:
        """Return the optimizers still in the race; those without a whole run are out of it."""
        halvings = sum(self.clock.race_share(self._searched()) >= share for share in HALVINGS)
        keep = max(FEWEST_OPTIMIZERS, math.ceil(len(self.plan.candidates) / 2**halvings))
        return survivors(self.records, self.plan.candidates, self.direction, keep=keep)

    def _fewest_promoted(self, optimizer: str) -> int:
        """Return how many of an optimizer's new trials go on whatever their score."""
        searched = (record for record in self.records if record.optimizer == optimizer and record.searched)
        whole = sum(record.state == "complete" for record in searched)
        return 1 if whole < WHOLE_RUNS else 0

    def _searched(self) -> int:
        return sum(record.searched for record in self.records)

    def _trials_left(self) -> int:
        """Return how many more search trials the budget allows."""
        trials = self.plan.budget.trials
        return sys.maxsize if trials is None else max(trials - self._searched(), 0)

    def _race_over(self) -> bool:
        return self.clock.race_over(self._searched()) or not self._surviving()

    def _release_orphans(self) -> None:
        """End the trials that a killed process left running; what they tried is proposed anew."""
        from optuna.trial import TrialState

        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self.study.tell(trial.number, state=TrialState.FAIL)


def _in_process(workload: LoadedWorkload | Function, plan: Plan, clock: Clock) -> InProcess:
    host = TrialHost(workload=workload, plan=plan)
    return InProcess(host=host, stop=clock.must_stop, clock=lambda: clock.spent_seconds)


def _cut_short(record: Record) -> bool:
    return record.state == "pruned"
