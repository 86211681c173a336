"""A wish to stop: whoever works on a study hears it and answers; later it goes on with what is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import advisor
from advisor.jobs.budget_left import BudgetLeft, time_of
from studies.errors import StoreError
from studies.limits import Budget
from studies.storage.follow import read_study
from studies.storage.manifest import ASKED, StudyManifest
from studies.storage.manifest_entries import CompressionEntry
from studies.storage.stop_wish import is_wished, wish_to_stop

from records import record

SEARCH = {"budget": "30trials", "epochs": 2, "workers": 0, "tracking_uri": "off", "optimizers": "AdamW,SGD"}
SECONDS = st.floats(0.5, 1e5)


def test_a_wish_ends_a_search_in_order_and_it_goes_on_with_what_is_left(home):
    trials = 0

    def listen(event):
        nonlocal trials
        trials += event.record is not None
        if trials == 3:
            wish_to_stop(home, "iris-1")

    study = advisor.search("iris", home=home, listen=listen, **SEARCH)
    stored = read_study(home, study)
    left = BudgetLeft.of(stored.manifest, stored.records)

    assert stored.manifest.stopped == ASKED
    assert stored.manifest.recommendation is not None
    assert 3 <= len(stored.records) < 30
    assert left.trials == 30 - sum(each.searched for each in stored.records) > 0
    assert not is_wished(home, study)

    advisor.resume(study, workers=0, home=home, listen=lambda event: None)
    stored = read_study(home, study)
    assert stored.manifest.stopped == ""
    assert len(stored.records) > trials


def test_nobody_is_asked_to_stop_where_nobody_works(home):
    with pytest.raises(StoreError, match="nobody works on study 'none-1'"):
        wish_to_stop(home, "none-1")
    assert not home.exists()


@given(SECONDS, SECONDS, st.booleans(), st.booleans())
def test_what_is_left_is_never_more_than_was_given_nor_less_than_nothing(search, later, compresses, ended):
    entry = CompressionEntry(budget=Budget(seconds=later), spent_seconds=later / 2, ended=ended)
    manifest = StudyManifest(
        budget=Budget(seconds=search),
        spent_seconds=search / 4,
        compression_study=entry if compresses else None,
    )
    left = BudgetLeft.of(manifest, ())

    expected = 0.75 * search + (0.5 * later * (not ended) if compresses else 0.0)
    assert left.seconds == pytest.approx(expected)
    assert left.seconds <= left.of_seconds == pytest.approx(search + later * compresses)
    assert str(left) == f"{time_of(left.seconds, left.of_seconds)} are left"


def test_a_budget_in_trials_counts_those_of_the_search_alone():
    records = [record(0, "SGD", 0.8, stage="reference"), record(1, "SGD", 0.8, stage="confirm", source=0)]
    left = BudgetLeft.of(StudyManifest(budget=Budget(trials=2)), records)

    assert str(left) == "1 of 2 trials is left"
    assert not left.spent
    assert BudgetLeft.of(StudyManifest(budget=Budget(trials=1)), records).spent
    assert BudgetLeft.of(StudyManifest(), records).spent
