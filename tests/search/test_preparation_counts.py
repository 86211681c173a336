"""Reading and profiling are a part of a budget in seconds; a fifth of it is for training all the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.jobs.preparation import overdrawn_note, preparation_note
from advisor.jobs.reopening import reopen
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from advisor.jobs.work import work
from studies.limits import LEAST_SECONDS, LEAST_SHARE, Budget
from studies.search.clock import Clock
from studies.storage import journal

seconds = st.floats(0, 1e6)
budgets = st.builds(Budget, seconds=st.none() | st.floats(0.01, 1e6), trials=st.none() | st.integers(1, 999))
SLOW = """
import time
import advisor
from sklearn.datasets import load_iris

time.sleep({seconds})
workload = advisor.Workload(train=load_iris(return_X_y=True))
"""


def least(budget):
    """Return the seconds that a search may train for in any case."""
    return min(budget.seconds, max(LEAST_SHARE * budget.seconds, LEAST_SECONDS))


@given(budget=budgets, spent=seconds)
def test_what_is_left_is_the_rest_but_never_less_than_a_fifth_or_two_seconds(budget, spent):
    left = budget.after(spent)

    assert left.trials == budget.trials
    if budget.seconds is None:
        assert left.seconds is None
    else:
        assert left.seconds == max(budget.seconds - spent, least(budget))


@given(budget=budgets, prepared=seconds)
def test_a_clock_ends_the_race_at_the_budget_or_a_fifth_of_it_after_reading(budget, prepared):
    clock = Clock(budget=budget, spent_before=prepared, prepared_seconds=prepared)

    assert clock.allowed_seconds >= prepared
    if budget.seconds is not None:
        assert clock.allowed_seconds == pytest.approx(max(budget.seconds, prepared + least(budget)))
        assert clock.seconds_left() <= clock.training_seconds


@given(budget=budgets, spent=seconds)
def test_a_third_of_the_budget_or_more_is_told_in_one_line(budget, spent):
    note = preparation_note(budget, spent)

    much = budget.seconds is not None and spent > budget.seconds / 3
    assert bool(note) == much
    assert "\n" not in note
    assert ("over the budget" in note) == (much and spent >= budget.seconds)


def test_the_seconds_of_reading_are_written_and_counted(tmp_path):
    session = prepare(Request.of("iris", budget="600s", epochs=3, tracking_uri="off"), tmp_path)

    manifest = journal.manifest_of(journal.open_study(tmp_path, session.name))
    assert 0 < manifest.prepared_seconds == manifest.spent_seconds < 600

    again = reopen(tmp_path, session.name)
    later = journal.manifest_of(journal.open_study(tmp_path, again.name))
    assert later.prepared_seconds > manifest.prepared_seconds
    assert later.spent_seconds == later.prepared_seconds

    reopen(tmp_path, session.name, searching=False)  # to compress, which has a budget of its own
    assert journal.manifest_of(journal.open_study(tmp_path, again.name)).spent_seconds == later.spent_seconds


def test_data_that_takes_longer_to_read_than_the_budget_is_trained_on_all_the_same(tmp_path):
    (tmp_path / "slow.py").write_text(SLOW.format(seconds=3))
    source = f"{tmp_path / 'slow.py'}:workload"
    asked_for = Request.of(source, budget="3s", optimizers="AdamW", epochs=3, tracking_uri="off")

    session = prepare(asked_for, tmp_path / "home")
    work(session)

    study = journal.open_study(session.home, session.name)
    note = overdrawn_note(journal.manifest_of(study))
    assert "over the budget of 3 s; training has 2 s more" in note
    assert note in session.notes
    assert session.plan.budget == Budget(seconds=3)
    assert journal.manifest_of(study).spent_seconds > 3
    assert any(record.state == "complete" for record in journal.records(study))
