"""A search ends by itself once going on is expected to gain less than the noise, and says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import advisor as api
from advisor.decide.outlook import outlook
from advisor.decide.value_of_trials import trend
from advisor.evidence import Evidence
from advisor.jobs.advice import advice
from advisor.jobs.reports import reported
from studies.limits import Budget, Limits
from studies.outlook import LEAST_TRIALS, WORTHWHILE, Outlook
from studies.plans.plan import Plan
from studies.search.clock import Clock
from studies.search.pruner import WHOLE_RUNS
from studies.search.search import Search
from studies.storage import journal

from journals import opened_or_new
from records import study

PLAN = Plan(
    candidates=("AdamW", "SGD"),
    schedules=("Cosine",),
    regularizers=(),
    epochs=2,
    batch_size=(30, 30, 90),
    budget=Budget(trials=36),
    limits=Limits(),
    exhaust=False,
)
GAPS = st.lists(st.floats(0, 2), min_size=1, max_size=40)


def ahead(records, trials_left, *, gain=0.0, noise=1.0):
    searched = sum(record.searched for record in records)
    return Outlook(trials=searched, trials_left=trials_left, gain=gain, noise=noise)


def searched(home, workload, plan=PLAN, *, forecast=ahead):
    """Search, or go on with a search; return its records, its outlook and what it said."""
    opened = opened_or_new(home, plan)
    notes: list[str] = []
    search = Search(
        opened,
        workload,
        plan,
        clock=Clock(budget=plan.budget),
        listen=lambda event: notes.append(event.note),
        forecast=forecast,
    )
    search.run()
    return journal.records(opened), search.going_on.outlook, notes


def of_search(records):
    return [record for record in records if record.searched]


def test_a_settled_search_ends_early_but_not_before_each_contender_had_its_runs(home, iris):
    records, reason, notes = searched(home, iris)

    assert LEAST_TRIALS <= len(of_search(records)) < 36
    for name in {record.optimizer for record in records if record.stage == "confirm"}:
        whole = [record for record in of_search(records) if record.optimizer == name and record.curve]
        assert sum(record.state == "complete" for record in whole) >= WHOLE_RUNS
    assert any(record.stage == "confirm" for record in records)
    assert [note for note in notes if note.startswith("stopped after")] == [
        f"stopped after {reason.trials} of 36 trials: {reason}"
    ]


def test_what_ended_early_goes_on_when_asked_to_exhaust_its_budget_and_stays_ended_otherwise(home, iris):
    first, reason, _ = searched(home, iris)
    again, same_reason, notes = searched(home, iris)

    assert again == first
    assert same_reason == reason
    assert any(note.startswith("stopped after") for note in notes)
    whole, none, _ = searched(home, iris, replace(PLAN, exhaust=True))
    assert len(of_search(whole)) == 36
    assert none is None


def test_a_search_goes_on_when_the_fresh_seeds_show_that_more_than_noise_may_be_gained(home, iris):
    def forecast(records, trials_left):
        confirmed = any(record.stage == "confirm" for record in records)
        return ahead(records, trials_left, noise=0.0 if confirmed else 1.0)

    records, reason, notes = searched(home, iris, forecast=forecast)

    assert len(of_search(records)) == 36
    assert reason is None
    assert any(note.startswith("on with the race") for note in notes)


def test_a_search_stays_ended_where_confirmation_took_what_was_left(home, iris):
    clock = Clock(budget=Budget(seconds=60))

    def forecast(records, trials_left):
        if any(record.stage == "confirm" for record in records):
            raise AssertionError("it was looked at again with nothing left")
        return ahead(records, trials_left)

    def listen(event):
        notes.append(event.note)
        if event.record is not None and event.record.stage == "confirm":
            clock.spent_before = 70

    plan, notes = replace(PLAN, budget=clock.budget), []
    opened = journal.create_study(home, "s", direction="maximize", manifest=plan.manifest())
    search = Search(opened, iris, plan, clock=clock, listen=listen, forecast=forecast)
    search.run()

    assert search.going_on.outlook is not None
    assert not any(note.startswith("on with the race") for note in notes)


@given(st.integers(0, 100), st.floats(0, 1), st.floats(0, 1))
def test_it_takes_a_minimum_of_trials_and_a_gain_lost_in_the_noise_to_settle(trials, gain, noise):
    there = Outlook(trials=trials, trials_left=10, gain=gain, noise=noise)

    assert there.settled == (trials >= LEAST_TRIALS and gain < WORTHWHILE * noise)


@given(GAPS, st.integers(1, 100))
def test_the_trend_is_no_rise_and_grows_with_the_trials_to_come(gaps, count):
    assert 0 <= trend(gaps, count) <= trend(gaps, count + 1)


@given(st.floats(0.01, 0.5), st.integers(2, 5))
def test_the_trend_of_a_steady_fall_is_that_fall(fall, doublings):
    gaps = [2.0]
    for doubling in range(doublings):
        gaps += [gaps[0] - (doubling + 1) * fall] * len(gaps)

    assert trend(gaps, len(gaps)) == pytest.approx(fall)


def test_an_outlook_speaks_of_the_metric_and_of_as_little_gain_as_was_seen_of_late():
    flat = {"AdamW": [0.8] + [0.9] * 19, "SGD": [0.85] * 20}
    evidence = Evidence(records=study(flat), candidates=("AdamW", "SGD"), valid_rows=1000)
    rising = {"AdamW": [0.5 + 0.02 * trial for trial in range(20)], "SGD": [0.85] * 20}
    there, other = outlook(evidence, 40), outlook(replace(evidence, records=study(rising)), 40)

    assert 0 <= there.gain < other.gain < 0.1
    assert 0 < there.noise < 0.05
    assert (there.trials, there.trials_left) == (40, 40)


def test_the_answer_of_a_search_that_ended_early_says_so_and_why(home):
    words = {"model": "linear", "optimizers": "SGD", "batch_size": "full", "epochs": 2, "tracking_uri": "off"}
    name = api.search("iris", budget="400trials", home=home, **words)
    manifest = journal.manifest_of(journal.open_study(home, name))
    (said,) = [line for line in advice(home, name).would_change if line.kind == "stopped_early"]

    assert manifest.outlook is not None
    assert manifest.outlook.trials < 400
    assert str(manifest.outlook) in str(said)
    assert str(manifest.outlook) in str(reported(home, name))
