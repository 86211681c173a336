"""Search space: what varied, what matters, what is at an edge, figures as plain values, and the page."""

import random

import pytest

from advisor.analysis.importances import FEWEST, importances, labels_above_chance
from advisor.analysis.searched_space import decay, edges, numbers, options, searched, steps_of
from advisor.analysis.surface import surface
from advisor.evidence import Evidence
from advisor.report.optimizer_styles import styles
from dashboard.charts.search_space import contour, parallel, slices
from dashboard.charts.search_space import importances as bars
from studies.direction import MAXIMIZE, MINIMIZE
from studies.space import Numeric

from pages import OPTIMIZERS, RACE, STUDIES, SWEEP, adamw, fill, page, words
from records import record

LOOKS = styles(OPTIMIZERS)
BATCHES = Numeric(low=16, high=128, default=32, scale="log", whole=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("home"))


def test_numbers_are_those_that_differ_among_the_trials_of_an_optimizer_lr_first():
    axes = numbers(SWEEP, "AdamW", batch_size=BATCHES)
    assert [axis.label for axis in axes] == ["lr", "decay horizon", "batch size"]
    assert axes[0].values[0] == 1e-4
    assert all(axis.known for axis in axes)
    assert not numbers(SWEEP, "SGD")


def test_a_number_lies_where_its_own_range_is_spaced():
    lr = numbers(SWEEP, "AdamW")[0]
    assert (lr.place(lr.span.low), lr.place(lr.span.high)) == (0, 1)
    assert lr.place((lr.span.low * lr.span.high) ** 0.5) == pytest.approx(0.5)


def test_the_range_of_an_optimizer_that_is_not_installed_is_that_of_its_values():
    trials = tuple(
        record(n, "Unknown", 0.9, params={"optimizer.Unknown.lr": lr}) for n, lr in enumerate((0.001, 0.1))
    )
    (lr,) = numbers(trials, "Unknown")
    assert (lr.known, lr.span.scale, lr.span.low, lr.span.high) == (False, "log", 0.001, 0.1)
    assert decay(trials, "Unknown") is None


def test_options_are_choices_and_each_regularizer_with_or_without():
    trials = (
        record(0, params={"schedule": "Cosine", "regularizers": "L2+Dropout"}),
        record(1, params={"schedule": "Step", "regularizers": "L2"}),
    )
    values_of = {option.label: option.values for option in options(trials, "AdamW")}
    assert values_of == {"schedule": {0: "Cosine", 1: "Step"}, "Dropout": {0: "with", 1: "without"}}


def test_the_weight_decay_is_the_one_that_torch_takes():
    first = SWEEP[0]
    decays = decay(SWEEP, "AdamW")
    assert steps_of(first) == 270
    assert decays.values[0] == pytest.approx(1 / (1e-4 * 270 * 0.3))
    assert steps_of(record(0, state="failed")) == 0


def test_a_pruned_trial_has_the_steps_of_the_whole_run():
    assert steps_of(record(0, quality=0.5, state="pruned")) == steps_of(record(1)) == 270


def test_confirmation_runs_are_no_part_of_the_search():
    assert [trial.number for trial in searched(STUDIES["full"], "AdamW")] == [2, 4, 6]


def test_a_best_value_on_the_end_of_its_range_is_named_with_the_range():
    best = record(
        1,
        quality=0.95,
        params={"optimizer.AdamW.lr": 0.03},
        units={"optimizer.lr": 1.0, "schedule.warmup": 0.3},
    )
    (edge,) = edges(Evidence(records=(record(0), best), candidates=("AdamW", "SGD")))
    assert (edge.subjects, edge.trials) == (("AdamW",), (1,))
    assert (edge.label, edge.value, edge.end) == ("lr", 0.03, "upper")
    assert edge.span == "3e-05 to 0.03, log"


def test_only_the_best_run_counts_for_the_edges():
    assert edges(Evidence(records=SWEEP, candidates=("AdamW",))) == ()


def noisy(runs, *, seed=0):
    """Return qualities that go with x in a hump, and with nothing else."""
    draw = random.Random(seed)  # noqa: S311
    xs = {trial: draw.uniform(-1, 1) for trial in range(runs)}
    other = {trial: draw.uniform(-1, 1) for trial in range(runs)}
    kind = {trial: draw.choice("ab") for trial in range(runs)}
    return (
        {trial: 1 - x * x + 0.05 * draw.gauss(0, 1) for trial, x in xs.items()},
        {"x": xs, "other": other},
        {"kind": kind},
    )


