"""Search on a sample: few rows while it searches, all rows for the last word, never one against the other."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.cli.columns import text
from advisor.cli.trials import trial_rows
from advisor.decide.estimates import estimates
from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from advisor.jobs.reopening import reopen
from advisor.jobs.request import Request
from advisor.jobs.sample_size import FEWEST_RUNS, SMALL, SMALLEST, rows_to_search_on
from advisor.jobs.session import prepare
from advisor.jobs.work import conclude, work
from studies.errors import BadValue, BadWorkload
from studies.limits import Budget
from studies.record import Record
from studies.search.confirmation_rows import confirmation_rows, rounded_down
from studies.storage import journal

from records import facts, record

ROWS = 100_000


def asking(seconds: float | None = 60.0, **options):
    budget = Budget(trials=20) if seconds is None else Budget(seconds=seconds)
    return Request(source="digits", budget=budget, **options)


def large(*, run_seconds: float, rows: int = ROWS):
    """Return facts of a table of which one epoch is a step of so many seconds."""
    return replace(facts(), rows=rows, steps=1, step_seconds=run_seconds)


@pytest.fixture
def session(home):
    request = Request.of(
        "digits", budget="6trials", epochs=3, sample_rows=200, optimizers="AdamW,SGD", tracking_uri="off"
    )
    return prepare(request, home)


@pytest.fixture
def worked(session):
    work(session)
    return session


def records_of(session):
    return journal.records(journal.open_study(session.home, session.name))


def test_search_trials_train_on_the_sample_and_confirmation_on_all_rows(worked):
    searched = {run.sample_rows for run in records_of(worked) if run.searched}
    confirmed = {run.sample_rows for run in records_of(worked) if run.stage == "confirm"}

    assert (searched, confirmed) == ({200}, {None})


def test_the_size_of_the_sample_stays_when_a_study_is_opened_again(worked):
    assert reopen(worked.home, worked.name).plan.sample_rows == 200


def test_the_answer_and_the_notes_say_the_sample(worked):
    said = conclude(worked.home, worked.name).to_markdown()

    assert "200 of 1,079 training rows" in said
    assert "confirmed on all of them" in said
    assert any("Search trials train on 200 of 1,079 training rows, as asked" in note for note in worked.notes)


def test_the_trial_list_says_on_how_many_rows_each_trained(worked):
    rows = trial_rows(worked.home, worked.name)

    assert {row["sample_rows"] for row in rows} == {200, None}
    assert "rows" in text("trials", rows).splitlines()[0].split()
    assert json.dumps(rows)


def test_plain_models_train_on_the_rows_of_the_search(worked):
    manifest = journal.manifest_of(journal.open_study(worked.home, worked.name))

    assert manifest.sample_rows == 200
    assert manifest.yardsticks


def test_a_budget_that_holds_enough_runs_searches_on_all_rows():
    assert rows_to_search_on(asking(60), large(run_seconds=60 / FEWEST_RUNS), epochs=1) is None


@given(
    seconds=st.floats(1, 1e4),
    runs=st.floats(0.001, FEWEST_RUNS * 0.99),
    rows=st.integers(SMALL + 1, 10**9),
)
def test_a_budget_that_holds_few_runs_searches_on_a_sample(seconds, runs, rows):
    chosen = rows_to_search_on(asking(seconds), large(run_seconds=seconds / runs, rows=rows), epochs=1)

    assert chosen is not None
    assert SMALLEST <= chosen < rows


def test_few_rows_are_never_left_out_unasked():
    assert rows_to_search_on(asking(60), large(run_seconds=60, rows=SMALL), epochs=9) is None


def test_a_budget_in_trials_draws_a_sample_only_if_it_is_named():
    slow = large(run_seconds=1e6)

    assert rows_to_search_on(asking(None), slow, epochs=9) is None
    assert rows_to_search_on(asking(None, sample_rows="500"), slow, epochs=9) == 500


def test_none_switches_the_sample_off():
    assert rows_to_search_on(asking(1, sample_rows="none"), large(run_seconds=1e6), epochs=9) is None


@pytest.mark.parametrize("named", ["9", "-5", "few", "1e3", "9" * 5000, ""])
def test_a_size_that_cannot_be_trained_on_is_refused_in_a_line(named):
    with pytest.raises(BadValue, match=r"sample rows .* write 20000 or none") as refusal:
        rows_to_search_on(asking(60, sample_rows=named), large(run_seconds=1), epochs=1)

    assert len(str(refusal.value)) < 200


def test_a_training_function_takes_its_own_sample(home):
    with pytest.raises(BadWorkload, match="leave --sample-rows out"):
        prepare(Request.of(lambda recipe, report, seed: 0.5, metric="m", sample_rows=100), home)


def rows_of_confirmation(seconds, records=(), *, sample_rows=1_000):
    """Return the rows to confirm on where a run takes a second per thousand."""
    best = [record(0, "A", 0.9), record(1, "B", 0.8)]
    return confirmation_rows(
        records,
        best,
        all_rows=ROWS,
        sample_rows=sample_rows,
        seconds=seconds,
        cost_seconds=lambda run, rows: (ROWS if rows is None else rows) / 1000,
    )


def test_confirmation_is_on_all_rows_where_one_run_fits():
    assert rows_of_confirmation(100.0) is None


@given(seconds=st.floats(0, 99.9))
def test_else_on_the_largest_sample_that_two_finalists_have_time_for(seconds):
    rows = rows_of_confirmation(seconds)

    assert rows == max(1_000, rounded_down(min(seconds / 2 * 1000, ROWS)))


def test_confirmation_goes_on_where_it_began_until_all_rows_can_be_afforded():
    begun = [replace(record(2, "A", 0.9, stage="confirm", seed=1, source=0), sample_rows=4_000)]

    assert rows_of_confirmation(50.0, begun) == 4_000
    assert rows_of_confirmation(101.0, begun) is None


def test_runs_on_fewer_rows_do_not_count_once_there_are_runs_on_more():
    few = replace(record(2, "A", 0.5, stage="confirm", seed=1, source=0), sample_rows=100)
    more = record(3, "A", 0.9, stage="confirm", seed=1, source=0)
    evidence = Evidence(records=(record(0, "A", 0.4), few, more), candidates=("A",))

    assert [run.number for run in evidence.confirmations("A")] == [3]


def on_sample(*records):
    return tuple(replace(run, sample_rows=100) for run in records)


def test_a_trial_on_the_sample_is_not_held_against_a_run_on_all_rows():
    search = on_sample(record(0, "AdamW", 0.80), record(1, "SGD", 0.81))
    confirmed = (record(2, "AdamW", 0.92, stage="confirm", seed=1, source=0),)
    judged = estimates(Evidence(records=(*search, *confirmed), candidates=("AdamW", "SGD"))).by_optimizer

    assert judged["SGD"].gap < judged["AdamW"].gap
    assert judged["SGD"].variance > judged["AdamW"].variance


def test_the_runner_up_is_never_quoted_across_samples():
    search = on_sample(record(0, "AdamW", 0.80), record(1, "SGD", 0.79))
    confirmed = (record(2, "AdamW", 0.92, stage="confirm", seed=1, source=0),)
    answer = recommend(Evidence(facts=facts(), records=(*search, *confirmed), candidates=("AdamW", "SGD")))

    assert "other seeds, not confirmed" in str(answer)


def test_training_time_on_a_sample_is_reckoned_up_to_all_rows():
    search = on_sample(record(0, "AdamW", 0.80, train_seconds=2.0))
    answer = recommend(Evidence(facts=facts(), records=search, candidates=("AdamW",)))

    assert answer.costs["train_seconds"] == 2.0 * facts().rows / 100


def test_a_record_of_an_earlier_version_trained_on_all_rows():
    old = record(0, "AdamW", 0.9).to_dict()
    del old["sample_rows"]

    assert Record.from_dict(old).sample_rows is None
