"""Learning curves: the medians, the figures as plain values, and the page on every kind of study."""

import math
from dataclasses import replace

import pytest

from advisor.analysis.learning_curves import band
from advisor.report.optimizer_styles import styles
from dashboard.charts import curves, looks
from dashboard.charts.curve_axes import Axes
from dashboard.charts.looks import untitled
from studies.direction import MINIMIZE
from studies.record import Measurement
from studies.storage.home import journal_path

from pages import OPTIMIZERS, RACE, STUDIES, fill, page, words
from records import record

LOOKS = styles(OPTIMIZERS)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("home"))


def drawn(records, axes=None, **fields):
    return curves.learning_curves(records, LOOKS, axes or Axes(), **{"metric": "accuracy"} | fields)


def traces(figure):
    return {trace.name: trace for trace in figure.data}


def test_a_band_is_the_median_and_the_middle_share_of_the_runs():
    runs = [[(1.0, value), (2.0, 2 * value)] for value in (1.0, 2.0, 3.0, 4.0, 5.0)]

    banded = band(runs, share=0.5)

    assert (banded.xs, banded.middle, banded.runs) == ((1, 2), (3, 6), 5)
    assert (banded.low, banded.high) == ((2, 4), (4, 8))
    assert band(runs, share=1.0).low == (1, 2)


def test_a_run_that_stopped_early_keeps_its_last_value():
    banded = band([[(1, 0.5), (2, 0.6)], [(1, 0.7), (2, 0.8), (3, 0.9)]])
    assert banded.middle == pytest.approx((0.6, 0.7, 0.75))


def test_a_band_begins_where_half_of_the_runs_have_begun():
    assert band([[(1, 0.0), (4, 0.0)], [(3, 0.0), (4, 0.0)], [(3, 0.0), (4, 0.0)]]).xs == (3, 4)


def test_over_seconds_a_band_has_as_many_points_as_a_screen_can_tell_apart():
    runs = [[(0.01 * step + 0.001 * run, 1.0) for step in range(1, 100)] for run in range(5)]
    banded = band(runs)
    assert len(banded.xs) <= 60
    assert set(banded.middle) == {1.0}


def test_no_curve_has_no_band():
    assert band([]) is None
    assert band([[]]) is None


def test_pruned_runs_are_faded_and_no_part_of_the_median():
    figure = drawn(RACE)
    whole, cut = traces(figure)["SGD, single runs"], traces(figure)["SGD, cut short"]

    assert cut.opacity < whole.opacity < 1
    assert traces(figure)["SGD"].y == tuple(point.valid_metric for point in RACE[0].curve)


def test_one_trace_draws_all_runs_of_an_optimizer_with_gaps_between():
    trace = traces(drawn(RACE))["AdamW, single runs"]
    assert trace.x.count(None) == 3
    assert [about[0] for about, x in zip(trace.customdata, trace.x, strict=True) if x is None] == [2, 4, 6]


def test_the_title_names_the_optimizer_whose_best_epochs_are_best():
    words = "AdamW does best: median accuracy 0.9 over the best epochs of 3 whole runs"
    assert untitled(drawn(RACE))[0] == words
    seeds = drawn(STUDIES["full"], Axes(over="seeds"))
    assert untitled(seeds)[0] == "AdamW reaches a median accuracy 0.93 over the best epochs of 3 seeds"
    assert drawn(STUDIES["failed"]).layout.title.text == "No trial is complete yet"


def test_a_run_that_was_best_before_its_end_counts_by_its_best_epoch():
    curve = RACE[0].curve
    late = replace(curve[-1], valid_metric=0.1)
    fell = replace(record(0, "SGD", 0.95), curve=(*curve[:-2], replace(curve[-2], valid_metric=0.95), late))
    assert untitled(drawn((fell, record(1, "AdamW", 0.9))))[0].startswith("SGD does best: accuracy 0.95")


def test_the_least_loss_does_best():
    good = record(0, "SGD", 0.2, direction="minimize")
    figure = drawn(
        (good, record(1, "AdamW", 0.4, direction="minimize")), direction=MINIMIZE, metric="log_loss"
    )
    assert figure.layout.title.text.startswith("SGD does best")
    assert figure.layout.yaxis.title.text == "validation log_loss (lower is better)"
    assert drawn(RACE, Axes(y="valid_loss")).layout.yaxis.title.text == "validation loss (lower is better)"