def test_a_best_value_in_the_middle_of_a_range_is_seen():
    shares = importances(*noisy(60))
    assert shares[0].label == "x"
    assert labels_above_chance(shares) == ("x",)
    assert shares[0].share > 0.5


def test_settings_without_effect_pass_for_chance_nineteen_times_in_twenty():
    named = 0
    for seed in range(200):
        draw = random.Random(seed)  # noqa: S311
        qualities = {trial: draw.random() for trial in range(30)}
        named += len(
            labels_above_chance(
                importances(qualities, {"x": {trial: draw.random() for trial in range(30)}}, {})
            )
        )
    assert 0.02 <= named / 200 <= 0.09


def test_importances_do_not_depend_on_the_order_of_trials():
    qualities, numbers_, options_ = noisy(30)
    turned = dict(reversed(qualities.items()))
    assert importances(turned, numbers_, options_) == importances(qualities, numbers_, options_)


def test_too_few_runs_tell_no_importance():
    assert importances(*noisy(FEWEST - 1)) == ()
    assert importances({}, {}, {}) == ()
    assert (
        importances(dict.fromkeys(range(20), 0.5), {"x": {trial: float(trial) for trial in range(20)}}, {})
        == ()
    )


def test_a_surface_is_blank_where_no_trial_is_near():
    points = [(0.1 + 0.01 * n, 0.1 + 0.01 * n, 1.0) for n in range(12)]
    smoothed = surface(points)
    assert smoothed.z[5][5] == pytest.approx(1.0)
    assert smoothed.z[-1][-1] is None
    assert surface(points[:11]) is None


def test_a_slice_is_a_panel_a_number_with_its_range():
    panels = slices.panels_of(numbers(SWEEP, "AdamW", batch_size=BATCHES))
    figure = slices.slices(SWEEP, panels, LOOKS, metric="accuracy")

    title = figure.layout.title.text.replace("<br>", " ")
    at = "the first at lr 0.001 and decay horizon 0.3"
    assert title == f"3 of 21 whole runs reach accuracy 0.95 (AdamW), {at}"
    assert [figure.layout[f"xaxis{at}"].title.text for at in ("", "2", "3")] == [
        "lr",
        "decay horizon",
        "batch size",
    ]
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.yaxis.title.text == "accuracy (higher is better)"
    assert {shape.x0 for shape in figure.layout.shapes} >= {3e-5, 0.03}
    assert sum(bool(trace.showlegend) for trace in figure.data if trace.name == "AdamW") == 1


def test_slices_fade_pruned_trials_and_keep_those_without_a_result_at_the_edge():
    trials = (*SWEEP, adamw(30, 1e-3, quality=0.6, state="pruned"), adamw(31, 2e-2, state="infeasible"))
    panels = slices.panels_of(numbers(trials, "AdamW"))
    traces = {trace.name: trace for trace in slices.slices(trials, panels, LOOKS, metric="accuracy").data}

    assert traces["AdamW, cut short"].marker.opacity < traces["AdamW"].marker.opacity
    assert traces["AdamW, without a result"].y[0] < 0.6
    assert "diverged" in traces["AdamW, without a result"].customdata[0][3]


def test_decays_near_one_are_spaced_by_their_distance_from_it():
    trials = tuple(
        record(n, params={"optimizer.AdamW.beta2": beta}) for n, beta in enumerate((0.9, 0.99, 0.999))
    )
    (panel,) = slices.panels_of(numbers(trials, "AdamW"))
    assert panel.xs == pytest.approx({0: 0.1, 1: 0.01, 2: 0.001})
    assert panel.axis["range"][0] > panel.axis["range"][1]  # 0.999 on the right
    assert {"0.9", "0.97", "0.99", "0.999"} <= set(panel.axis["ticktext"])


def test_all_optimizers_share_the_axes_of_their_own_ranges():
    panels = slices.shared_panels(SWEEP)
    assert [panel.title for panel in panels] == ["lr", "decay horizon"]
    assert max(panels[0].xs.values()) <= 1


def test_thousands_of_marks_are_drawn_by_the_graphics_card():
    many = tuple(adamw(n, 1e-4 * (1 + n / 100)) for n in range(6000))
    panels = slices.panels_of(numbers(many, "AdamW"))
    assert slices.slices(many, panels, LOOKS, metric="accuracy").data[0].type == "scattergl"


