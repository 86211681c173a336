"""Stacks of a search: the same trials share one for any number of workers, and the search is the same one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.jobs.planning import plan_for
from advisor.jobs.request import Request
from studies.engines.engine import Ending
from studies.engines.in_process import ONLY_WORKER, InProcess
from studies.limits import Budget, Limits
from studies.lockstep import measure
from studies.plans.fairness import CONTENTION
from studies.plans.plan import Plan
from studies.profiling.profile import profile
from studies.recipe import Recipe
from studies.search.clock import Clock
from studies.search.group import Group
from studies.search.promotion import BetterHalf
from studies.search.search import Search
from studies.search.stacking import stacked
from studies.storage import journal
from studies.storage.manifest import StudyManifest
from studies.trials import stack as stack_of_trials
from studies.trials.host import TrialHost
from studies.trials.open_trial import OpenTrial
from studies.trials.task import StackTask

PLAN = Plan(
    candidates=("AdamW", "Nesterov", "SGD", "Adagrad"),
    schedules=("Cosine", "Constant"),
    regularizers=(),
    epochs=9,
    batch_size=(32, 32, 32),
    budget=Budget(trials=10),
    limits=Limits(),
    fair=CONTENTION,
    lockstep=4,
)


def search(home, name, workload, plan=PLAN, engine=None):
    study = journal.create_study(home, name, direction="maximize", manifest=plan.manifest())
    Search(study, workload, plan, clock=Clock(budget=plan.budget), engine=engine).run()
    return journal.records(study)


def waiting(count, *, batch_size=32, rung=0):
    trials = [OpenTrial(recipe=Recipe(batch_size=batch_size), stage="race", seed=0) for _ in range(count)]
    group = Group(trials=trials, promotion=BetterHalf(at_least=1), rung=rung)
    return [(group, trial) for trial in trials]


def test_trials_of_one_shape_share_a_stack_and_too_few_are_handed_over_one_by_one():
    few, many, other = waiting(3, batch_size=16), waiting(9), waiting(4, rung=1)

    parts = stacked([*few, *many, *other], most=4)

    assert sorted(map(len, parts)) == [3, 3, 3, 3, 4]
    assert [entry for part in parts for entry in part if entry in many] == many
    assert all(len({(group.rung, trial.recipe.batch_size) for group, trial in part}) == 1 for part in parts)


def test_without_lockstep_every_trial_is_handed_over_by_itself():
    entries = waiting(5)

    assert stacked(entries, most=0) == [[entry] for entry in entries]


def test_a_search_in_lockstep_tries_the_same_first_recipes_and_measures_about_the_same(
    home, iris, monkeypatch
):
    stacks = []
    real = stack_of_trials.advance_together

    def noting(runs, *args, **options):
        endings = real(runs, *args, **options)
        stacks.append(sum(ending is not None for ending in endings))
        return endings

    monkeypatch.setattr(stack_of_trials, "advance_together", noting)
    together = search(home, "together", iris)
    assert max(stacks) == 4
    alone = search(home, "alone", iris, replace(PLAN, lockstep=0))

    for left, right in zip(together[:4], alone[:4], strict=True):
        assert left.params == right.params
        assert left.curve[0].valid_loss == pytest.approx(right.curve[0].valid_loss, rel=1e-4)


class LosesTheFirstStack(InProcess):
    """Engine whose worker dies under the first stack that it gets."""

    lost = 0

    def _run(self, handle, task):
        if isinstance(task.work, StackTask) and not self.lost:
            self.lost = len(task.work.tasks)
            return Ending(handle=handle, worker=ONLY_WORKER, cause="process", status=-9)
        return super()._run(handle, task)


def test_trials_whose_stack_dies_are_tried_again_one_by_one(home, iris):
    engine = LosesTheFirstStack(host=TrialHost(workload=iris, plan=PLAN))
    records = search(home, "s", iris, engine=engine)

    assert engine.lost == 4
    assert [record.state for record in records if record.searched].count("failed") == 0
    assert sum(record.searched for record in records) == 10


@pytest.mark.parametrize("lockstep", [0, 4])
def test_trials_that_were_pruned_are_held_no_longer(home, iris, lockstep):
    plan = replace(PLAN, lockstep=lockstep)
    host = TrialHost(workload=iris, plan=plan)
    records = search(home, "s", iris, plan, engine=InProcess(host=host))

    assert "pruned" in {record.state for record in records}
    assert not host._paused


def test_left_to_itself_a_search_stacks_trials_where_no_other_worker_waits_for_them(iris, monkeypatch):
    monkeypatch.setattr(measure, "stack_size", lambda *args, **options: 8)
    facts = profile(iris, batch_size=32, epochs=1)

    def size(**changes):
        words = {"source": "iris", "batch_size": "32", "budget": "60s", "workers": 1} | changes
        return plan_for(Request.of(**words), iris, replace(facts, step_seconds=1e-4))[0].lockstep

    assert [size(), size(workers=0), size(workers=2)] == [8, 8, 0]
    assert [size(budget="20trials"), size(batch_size=None), size(precision="bf16")] == [0, 0, 0]
    assert [size(compression="joint"), size(lockstep="off")] == [0, 0]
    assert size(workers=2, lockstep="on", budget="20trials", batch_size=None) == 16


def test_a_journal_of_an_earlier_version_trains_each_trial_by_itself():
    values = PLAN.manifest().to_dict()
    del values["lockstep"]

    assert Plan.of(StudyManifest.from_dict(values)).lockstep == 0