def test_axes_are_epochs_or_seconds_linear_or_log():
    figure = drawn(RACE, Axes(x="seconds", log_x=True, log_y=True))
    assert (figure.layout.xaxis.title.text, figure.layout.xaxis.type) == ("training time (s)", "log")
    assert figure.layout.yaxis.type == "log"
    assert traces(figure)["SGD"].x[0] == pytest.approx(0.2)
    assert (drawn(RACE).layout.xaxis.title.text, drawn(RACE).layout.xaxis.type) == ("epoch", "linear")


def test_what_cannot_be_drawn_is_left_out():
    points = tuple(
        Measurement(
            epoch=epoch, step=epoch, seconds=epoch, train_loss=loss, valid_loss=loss, valid_metric=0.5
        )
        for epoch, loss in enumerate((1.0, math.inf, math.nan, 0.0), start=1)
    )
    broken = record(0, "SGD", 0.5, curve=points)
    assert Axes(y="valid_loss").points(broken) == [(1, 1), (4, 0)]
    assert Axes(y="valid_loss", log_y=True).points(broken) == [(1, 1)]


def test_a_chosen_trial_stands_out():
    figure = drawn(RACE, Axes(trial=3))
    assert figure.data[-1].name == "trial 3"
    assert figure.data[-1].line.width > figure.data[0].line.width


def test_thousands_of_runs_are_thinned_and_drawn_by_the_graphics_card():
    many = tuple(record(number, "SGD", 0.5 + number / 10_000) for number in range(2000))
    figure = drawn(many)
    single = traces(figure)["SGD, single runs"]
    assert single.type == "scattergl"
    assert single.x.count(None) == curves.MOST_RUNS
    assert traces(figure)["SGD"].hovertemplate.startswith("SGD, median of 2,000 runs")


def test_a_tint_lets_through_what_is_behind():
    assert looks.tinted("#0072B2", 0.16) == "rgba(0, 114, 178, 0.16)"


@pytest.mark.parametrize("name", STUDIES)
def test_the_page_shows_every_kind_of_study(name, home):
    shown = page("curves", home, name).run()
    assert (len(shown.exception), len(shown.title)) == (0, 1)
    assert f"Study {name}" in words(shown)


@pytest.mark.parametrize(
    ("name", "why"), [("begun", "No trial has ended yet"), ("failed", "the page Trials says why")]
)
def test_an_empty_page_says_which_command_fills_it(name, why, home):
    shown = page("curves", home, name).run()
    assert why in words(shown)
    assert shown.code[0].value.startswith(f"advisor resume {name}")


def test_a_page_says_how_many_lines_of_a_journal_cannot_be_read(tmp_path):
    home = fill(tmp_path)
    with journal_path(home, "full").open("ab") as file:
        file.write(b"\0" * 5000 + b"\n")
    shown = page("curves", home, "full").run()
    assert not shown.exception
    assert [said.value for said in shown.warning] == [
        "1 line of the journal of study 'full' cannot be read; the rest is shown"
    ]


def test_an_address_opens_the_page_as_it_was_shared(home):
    shown = page(
        "curves", home, "full", over="seeds", x="seconds", y="valid_loss", log_y="yes", trial="6"
    ).run()
    assert [box.value for box in shown.selectbox] == ["seeds", "seconds", "valid_loss", "6"]
    assert [toggle.value for toggle in shown.toggle] == [False, True, True]
    assert "Trial 6: AdamW" in words(shown)
    assert "optimizer: AdamW: lr 0.005" in words(shown)


def test_choices_are_written_into_the_address(home):
    shown = page("curves", home, "full").run()
    assert not shown.query_params
    shown.selectbox[1].select("seconds").run()
    shown.toggle[0].set_value(True).run()
    assert {key: "".join(value) for key, value in shown.query_params.items()} == {
        "x": "seconds",
        "log-x": "yes",
    }


def test_an_address_that_means_nothing_is_passed_over(home):
    shown = page("curves", home, "full", over="nonsense", trial="999").run()
    assert not shown.exception
    assert shown.selectbox[0].value == "trials"


def test_a_trial_that_failed_before_its_first_epoch_shows_why_and_what_it_printed(tmp_path):
    error = "the process ended with signal 11 (SIGSEGV) in epoch 1"
    died = record(1, "SGD", None, state="failed", error=error, output=("loading", "about to crash"), curve=())
    fill(tmp_path, {"crashed": (record(0, "AdamW", 0.9), died)})
    shown = page("curves", tmp_path, "crashed", trial="1").run()
    assert not shown.exception
    assert error in words(shown)
    assert "advisor logs crashed 1" in words(shown)
    assert [code.value for code in shown.code] == ["loading\nabout to crash"]
