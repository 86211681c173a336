"""Looks of the charts: one unit each, colours that stand out on both pages, grey behind the finalists."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.report.numbers import size_limit
from advisor.report.optimizer_styles import COLOURS
from advisor.report.units import unit_of
from dashboard import plot
from dashboard.charts import axes, curves, tradeoffs, trials
from dashboard.spotlight import MOST, MUTED, spotlit
from dashboard.widgets.parts import in_units
from studies import catalogue
from studies.direction import Direction
from studies.quantities import parse_bytes

from records import record

MAXIMIZE = Direction.MAXIMIZE
PAGES = {"light": "#FFFFFF", "dark": "#0E1117"}
NAMES = tuple(catalogue.choices("optimizer"))[: MOST + 4]


def luminance(colour):
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("colour", [*COLOURS, MUTED])
def test_every_colour_stands_out_from_both_pages(colour, page):
    low, high = sorted((luminance(colour), luminance(PAGES[page])))
    assert (high + 0.05) / (low + 0.05) >= 3  # WCAG 2.2, 1.4.11


def test_every_optimizer_has_a_look_of_its_own():
    looks = {(style.colour, style.symbol) for style in spotlit(NAMES[:MOST], (), MAXIMIZE).values()}
    assert len(looks) == MOST


def raced():
    ended = [
        record(place, name, 0.5 + place / 100, train_seconds=1.0 + place) for place, name in enumerate(NAMES)
    ]
    return (*ended, record(50, NAMES[0], 0.9, stage="confirm", seed=1, source=0))


def test_of_many_optimizers_the_finalists_are_in_colour_and_the_others_are_named_at_their_ends():
    style_of = spotlit(NAMES, raced(), MAXIMIZE)
    assert {name for name, style in style_of.items() if not style.muted} == {NAMES[0]}
    before = spotlit(NAMES, raced()[:-1], MAXIMIZE)
    assert {name for name, style in before.items() if not style.muted} == set(NAMES[-3:])

    figure = trials.best_so_far(raced(), style_of, metric="accuracy")
    shown = {trace.name for trace in figure.data if trace.showlegend is not False and trace.name}
    assert shown == {NAMES[0]}
    assert {trace.text[0].strip() for trace in figure.data if trace.mode == "text"} <= set(NAMES[1:])


@given(st.lists(st.floats(1e-7, 1e11), min_size=1, max_size=8), st.booleans())
def test_a_unit_writes_what_it_stands_for(values, seconds):
    unit = unit_of(values, seconds=seconds)
    middle = sorted(values)[len(values) // 2]
    figure = float(unit.write(middle).split()[0].replace(",", ""))
    assert figure * unit.per == pytest.approx(middle, rel=1e-3, abs=unit.per / 2)


@given(st.floats(1e-6, 1e9), st.floats(1.0, 1e4))
def test_a_log_axis_has_marks_of_1_2_or_5_from_a_factor_of_eight_on(low, factor):
    axis = axes.log_scale((low, low * factor))
    assert axis["tickvals"]
    assert not any("e+" in text for text in axis["ticktext"])
    if factor >= 10:
        assert {re.sub(r"[^1-9]", "", f"{mark:.0e}".split("e")[0]) for mark in axis["tickvals"]} <= {*"1235"}


def test_a_chart_says_title_axis_and_pointer_in_one_unit():
    runs = [
        record(place, "AdamW", 0.9, latency_seconds=seconds) for place, seconds in enumerate((1.41e-5, 3e-5))
    ]
    figure = tradeoffs.quality_by_cost(
        runs,
        spotlit(("AdamW",), runs, MAXIMIZE),
        tradeoffs.BY_NAME["latency"],
        metric="accuracy",
        direction=MAXIMIZE,
    )
    points = next(trace for trace in figure.data if trace.name == "AdamW")
    assert figure.layout.xaxis.title.text == "latency of one row (µs)"
    assert points.x == pytest.approx((14.1, 30.0))
    assert [about[2] for about in points.customdata] == ["14.1 µs", "30 µs"]
    assert in_units([{"latency_seconds": 1.41e-5}])[0]["latency_seconds"] == pytest.approx(14.1)


def test_large_qualities_are_written_whole():
    runs = [
        record(place, "AdamW", quality, direction="minimize")
        for place, quality in enumerate((14_340.0, 15_000.0))
    ]
    figure = trials.best_so_far(
        runs, spotlit(("AdamW",), runs, MAXIMIZE), metric="rmse", direction=Direction.MINIMIZE
    )
    assert figure.data[0].customdata[0] == "14,340"
    assert figure.layout.yaxis.separatethousands


def test_runs_outside_the_view_are_counted():
    qualities = [0.97, 0.972, 0.974, 0.976, 0.978, 0.1]
    runs = [record(place, "AdamW", quality, train_seconds=1.0) for place, quality in enumerate(qualities)]
    figure = tradeoffs.quality_by_cost(
        runs,
        spotlit(("AdamW",), runs, MAXIMIZE),
        tradeoffs.BY_NAME["time"],
        metric="accuracy",
        direction=MAXIMIZE,
    )
    assert "1 run below this view" in {note.text for note in figure.layout.annotations}


@pytest.mark.parametrize("text", ["40KB", "1MB", "1.5MB", "64MiB", "512KiB", "2GB", "1GiB"])
def test_a_limit_is_written_as_it_was_given(text):
    assert size_limit(parse_bytes(text)).replace(" ", "") == text


@given(st.integers(1, 10**12))
def test_a_limit_is_written_in_a_size_that_is_the_limit(count):
    assert parse_bytes(size_limit(count)) == pytest.approx(count, rel=6e-3)


@pytest.mark.parametrize(("theme", "paper"), PAGES.items())
def test_a_figure_in_a_file_has_an_opaque_background(theme, paper):
    figure = plot.on_theme(curves.learning_curves((), {}, curves.Axes(), metric="accuracy"), theme)
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == paper
