"""Timeline: who had which trial when, and how busy the workers were; a search writes it down."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import advisor
from advisor.report.optimizer_styles import styles
from dashboard.charts import timeline
from studies.record import Record, Stint
from studies.storage.follow import read_study
from studies.trials.timeline import lanes, use

from records import record

STINTS = st.lists(
    st.tuples(st.integers(0, 3), st.floats(0, 1e4), st.floats(0.01, 100)), min_size=1, max_size=12
)


def with_stints(*stints):
    return tuple(
        replace(
            record(number, "AdamW", 0.9), stints=(Stint(worker=worker, began=1.7e9 + began, seconds=seconds),)
        )
        for number, (worker, began, seconds) in enumerate(stints)
    )


@given(STINTS)
def test_no_more_workers_are_busy_than_have_trials_at_once(stints):
    used = use(lanes(with_stints(*stints)))
    assert 0 <= used.busy <= used.most + 1e-6
    assert 1 <= used.most <= len({worker for worker, _, _ in stints})
    assert used.seconds <= max(began + seconds for _, began, seconds in stints) + 1e-3


def test_trials_in_lockstep_keep_one_worker_busy_once():
    used = use(lanes(with_stints((0, 0.0, 4.0), (0, 0.0, 4.0), (1, 2.0, 2.0))))
    assert (used.seconds, used.busy, used.most) == (pytest.approx(4.0), pytest.approx(1.5), 2)


def test_a_chart_has_a_lane_a_worker_and_says_how_busy_they_were():
    figure = timeline.timeline(with_stints((3, 0.0, 4.0), (7, 2.0, 2.0)), styles(("AdamW",)))
    assert list(figure.layout.yaxis.ticktext) == ["worker 1", "worker 2"]
    assert list(figure.data[0].base) == pytest.approx([0.0, 2.0])
    assert figure.layout.title.text == "2 trials in 4 s: 1.5 of 2 workers busy on average"
    assert timeline.timeline((), {}).layout.title.text == "No trial says when a worker had it"


def test_a_search_writes_down_when_its_workers_had_which_trial(home):
    study = advisor.search(
        "iris", home=home, budget="6trials", epochs=2, workers=0, tracking_uri="off", optimizers="AdamW,SGD"
    )
    records = read_study(home, study).records
    assert all(each.stints for each in records)
    assert all(
        sum(stint.seconds for stint in each.stints) == pytest.approx(each.wall_seconds) for each in records
    )
    assert all(Record.from_dict(each.to_dict()) == each for each in records)
    assert use(lanes(records)).most == 1
