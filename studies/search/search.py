"""Search: the opening, the race, the confirmation; trials go to Optuna and the journal.

Rounds ask the same number of recipes of every surviving optimizer, so that none is credited for being sampled
more. Every trial of the race starts from the study's seed, and what is proposed depends on the records alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from studies.engines.in_process import InProcess
from studies.plans.fairness import STRICT
from studies.recipe import Recipe
from studies.rungs import ETA, compared_at
from studies.search.clock import Clock
from studies.search.confirm import Preference
from studies.search.confirmation import Confirmation
from studies.search.event import Event
from studies.search.going_on import Forecast, GoingOn
from studies.search.group import Group
from studies.search.opening import Opening
from studies.search.promotion import BestThird
from studies.search.pruner import (
    HALVINGS,
    WHOLE_RUNS,
    contenders,
    in_contention,
    race_size,
    survivors,
)
from studies.search.runner import TrialRunner
from studies.search.sampler import NO_LIMITS, SEED_STRIDE, sample_recipes
from studies.trials.allowance import Allowance
from studies.trials.host import TrialHost
from studies.trials.study_files import StudyFiles

if TYPE_CHECKING:
    import optuna

    from studies.engines.engine import Engine
    from studies.loaded_workload import LoadedWorkload
    from studies.plans.plan import Plan
    from studies.record import Record
    from studies.training_function.function import Function

EVEN: Final = 1.5
"""Times the seconds of another optimizer in the race that one may have had and still be asked for more
(judged)."""


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
        forecast: what further trials are expected to gain; None uses up the budget whatever that is.
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
        forecast: Forecast | None = None,
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
        self.space, self.records = self.runner.space, self.runner.records
        self.direction = workload.metric.direction
        self.confirmation = Confirmation(self.runner, prefer)
        self.going_on = GoingOn(self.runner, forecast)
        self._spent_seconds: dict[int, float] = {}

    def run(self) -> None:
        """Work until the budget is used up, going on is not worth it, or the user wants to stop."""
        self._release_orphans()
        self.confirmation.reserve()
        Opening(self.runner, after_each=self.confirmation.reserve).run()
        self._race()
        self.confirmation.run()
        while self.going_on.reopened():
            self._race()
            self.confirmation.run()
        self.runner.finish()

    def _race(self) -> None:
        if not self._race_over():
            self.listen(Event(stage="race", note=self._note()))
        while not self._race_over():
            self.confirmation.reserve()
            self.runner.train(self._round())

    def _note(self) -> str:
        if not (where := compared_at(self.plan.epochs)):
            return "new recipes, each run whole"
        return f"the best third of an optimizer's recipes goes on at {where}"

    def _round(self) -> list[Group]:
        """Return a round: new recipes of every surviving optimizer, from the records as they are now."""
        groups: list[Group] = []
        left = self.runner.trials_left
        for name in self._in_turn():
            already = sum(len(group.trials) for group in groups)
            if (count := min(ETA, left - already)) < 1:
                break
            recipes = self._sample(name, count, already=already)
            trials = [
                self.runner.ask(recipe, "race", sample_rows=self.plan.sample_rows) for recipe in recipes
            ]
            groups.append(Group(trials=trials, promotion=BestThird(at_least=int(self._is_guaranteed(name)))))
        return groups

    def _in_turn(self) -> list[str]:
        """Return the optimizers that recipes are asked of: those that have had as many seconds as others.

        Strictly compared they have as many recipes instead.
        """
        surviving = self._surviving()
        if self.plan.fair == STRICT:
            return list(surviving)
        seconds = {name: self._seconds_of(name) for name in surviving}
        return [name for name in surviving if seconds[name] <= EVEN * min(seconds.values())]

    def _seconds_of(self, optimizer: str) -> float:
        """Return what an optimizer's search trials took, or are counted at where the budget is in trials."""
        trials = (record for record in self.records if record.optimizer == optimizer and record.searched)
        return sum(self._spent(record) for record in trials)

    def _spent(self, record: Record) -> float:
        """Return that of one trial; without a whole epoch it counts as one, else who fails is always next."""
        if record.number not in self._spent_seconds:
            epochs = max(record.epochs, 1)
            self._spent_seconds[record.number] = self.runner.prices.rest_seconds(record, epochs)
        return self._spent_seconds[record.number]

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
        """Return the optimizers still in the race; those that have come to nothing are out of it.

        Strictly compared, only whole runs decide, and none is left out before a third of the race.
        """
        halvings = sum(self.clock.race_share(self.runner.searched) >= share for share in HALVINGS)
        rank = survivors if self.plan.fair == STRICT else contenders
        keep = race_size(len(self.plan.candidates), halvings, fair=self.plan.fair)
        return rank(self.records, self.plan.candidates, self.direction, keep=keep)

    def _is_guaranteed(self, optimizer: str) -> bool:
        """Tell whether the best of an optimizer's next trials goes on whatever its score."""
        searched = (record for record in self.records if record.optimizer == optimizer and record.searched)
        if sum(record.state == "complete" for record in searched) >= WHOLE_RUNS:
            return False
        return self.plan.fair == STRICT or in_contention(self.records, optimizer, self.direction)

    def _race_over(self) -> bool:
        surviving = self._surviving()
        if self.clock.race_over(self.runner.searched) or not surviving:
            return True
        return self.going_on.settled(guaranteed=any(map(self._is_guaranteed, surviving)))

    def _release_orphans(self) -> None:
        """End the trials that a killed process left running; what they tried is proposed anew."""
        from optuna.trial import TrialState

        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self.study.tell(trial.number, state=TrialState.FAIL)


def _in_process(workload: LoadedWorkload | Function, plan: Plan, clock: Clock) -> InProcess:
    host = TrialHost(workload=workload, plan=plan)
    return InProcess(host=host, stop=clock.must_stop, clock=lambda: clock.spent_seconds)
