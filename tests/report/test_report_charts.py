"""Charts of a report as values: which cost, whose marks, what is off the chart, where things are drawn."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from advisor.report.axis_marks import even_axis, log_axis
from advisor.report.numbers import number
from advisor.report.optimizer_styles import SYMBOLS, Style
from advisor.report.svg import CORNERS, mark
from advisor.report.units import unit_of
from advisor.study_report.curves_chart import curves_chart
from advisor.study_report.memory_chart import memory_chart
from advisor.study_report.quality_chart import quality_chart
from studies.limits import Limits
from studies.yardstick import Yardstick

from records import facts, record, study

MIB = 2**20


def evidence(**fields):
    runs = study({"AdamW": (0.9, 0.92), "SGD": (0.88,)}, confirmed={"AdamW": (0.91, 0.92, 0.93)})
    return Evidence(**{"facts": facts(), "records": runs, "candidates": ("AdamW", "SGD")} | fields)


def charted(**fields):
    made = evidence(**fields)
    return quality_chart(made, recommend(made))


def test_the_advised_one_is_first_with_the_interval_of_its_confirmation():
    chart = charted(goal="quality")
    first, *others = chart.marks
    assert (first.optimizer, first.role) == ("AdamW", "advised")
    assert first.quality == pytest.approx(0.92)
    assert first.interval[0] < 0.92 < first.interval[1]
    assert [(each.optimizer, each.role, each.interval) for each in others] == [("SGD", "fits", None)]


def test_a_limit_that_is_near_is_what_quality_is_drawn_against_and_is_shaded():
    chart = charted(limits=Limits(train_bytes=210_000))
    assert (chart.cost.field, chart.limit) == ("peak_bytes", 210_000)
    assert "Shaded" in chart.caption
    assert 'class="beyond"' in chart.drawn()
    assert charted(limits=Limits(train_bytes=64 * MIB)).limit is None


def test_who_breaks_the_limit_stays_on_the_chart_hollow():
    marks = {each.optimizer: each.role for each in charted(limits=Limits(train_bytes=150_000)).marks}
    assert marks == {"SGD": "advised", "AdamW": "ruled out"}


@pytest.mark.parametrize(
    ("goal", "cost"),
    [("quality", "train_seconds"), ("speed", "train_seconds"), ("memory", "optimizer_state_bytes")],
)
def test_without_a_limit_the_goal_says_which_cost(goal, cost):
    assert charted(goal=goal).cost.field == cost


def test_a_cost_of_nothing_is_drawn_on_an_even_axis():
    chart = charted(goal="memory")  # the state of SGD is 0 bytes
    assert chart.frame().x.low == 0
    assert not chart.frame().log_x


def test_plain_models_are_lines_and_what_is_far_off_is_said():
    models = (
        Yardstick(model="a linear model", quality=0.89),
        Yardstick(model="boosting", left_out="too long"),
    )
    chart = charted(yardsticks=models, baseline=0.1)
    assert chart.plain_models == (("a linear model", 0.89), ("the best constant answer", 0.1))
    drawn = chart.drawn()
    assert drawn.count('class="plain-model"') == 3  # one line and two signs
    assert "the best constant answer: 0.1 (off the chart)" in drawn


def test_nothing_is_drawn_of_a_study_without_a_whole_run():
    made = evidence(records=())
    answer = recommend(made)
    assert quality_chart(made, answer) is None
    assert curves_chart(made, answer) is None
    assert memory_chart(made, answer) is not None  # forecast


def test_curves_are_those_of_confirmation_runs_once_there_are_some():
    made = evidence()
    chart = curves_chart(made, recommend(made))
    assert chart.confirmed
    assert [(name, curve.runs) for name, curve in chart.curves] == [("AdamW", 3)]

    made = evidence(records=study({"AdamW": (0.9, 0.92), "SGD": (0.88,)}))
    chart = curves_chart(made, recommend(made))
    assert not chart.confirmed
    assert {name: curve.runs for name, curve in chart.curves} == {"AdamW": 2, "SGD": 1}


def test_memory_is_drawn_the_least_first_and_the_limit_where_it_is_near():
    made = evidence(limits=Limits(train_bytes=250_000))
    chart = memory_chart(made, recommend(made))
    assert [bar.optimizer for bar in chart.bars] == ["SGD", "AdamW"]
    assert 'class="limit"' in chart.drawn()

    made = evidence(limits=Limits(train_bytes=64 * MIB))
    chart = memory_chart(made, recommend(made))
    assert 'class="limit"' not in chart.drawn()
    assert "The limit is 64 MiB." in chart.caption


@given(st.lists(st.floats(1e-9, 1e12), min_size=1, max_size=5), st.booleans())
def test_a_log_axis_has_marks_within_its_ends(values, seconds):
    unit = unit_of(values, seconds=seconds)
    axis = log_axis(values, unit=unit)
    assert axis.low < min(values) <= max(values) < axis.high
    assert all(axis.low <= place * (1 + 1e-9) and place <= axis.high * (1 + 1e-9) for place in axis.marks)
    assert [f"{text} {unit.name}" for text in axis.texts] == [unit.write(place) for place in axis.marks]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=5))
def test_an_even_axis_holds_all_values_and_has_marks(values):
    axis = even_axis(values, write=number)
    assert axis.low <= min(values) <= max(values) <= axis.high
    assert axis.low < axis.high
    assert 1 <= len(axis.marks) <= 12


@given(st.floats(0.5, 0.999), st.integers(2, 30))
def test_every_point_of_a_chart_lies_inside_its_drawing(quality, epochs):
    made = evidence(
        records=(record(0, "AdamW", quality, epochs=epochs), record(1, "SGD", 0.4, epochs=epochs))
    )
    drawn = curves_chart(made, recommend(made)).drawn()
    points = re.findall(r"([\d.-]+),([\d.-]+)", " ".join(re.findall(r'points="([^"]*)"', drawn)))
    assert points
    assert all(0 <= float(x) <= 560 and 0 <= float(y) <= 320 for x, y in points)


def test_every_symbol_of_an_optimizer_has_a_mark_of_its_own():
    assert set(CORNERS) | {"circle"} == set(SYMBOLS)
    marks = {mark((10.0, 10.0), Style(colour="#000000", symbol=symbol)) for symbol in SYMBOLS}
    assert len(marks) == len(SYMBOLS)
