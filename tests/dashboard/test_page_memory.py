"""Memory: forecasts at any batch size against the limit and the measured peaks, the figures, and the page."""

import pytest

from advisor.analysis.memory_table import forecast_error, needs, typical_error
from advisor.report.optimizer_styles import styles
from dashboard.charts import memory
from studies.memory_forecast import Forecast, Moment

from pages import OPTIMIZERS, RACE, STUDIES, fill, page, words
from records import facts, record

KIB = 1024
FOLLOWED = facts(
    rows=1000,
    batch_size=32,
    forecasts=tuple(
        Forecast(
            optimizer=optimizer,
            weight_bytes=KIB,
            gradient_bytes=KIB,
            state_bytes=state,
            activation_bytes=32 * KIB,
            batch_size=32,
            moments=(
                Moment(fixed_bytes=10 * KIB + state, row_bytes=0.0),
                Moment(fixed_bytes=KIB + state, row_bytes=KIB),
            ),
        )
        for optimizer, state in (("AdamW", 2 * KIB), ("SGD", 0), ("LBFGS", 20 * KIB))
    ),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("home"))


def at(rows, limit=None, optimizers=("AdamW", "SGD")):
    return {need.optimizer: need for need in needs(FOLLOWED, optimizers, rows=rows, limit_bytes=limit)}


def test_the_peak_at_another_batch_size_is_that_of_the_moment_which_is_then_the_fullest():
    assert [at(rows)["SGD"].peak_bytes // KIB for rows in (1, 9, 32, 64)] == [10, 10, 33, 65]
    assert [at(rows)["AdamW"].activation_bytes // KIB for rows in (1, 32, 64)] == [1, 32, 64]


def test_the_largest_batch_is_what_still_fits_of_the_rows_there_are():
    table = at(32, limit=65 * KIB)
    assert {name: need.largest_batch for name, need in table.items()} == {"SGD": 64, "AdamW": 62}
    assert at(32, limit=10_000 * KIB)["SGD"].largest_batch == 1000
    assert at(32, limit=5 * KIB)["SGD"].largest_batch == 0
    assert at(64, limit=65 * KIB)["SGD"].fits
    assert not at(64, limit=65 * KIB)["AdamW"].fits
    assert at(32)["SGD"].largest_batch is None


def test_needs_come_least_first_and_without_those_that_were_not_forecast():
    assert list(at(32, optimizers=("AdamW", "Lion", "SGD"))) == ["SGD", "AdamW"]


def test_an_optimizer_that_needs_the_whole_set_is_held_at_it():
    assert at(32, optimizers=("LBFGS",))["LBFGS"].rows == 1000


def test_forecasts_are_held_against_trials_at_their_own_batch_size():
    trials = [
        record(n, "SGD", peak_bytes=peak * KIB, params={"batch_size": rows})
        for n, (rows, peak) in enumerate(((32, 33), (64, 78)))
    ]
    assert [forecast_error(FOLLOWED, trial) for trial in trials] == [0, pytest.approx(0.2)]
    assert typical_error(FOLLOWED, trials) == pytest.approx(0.1)
    assert forecast_error(FOLLOWED, record(0, "Lion")) is None
    assert typical_error(FOLLOWED, ()) is None


def test_the_bars_stack_the_parts_and_show_limit_and_measurements():
    measured = (
        record(3, "SGD", peak_bytes=34 * KIB),
        record(4, "SGD", peak_bytes=60 * KIB, params={"batch_size": 64}),
    )
    figure = memory.forecast_bars(tuple(at(32, limit=34 * KIB).values()), measured)
    traces = {trace.name: trace for trace in figure.data}

    assert figure.layout.barmode == "stack"
    title = figure.layout.title.text.replace("<br>", " ")
    assert title == "1 of 2 optimizers fits 34 KiB by forecast; SGD takes the least, 33 KiB"
    assert figure.layout.xaxis.title.text == "memory in training (KiB)"
    assert traces["weights"].x == (1, 1)
    assert traces["activations"].x == (32, 32)
    assert traces["forecast peak"].x == (33, 35)
    assert traces["measured"].customdata[0][0] == 3
    assert len(traces["measured"].x) == 1
    assert figure.layout.shapes[0].x0 == 34


def test_titles_say_what_training_takes_or_that_nothing_fits():
    assert (
        memory.forecast_bars(tuple(at(32).values())).layout.title.text
        == "Training is forecast to take 33 KiB (SGD) to 35 KiB (AdamW)"
    )
    assert memory.forecast_bars(tuple(at(32, limit=1).values())).layout.title.text.startswith(
        "No optimizer fits 1 B"
    )
    assert memory.forecast_bars(()).layout.title.text == "No forecast was made"


def test_measured_against_forecast_says_how_far_off():
    figure = memory.against_measured(facts(), RACE, styles(OPTIMIZERS))
    assert figure.layout.title.text == "Forecasts of memory are right to the byte (5 trials)"
    assert "no trial" in memory.against_measured(facts(), (), styles(OPTIMIZERS)).layout.title.text.lower()


@pytest.mark.parametrize("name", STUDIES)
def test_the_page_shows_every_kind_of_study(name, home):
    shown = page("memory", home, name).run()
    assert (len(shown.exception), len(shown.title)) == (0, 1)
    assert f"Study {name}" in words(shown)


def test_batch_size_and_budget_stand_in_the_address(tmp_path):
    home = fill(tmp_path, {"full": RACE}, facts=FOLLOWED.to_dict())
    shown = page("memory", home, "full", batch="64", budget="65 KiB").run()

    assert shown.selectbox[0].value == "64"
    assert list(shown.dataframe[0].value["fits"]) == ["yes", "no"]
    assert list(shown.dataframe[0].value["largest_batch"]) == [64, 62]

    shown.text_input[0].set_value("1 MiB").run()
    assert "".join(shown.query_params["budget"]) == "1 MiB"
    assert list(shown.dataframe[0].value["fits"]) == ["yes", "yes"]


def test_a_budget_that_is_no_size_is_answered_in_words(home):
    shown = page("memory", home, "full", budget="much").run()
    assert not shown.exception
    assert "much" in shown.error[0].value


def test_all_optimizers_are_shown_when_asked(home):
    few, every = (page("memory", home, "full", **address).run() for address in ({}, {"all": "yes"}))
    assert len(few.dataframe[0].value) == 3 < len(every.dataframe[0].value)


def test_a_study_without_forecasts_says_so(tmp_path):
    home = fill(tmp_path, {"own": RACE}, facts=facts(forecasts=()).to_dict())
    assert "No memory was forecast" in words(page("memory", home, "own").run())
