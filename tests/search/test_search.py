"""The search on real data: the same study every time, stopped and resumed at will, every failure a record."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from optuna.trial import TrialState

from advisor.decide.failures import failures
from advisor.jobs.planning import plan_for
from advisor.jobs.request import Request
from advisor.jobs.workloads import open_and_profile
from studies.limits import Budget, Limits
from studies.plans.plan import Plan
from studies.record import count_states
from studies.search.clock import Clock
from studies.search.search import Search
from studies.storage import journal
from studies.workload_opening import open_source

from journals import opened_or_new

PLAN = Plan(
    candidates=("AdamW", "Nesterov", "SGD"),
    schedules=("Cosine", "Constant"),
    regularizers=("L2", "Dropout"),
    epochs=9,
    batch_size=(16, 32, 90),
    budget=Budget(trials=21),
    limits=Limits(),
)


@dataclass(kw_only=True)
class CountingClock(Clock):
    """A clock on which every look takes a hundredth of a second, so that a busy machine changes nothing."""

    looks: int = 0

    @property
    def spent_seconds(self):
        self.looks += 1
        return self.spent_before + self.looks / 100


def search(home, workload, plan=PLAN, *, name="s", stop_after=None, clock=Clock):
    """Search, or go on with a search; return the records."""
    study = opened_or_new(home, plan, name, direction=workload.metric.direction)
    heard = []
    stop = (lambda: len(heard) >= stop_after) if stop_after else (lambda: False)

    def listen(event):
        if event.record is not None:
            heard.append(event.record)

    Search(study, workload, plan, clock=clock(budget=plan.budget, stop=stop), listen=listen).run()
    return journal.records(study)


def trials_of(records):
    return [(r.number, r.state, r.stage, r.seed, dict(r.params), r.quality, r.test_quality) for r in records]


def test_the_same_seed_gives_the_same_study(home, iris):
    assert trials_of(search(home, iris, name="a")) == trials_of(search(home, iris, name="b"))


def test_another_seed_gives_another_study(home, iris):
    assert trials_of(search(home, iris, name="a")) != trials_of(
        search(home, iris, replace(PLAN, seed=1), name="b")
    )


def test_every_optimizer_begins_with_its_reference_recipe_and_runs_it_whole(home, iris):
    records = search(home, iris)
    first = records[:3]

    assert [record.optimizer for record in first] == list(PLAN.candidates)
    assert {(record.stage, record.state, record.epochs) for record in first} == {("reference", "complete", 9)}
    assert first[0].params["optimizer.AdamW.lr"] == 1e-3


def test_every_optimizer_in_the_race_is_asked_the_same_number_of_recipes_until_it_is_left_out(home, iris):
    records = search(home, iris)
    counts = [
        sum(r.stage == "race" and r.optimizer == name for r in records[:12]) for name in PLAN.candidates
    ]

    assert counts == [3, 3, 3]


def test_a_budget_of_trials_is_kept_to_the_trial(home, iris):
    records = search(home, iris)

    assert sum(record.stage != "confirm" for record in records) == 21
    assert count_states(records)["running"] == 0


def test_pruned_trials_stopped_at_a_rung_and_carry_no_test_score(home, iris):
    pruned = [record for record in search(home, iris) if record.state == "pruned"]

    assert pruned
    assert {record.epochs for record in pruned} <= {1, 3}
    assert {record.test_quality for record in pruned} == {None}


def test_only_confirmation_touches_the_test_split(home, iris):
    for record in search(home, iris):
        assert (record.test_quality is not None) == (record.stage == "confirm")


def test_finalists_share_their_fresh_seeds_and_whoever_may_still_win_has_three(home, iris):
    records = search(home, iris)
    confirmed = [record for record in records if record.stage == "confirm"]
    seeds = {
        name: {r.seed for r in confirmed if r.optimizer == name} for name in {r.optimizer for r in confirmed}
    }

    assert len(seeds) >= 2
    assert {1, 2, 3} in seeds.values()
    assert all(used == set(range(1, len(used) + 1)) for used in seeds.values())
    for record in confirmed:
        assert dict(record.params) == dict(records[record.source].params)


@pytest.mark.parametrize("stop_after", [1, 4, 9])
def test_a_stopped_search_goes_on_and_loses_nothing(home, iris, stop_after):
    before = search(home, iris, stop_after=stop_after)
    after = search(home, iris)

    assert trials_of(after)[: len(before)] == trials_of(before)
    assert sum(record.stage != "confirm" for record in after) == 21
    assert any(record.stage == "confirm" for record in after)


def test_a_resumed_search_with_a_spent_budget_adds_nothing(home, iris):
    assert trials_of(search(home, iris)) == trials_of(search(home, iris))


def test_more_budget_adds_trials_to_those_there_are(home, iris):
    before = search(home, iris)
    after = search(home, iris, replace(PLAN, budget=Budget(trials=27)))

    assert trials_of(after)[: len(before)] == trials_of(before)
    assert sum(record.stage != "confirm" for record in after) == 27


def test_a_trial_left_running_by_a_killed_process_is_ended(home, iris):
    study = journal.create_study(home, "s", direction="maximize", manifest=PLAN.manifest())
    study.ask()
    search(home, iris)

    states = [trial.state for trial in journal.open_study(home, "s").trials]
    assert states[0] == TrialState.FAIL
    assert TrialState.RUNNING not in states


def test_optuna_sees_pruned_and_diverged_trials_as_they_are(home, iris):
    search(home, iris)
    trials = sorted(journal.open_study(home, "s").trials, key=lambda trial: trial.user_attrs["trial"])

    searched = [left for left in journal.records(journal.open_study(home, "s")) if left.searched]
    for trial, record in zip(trials, searched, strict=True):
        assert (trial.state == TrialState.COMPLETE) == (record.state == "complete")
        assert (trial.constraints["feasible"] > 0) == (record.state == "infeasible")
        assert record.state != "complete" or trial.value == record.quality


def test_optuna_takes_no_trial_over_a_limit_for_the_best(home, iris):
    plan = replace(PLAN, budget=Budget(trials=4), limits=Limits(latency_seconds=1e-12))
    whole = [left for left in search(home, iris, plan) if left.state == "complete"]
    study = journal.open_study(home, "s")

    assert whole
    assert all(trial.constraints["feasible"] > 0 for trial in study.trials if trial.values)
    with pytest.raises(ValueError, match="No feasible trials"):
        _ = study.best_trial


@pytest.mark.parametrize("seconds", [3, 10])
def test_a_search_in_seconds_ends_in_time_with_a_confirmation(home, iris, seconds):
    """A look a hundredth of a second: a whole run takes about one, a trial's end and the clock besides."""
    plan = replace(PLAN, budget=Budget(seconds=seconds))
    clocks = []

    def clock(**options):
        clocks.append(CountingClock(**options))
        return clocks[-1]

    records = search(home, iris, plan, clock=clock)
    confirmed = [record for record in records if record.stage == "confirm" and record.state == "complete"]

    assert confirmed
    assert clocks[0].looks / 100 < 1.3 * seconds