def test_parallel_coordinates_draw_the_best_fifth_in_colour():
    figure = parallel.parallel(
        SWEEP,
        numbers(SWEEP, "AdamW", batch_size=BATCHES),
        (),
        LOOKS["AdamW"],
        metric="accuracy",
        direction=MAXIMIZE,
    )
    rest, best = figure.data
    assert (best.name, rest.name) == ("best 6", "the other 15")  # a fifth, and what is as good
    assert best.opacity > rest.opacity
    assert figure.layout.xaxis.ticktext == ("lr", "decay horizon", "batch size", "accuracy")
    assert {about[0] for about in best.customdata if about[0] != ""} <= {trial.number for trial in SWEEP}


def test_of_losses_the_least_are_the_best_fifth():
    trials = tuple(adamw(n, 1e-3 + n / 1e4, quality=float(n)) for n in range(10))
    figure = parallel.parallel(
        trials, numbers(trials, "AdamW"), (), LOOKS["AdamW"], metric="rmse", direction=MINIMIZE
    )
    assert {about[0] for about in figure.data[1].customdata} == {0, 1, ""}


def test_a_contour_is_drawn_over_any_two_numbers_on_their_own_scales():
    settings = {each.label: each for each in numbers(SWEEP, "AdamW", batch_size=BATCHES)}
    pair = settings["batch size"], settings["decay horizon"]
    figure = contour.contour(SWEEP, pair, LOOKS["AdamW"], metric="accuracy")
    assert [trace.type for trace in figure.data] == ["contour", "scatter", "scatter"]
    assert figure.layout.xaxis.title.text == "batch size"
    assert min(figure.data[0].x) == pytest.approx(16)
    assert max(figure.data[0].y) == pytest.approx(30.0)
    assert "batch size" in figure.layout.title.text.replace("<br>", " ")


def test_a_contour_needs_trials_enough_else_the_points_stand_alone():
    pair = contour.pair_of(SWEEP, "AdamW")
    figure = contour.contour(SWEEP, pair, LOOKS["AdamW"], metric="accuracy")
    assert [trace.type for trace in figure.data] == ["contour", "scatter", "scatter"]
    assert "the first at lr 0.001 and weight decay" in figure.layout.title.text.replace("<br>", " ")

    few = contour.contour(SWEEP[:4], contour.pair_of(SWEEP[:4], "AdamW"), LOOKS["AdamW"], metric="accuracy")
    assert [trace.type for trace in few.data] == ["scatter", "scatter"]
    assert few.layout.title.text.replace("<br>", " ").endswith("4 whole runs are too few for a surface")
    assert contour.pair_of(RACE, "SGD") is None


def test_importances_say_when_they_mean_little():
    figure = bars.bars(importances(*noisy(20)), "AdamW", LOOKS["AdamW"])
    assert figure.layout.title.text == "AdamW: x matters most, and 20 whole runs tell little"
    solid, *faded = figure.data[0].marker.opacity
    assert solid == 1
    assert max(faded) < 1
    assert (
        bars.bars(importances(*noisy(60)), "AdamW", LOOKS["AdamW"]).layout.title.text
        == "AdamW: x matters most"
    )


@pytest.mark.parametrize("optimizer", ["", "all"])
@pytest.mark.parametrize("name", STUDIES)
def test_the_page_shows_every_kind_of_study(name, optimizer, home):
    shown = page("space", home, name, **({"optimizer": optimizer} if optimizer else {})).run()
    assert (len(shown.exception), len(shown.title)) == (0, 1)
    assert f"Study {name}" in words(shown)


def test_the_page_opens_on_the_optimizer_of_the_best_run_or_the_one_in_its_address(home):
    assert page("space", home, "full").run().selectbox[0].value == "AdamW"
    shown = page("space", home, "full", optimizer="SGD").run()
    assert shown.selectbox[0].value == "SGD"
    assert "All trials of SGD so far have the same numbers." in words(shown)


def test_the_page_warns_of_few_runs(home):
    assert "21 whole runs: these shares mean little." in words(page("space", home, "sweep").run())
    assert "too few whole runs to tell" in words(page("space", home, "full").run())


def test_the_page_warns_of_edges(tmp_path):
    best = adamw(0, 0.03, quality=0.99)
    shown = page("space", fill(tmp_path, {"edge": (best, *SWEEP[1:])}), "edge").run()
    assert "AdamW, trial 0: lr 0.03, the upper end of its range of 3e-05 to 0.03, log" in words(shown)


def test_an_empty_page_says_which_command_fills_it(home):
    shown = page("space", home, "begun").run()
    assert "No trial has ended yet." in words(shown)
    assert shown.code[0].value.startswith("advisor resume begun")
