"""Brushed parallel coordinates as plain values: numbers and choices on axes, and runs without a setting."""

from dataclasses import replace

from advisor.analysis.searched_space import CategoricalSetting, numbers
from dashboard.charts.search_space import brushing
from studies.direction import MAXIMIZE
from studies.space import Numeric

from pages import SWEEP

BATCHES = Numeric(low=16, high=128, default=32, scale="log", whole=True)


def test_recipes_stand_on_axes_that_can_be_dragged_choices_among_them():
    schedules = {trial.number: ("Cosine", "Constant")[trial.number % 2] for trial in SWEEP}
    choices = (CategoricalSetting(label="schedule", values=schedules),)
    figure = brushing.brushed(
        SWEEP,
        numbers(SWEEP, "AdamW", batch_size=BATCHES),
        choices,
        metric="accuracy",
        direction=MAXIMIZE,
    )
    (lines,) = figure.data
    labels = [axis.label for axis in lines.dimensions]
    assert lines.type == "parcoords"
    assert labels[:3] == ["lr", "decay horizon", "batch size"]
    assert labels[-2:] == ["schedule", "accuracy"]
    assert lines.dimensions[-2].ticktext == ("Constant", "Cosine")
    assert {len(axis["values"]) for axis in lines.dimensions} == {len(SWEEP)}
    assert list(lines.dimensions[-1]["values"]) == sorted(trial.quality for trial in SWEEP)


def test_a_run_without_a_setting_stands_apart_on_its_axis():
    part = {trial.number: trial.params["batch_size"] for trial in SWEEP[:5]}
    (setting,) = (each for each in numbers(SWEEP, "AdamW", batch_size=BATCHES) if each.label == "batch size")
    figure = brushing.brushed(
        SWEEP, (replace(setting, values=part),), (), metric="accuracy", direction=MAXIMIZE
    )
    axis = figure.data[0].dimensions[0]
    assert sum(value < 0 for value in axis["values"]) == len(SWEEP) - 5
    assert axis.ticktext[0] == "none"