def test_what_a_trial_took_is_measured_by_the_clock_of_the_budget(home, iris):
    """So what is reserved for confirmation is what it will take, however small a part of that is training."""
    records = search(home, iris, replace(PLAN, budget=Budget(seconds=15)), clock=CountingClock)
    whole = [record for record in records if record.state == "complete"]

    # a look after each step, and before and after each of three rungs
    assert all(100 * record.wall_seconds > record.curve[-1].step + 2 for record in whole)
    assert sum(record.wall_seconds for record in records) < 15
    assert sum(record.stage == "confirm" and record.state == "complete" for record in records) >= 3


def test_what_does_not_fit_the_memory_is_never_trained(home, iris):
    need = {record.optimizer: record.peak_bytes for record in search(home, iris, name="free")[:3]}
    limited = replace(PLAN, limits=Limits(train_bytes=(need["AdamW"] + need["Nesterov"]) // 2))
    records = search(home, iris, limited, name="limited")

    vetoed = [record for record in records if record.optimizer == "AdamW"]
    assert {record.state for record in vetoed} == {"infeasible"}
    assert all("the limit is" in record.error and not record.curve for record in vetoed)
    assert all(record.peak_bytes > limited.limits.train_bytes for record in vetoed)
    assert any(record.state == "complete" for record in records if record.optimizer == "SGD")


def test_an_optimizer_that_fits_in_memory_at_a_smaller_batch_is_tried_there(home):
    """At the reference batch of 32 rows SGD alone fits into 515 KiB; at 27 rows Nesterov does."""
    digits = open_source("digits")
    request = Request(
        source="digits",
        limits=Limits(train_bytes=515 * 1024),
        budget=Budget(trials=4),
        optimizers=("Nesterov", "SGD"),
        epochs=1,
    )
    workload, facts = open_and_profile(request, digits, budget=request.budget)
    plan, facts, findings = plan_for(request, workload, facts)
    records = search(home, workload, plan, name="tight")
    reference = next(record for record in records if record.optimizer == "Nesterov")

    assert plan.candidates == ("Nesterov", "SGD")
    assert not [finding for finding in findings if finding.verdict == "veto"]
    assert facts.forecast("Nesterov").peak_bytes > 515 * 1024
    assert reference.state == "complete"
    assert 16 <= reference.params["batch_size"] == plan.largest_batches["Nesterov"] < 32
    assert reference.peak_bytes <= 515 * 1024
    assert all(record.params["batch_size"] <= plan.largest_batches[record.optimizer] for record in records)
    assert Plan.of(journal.manifest_of(journal.open_study(home, "tight"))) == plan


FAILING = """
import torch

class Fragile(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 3)

    def forward(self, rows):
        if self.training and torch.rand(()) < 0.02:
            raise RuntimeError("a wire came loose")
        return self.layer(rows)
"""


RAISES = '            raise RuntimeError("a wire came loose")'


def test_a_trial_that_raises_is_a_record_and_the_search_goes_on(home, tmp_path):
    (tmp_path / "fragile.py").write_text(FAILING)
    workload = open_source("iris", model=f"{tmp_path / 'fragile.py'}:Fragile")
    records = search(home, workload, replace(PLAN, regularizers=("L2",)))

    failed = [record for record in records if record.state == "failed"]
    assert failed
    line = f"{tmp_path / 'fragile.py'}, line {FAILING.splitlines().index(RAISES) + 1}"
    assert {record.error for record in failed} == {f"{line}: RuntimeError: a wire came loose"}
    assert {failure.reason for failure in failures(failed)} == {failed[0].error}
    assert sum(record.stage != "confirm" for record in records) == 21


FAILS_ONCE = """
import torch

failures = []

class Once(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 3)

    def forward(self, rows):
        if self.training and not failures:
            failures.append("the first step of all")
            raise RuntimeError("a wire came loose")
        return self.layer(rows)
"""


def test_an_optimizer_whose_reference_failed_once_stays_in_the_race(home, tmp_path):
    (tmp_path / "once.py").write_text(FAILS_ONCE)
    workload = open_source("iris", model=f"{tmp_path / 'once.py'}:Once")
    records = search(home, workload, replace(PLAN, regularizers=("L2",)))
    references = [(record.optimizer, record.state) for record in records if record.stage == "reference"]

    assert references == [
        ("AdamW", "failed"), ("Nesterov", "complete"), ("SGD", "complete"), ("AdamW", "complete"),
    ]  # fmt: skip
    assert sum(record.stage == "race" and record.optimizer == "AdamW" for record in records) >= 3
    assert records[3].seed not in {record.seed for record in records if record.stage == "confirm"}


def test_an_optimizer_whose_reference_always_fails_is_tried_twice_and_no_more(home, tmp_path):
    (tmp_path / "never.py").write_text(FAILS_ONCE.replace("and not failures", ""))
    workload = open_source("iris", model=f"{tmp_path / 'never.py'}:Once")
    search(home, workload)
    records = search(home, workload)

    assert [record.optimizer for record in records] == 2 * list(PLAN.candidates)
    assert {record.state for record in records} == {"failed"}


def test_a_divergence_is_knowledge_and_not_a_failure(home, iris):
    wild = replace(
        PLAN, candidates=("SGD",), batch_size=(1, 1, 1), epochs=3, regularizers=(), budget=Budget(trials=10)
    )
    unscaled = replace(
        iris.dataset, train=replace(iris.dataset.train, inputs=iris.dataset.train.inputs * 1e4)
    )
    records = search(home, replace(iris, dataset=unscaled), wild)

    assert {record.state for record in records if record.error and "diverged" in record.error} == {
        "infeasible"
    }
    assert any(record.state == "infeasible" for record in records)


def test_the_search_leaves_torchs_random_numbers_alone(home, iris):
    torch.manual_seed(4)
    expected = torch.rand(2)
    torch.manual_seed(4)
    search(home, iris, replace(PLAN, budget=Budget(trials=4)))

    assert torch.equal(torch.rand(2), expected)
