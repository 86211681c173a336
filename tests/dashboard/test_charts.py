"""Charts of the dashboard as values: traces, titles, axes, colours."""

import math
import subprocess
import sys

import pytest

from advisor.report.optimizer_styles import styles
from dashboard.charts import trials as charts
from dashboard.charts.looks import untitled
from studies.direction import MINIMIZE

from pages import OPTIMIZERS, RACE, STUDIES
from records import record

LOOKS = styles(OPTIMIZERS)


def test_each_optimizer_has_one_colour_and_symbol_in_every_chart():
    drawn = [draw(RACE, LOOKS, metric="accuracy") for draw in (charts.quality_by_seconds, charts.best_so_far)]
    for trace in (trace for figure in drawn for trace in figure.data):
        look = LOOKS[trace.name.split(",")[0]]
        assert (trace.marker.color, trace.marker.symbol) == (look.colour, look.symbol)
    assert len({(look.colour, look.symbol) for look in styles(map(str, range(56))).values()}) == 56


def test_colours_stay_when_more_optimizers_come_in():
    assert styles((*OPTIMIZERS, "Adagrad")).items() >= LOOKS.items()


def test_quality_by_seconds_fades_what_was_cut_short_and_enlarges_confirmations():
    figure = charts.quality_by_seconds(STUDIES["full"], LOOKS, metric="accuracy")
    traces = {trace.name: trace for trace in figure.data}

    assert list(traces) == ["SGD", "SGD, cut short", "Momentum", "AdamW"]
    assert traces["SGD, cut short"].marker.opacity < traces["SGD"].marker.opacity == 1
    assert not traces["SGD, cut short"].showlegend
    assert traces["AdamW"].y == (0.9, 0.88, 0.93, 0.92, 0.94, 0.93)
    assert traces["AdamW"].x[0] == pytest.approx(1.8)
    sizes = traces["AdamW"].marker.size
    assert max(sizes[:3]) < min(sizes[3:])


def test_axes_name_their_units_and_the_title_the_finding():
    figure = charts.quality_by_seconds(RACE, LOOKS, metric="accuracy")
    assert figure.layout.xaxis.title.text == "training time (s)"
    assert figure.layout.yaxis.title.text == "validation accuracy (higher is better)"
    assert figure.layout.title.text == "Best single run: AdamW, accuracy 0.93 after 1.8 s of training"
    # the whole runs; the pruned one reached 0.7
    assert figure.layout.yaxis.range == pytest.approx((0.774, 0.956))

    figure = charts.best_so_far(RACE, LOOKS, metric="accuracy")
    assert figure.layout.xaxis.title.text == "trial number"
    assert figure.layout.title.text == "Best search trial: AdamW, accuracy 0.93, since trial 6"


def test_a_page_writes_the_title_above_a_chart_that_keeps_its_room():
    figure = charts.quality_by_seconds(RACE, LOOKS, metric="accuracy")
    titled = charts.quality_by_seconds(RACE, LOOKS, metric="accuracy")
    title, bare = untitled(figure)
    assert title == "Best single run: AdamW, accuracy 0.93 after 1.8 s of training"
    assert not bare.layout.title.text
    assert bare.layout.height - bare.layout.margin.t == titled.layout.height - titled.layout.margin.t
    assert (bare.data, bare.layout.meta) == (titled.data, titled.layout.meta)
    long = charts.quality_by_seconds(RACE, LOOKS, metric="accuracy" * 20)
    assert "<br>" in long.layout.title.text
    assert "<br>" not in untitled(long)[0]


def test_training_times_far_apart_are_drawn_on_a_log_axis():
    near, far = record(0, "SGD", 0.8, train_seconds=1.0), record(1, "SGD", 0.8, train_seconds=100.0)
    axis = charts.quality_by_seconds((near, far), LOOKS, metric="accuracy").layout.xaxis
    assert axis.type == "log"
    assert axis.ticktext[:4] == ("1", "2", "5", "10")
    assert charts.quality_by_seconds((near,), LOOKS, metric="accuracy").layout.xaxis.type == "linear"


def test_best_so_far_only_improves_and_leaves_confirmations_out():
    figure = charts.best_so_far(STUDIES["full"], LOOKS, metric="accuracy")
    adamw = next(trace for trace in figure.data if trace.name == "AdamW")

    assert list(zip(adamw.x, adamw.y, strict=True)) == [(2, 0.90), (6, 0.93), (7, 0.93)]
    assert adamw.line.shape == "hv"


def test_the_best_loss_is_the_least():
    trials = (record(0, "SGD", 0.4, direction="minimize"), record(1, "AdamW", 0.2, direction="minimize"))
    figure = charts.best_so_far(trials, LOOKS, metric="log_loss", direction=MINIMIZE)
    assert figure.layout.title.text == "Best search trial: AdamW, log_loss 0.2, since trial 1"
    assert figure.layout.yaxis.title.text == "validation log_loss (lower is better)"


@pytest.mark.parametrize(
    "trials", [(), STUDIES["failed"], STUDIES["pruned"], (record(0, "AdamW", float("nan")),)]
)
def test_figures_without_a_whole_run_say_so(trials):
    for draw in (charts.quality_by_seconds, charts.best_so_far):
        figure = draw(trials, LOOKS, metric="accuracy")
        assert figure.layout.title.text == "No trial is complete yet"
        assert all(math.isfinite(quality) for trace in figure.data for quality in trace.y)


def test_charts_are_light():
    check = (
        "import sys, dashboard.charts; dashboard.charts.plots(); "
        "sys.exit(any(m in sys.modules for m in ('torch', 'optuna', 'sklearn', 'streamlit')))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
