"""The opening of a search: starting recipes meet at the first rung, and the better half goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studies.limits import Budget, Limits
from studies.plans.fairness import CONTENTION, STRICT
from studies.plans.plan import Plan
from studies.recipe import Recipe
from studies.search.clock import Clock
from studies.search.runner import TrialRunner
from studies.search.search import Search
from studies.step_price import StepPrice
from studies.storage import journal
from studies.storage.manifest_entries import Start

from journals import opened_or_new
from records import record

NAMES = ("AdamW", "Nesterov", "SGD", "Adagrad")
STARTS = tuple(
    Start(params={"optimizer": name, f"optimizer.{name}.lr": lr}, origin="in the test")
    for name, lr in (("AdamW", 3e-3), ("AdamW", 1e-2), ("SGD", 0.3))
)
PLAN = Plan(
    candidates=NAMES,
    schedules=("Cosine", "Constant"),
    regularizers=(),
    epochs=9,
    batch_size=(16, 32, 90),
    budget=Budget(trials=5),
    limits=Limits(),
    starts=STARTS,
    fair=CONTENTION,
)


def search(home, workload, plan=PLAN, *, name="s", stop=lambda: False, listen=lambda event: None):
    study = opened_or_new(home, plan, name)
    Search(study, workload, plan, clock=Clock(budget=plan.budget, stop=stop), listen=listen).run()
    return [record for record in journal.records(study) if record.stage != "confirm"]


def test_an_optimizer_begins_with_its_first_start_and_needs_no_reference_of_its_own(home, iris):
    records = search(home, iris)

    assert [(record.optimizer, record.stage) for record in records] == [
        ("Nesterov", "reference"), ("Adagrad", "reference"), ("AdamW", "start"), ("SGD", "start"),
        ("AdamW", "start"),
    ]  # fmt: skip
    assert records[2].params["optimizer.AdamW.lr"] == 3e-3


def test_the_better_half_of_the_starting_recipes_goes_on_at_each_rung(home, iris):
    records = search(home, iris)

    assert sorted(record.epochs for record in records) == [1, 1, 1, 3, 9]
    assert {record.error for record in records if record.epochs == 1} == {
        "not in the better half of the starting recipes at epoch 1"
    }
    at_one = {record.number: record.curve[0].valid_metric for record in records}
    stopped = [at_one[record.number] for record in records if record.epochs == 1]
    assert all(at_one[record.number] >= max(stopped) for record in records if record.epochs > 1)


def test_strictly_compared_every_starting_recipe_is_run_whole_and_each_optimizer_has_its_own(home, iris):
    records = search(home, iris, replace(PLAN, fair=STRICT, budget=Budget(trials=7)))

    assert [record.stage for record in records] == ["reference"] * 4 + ["start"] * 3
    assert {record.epochs for record in records} == {9}


def test_fewer_trials_take_one_recipe_of_each_optimizer_first(home, iris):
    records = search(home, iris, replace(PLAN, budget=Budget(trials=4)))

    assert {record.optimizer for record in records} == set(NAMES)


def test_only_optimizers_in_contention_are_asked_for_more(home, iris):
    records = search(home, iris, replace(PLAN, budget=Budget(trials=20)))
    raced = {record.optimizer for record in records if record.stage == "race"}
    opening = [record for record in records if record.stage != "race"]
    furthest = max(opening, key=lambda record: record.epochs)

    assert 1 <= len(raced) <= 3
    assert furthest.optimizer in raced


def test_a_dear_optimizer_is_asked_for_no_more_seconds_than_the_others(home, iris):
    plan = replace(
        PLAN,
        candidates=("AdamW", "SGD"),
        budget=Budget(trials=40),
        starts=(),
        step_price=StepPrice(optimizer_seconds={"AdamW": 0.05, "SGD": 0.001}),
        exhaust=True,
    )
    raced = [record for record in search(home, iris, plan) if record.stage == "race"]
    epochs = {
        name: sum(record.epochs for record in raced if record.optimizer == name) for name in plan.candidates
    }

    assert epochs["SGD"] > 3 * epochs["AdamW"]


def test_an_optimizer_whose_trials_come_to_no_epoch_does_not_keep_the_others_waiting(home, iris):
    plan = replace(PLAN, candidates=("AdamW", "SGD"))
    study = journal.create_study(home, "s", direction="maximize", manifest=plan.manifest())
    running = Search(study, iris, plan, clock=Clock(budget=plan.budget))
    running.records += [
        record(0, "AdamW", 0.9, epochs=3),
        record(1, "SGD", 0.9, epochs=1),
        *(record(number, "SGD", state="infeasible") for number in range(2, 8)),
    ]

    assert running._in_turn() == ["AdamW"]


@pytest.mark.parametrize("ended", [1, 3])
def test_an_opening_that_was_stopped_goes_on_with_what_it_had_not_ended(home, iris, ended):
    heard = []
    search(home, iris, stop=lambda: len(heard) >= ended, listen=lambda event: heard.append(event.record))
    records = search(home, iris, replace(PLAN, budget=Budget(trials=10)))
    opening = [record for record in records if record.stage != "race" and not record.cut_short]

    assert len({Recipe.from_params(record.params) for record in opening}) == len(opening) == 5
    assert any(record.epochs == 9 for record in records)


def test_trials_that_wait_at_a_rung_when_time_is_up_are_written_and_told_to_have_been_stopped(
    home, iris, monkeypatch
):
    paused = []
    settle = TrialRunner._settle

    def counting(self, group):
        paused.append(len(group.arrived))
        settle(self, group)

    monkeypatch.setattr(TrialRunner, "_settle", counting)
    records = search(home, iris, stop=lambda: 3 in paused)

    assert [record.epochs for record in records] == [1, 1, 1]
    assert all(record.cut_short for record in records)


def test_a_journal_of_an_earlier_version_goes_on_strictly(home):
    study = journal.create_study(home, "old", direction="maximize", manifest=replace(PLAN).manifest())
    plain = {k: v for k, v in journal.manifest_of(study).to_dict().items() if k != "fair"}

    assert type(journal.manifest_of(study)).from_dict(plain).fair == STRICT
