"""Brushed parallel coordinates: axes that a reader drags into another order and marks ranges on.

Runs outside a marked range fade. Plotly draws them by WebGL; `parallel`, beside this file, needs none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.searched_space import CategoricalSetting, NumericSetting, numbers, options, searched
from advisor.evidence import has_quality
from advisor.report.numbers import number
from advisor.report.optimizer_styles import BLUE, GREY, ORANGE
from dashboard.charts import Plot
from dashboard.charts.looks import titled
from dashboard.charts.search_space.parallel import MOST_AXES, MOST_LINES
from dashboard.charts.search_space.slices import Panel, best_settings
from dashboard.charts.search_space.subject import batch_range, first_optimizer
from studies.direction import Direction
from studies.record import Record
from studies.space import Numeric

if TYPE_CHECKING:
    from dashboard.snapshot import Study

TICKS: Final = 5
ABSENT: Final = "none"
"""What stands on an axis for a run without that setting."""
WORST_TO_BEST: Final = ((0.0, ORANGE), (0.5, GREY), (1.0, BLUE))
"""Colours that both a light and a dark page show."""
GAP: Final = 0.08
"""Of an axis, by which runs without the setting stand below the others."""


def brushed(
    records: Sequence[Record],
    numeric: Sequence[NumericSetting],
    categorical: Sequence[CategoricalSetting],
    *,
    metric: str,
    direction: Direction,
) -> go.Figure:
    """Draw whole runs, a line each, coloured by quality; each axis can be dragged and marked.

    Args:
        records: of one optimizer or of several.
        numeric: numbers that differ among them.
        categorical: choices that differ among them.
        metric: its name stands on the last axis.
        direction: of the metric.
    """
    whole = sorted(filter(has_quality, records), key=lambda run: direction.loss(run.quality))[:MOST_LINES]
    whole = whole[::-1]  # the best are drawn last, over the others
    qualities = [run.measured_quality for run in whole]
    axes = [
        *[_number_axis(setting, whole) for setting in numeric],
        *[_option_axis(setting, whole) for setting in categorical],
    ][:MOST_AXES]
    figure = go.Figure()
    if whole:
        figure.add_parcoords(
            dimensions=[*axes, {"label": metric, "values": qualities}],
            line={
                "color": qualities,
                "colorscale": WORST_TO_BEST,
                "reversescale": not direction.maximizes,
                "showscale": True,
                "colorbar": {"title": {"text": metric, "side": "right"}, "thickness": 14},
            },
            labelside="bottom",
            labelangle=18,
            labelfont={"size": 13},
            tickfont={"size": 11},
            unselected={"line": {"opacity": 0.06}},
        )
    titled(figure, best_settings(records, (), metric, direction))
    return figure.update_layout(height=480, margin={"t": 60, "b": 120, "l": 70, "r": 110})


def _number_axis(setting: NumericSetting, whole: Sequence[Record]) -> dict[str, Any]:
    """Return an axis as evenly spaced as its range was searched, with values as people write them."""
    places = [
        setting.place(setting.values[run.number]) if run.number in setting.values else -GAP for run in whole
    ]
    at = [tick / (TICKS - 1) for tick in range(TICKS)]
    digits = 4 if setting.span.scale == "complement" else 2  # 0.9, 0.99, 0.999
    texts = [number(float(f"{setting.value_at(place):.{digits}g}")) for place in at]
    if min(places) < 0:
        at, texts = [-GAP, *at], [ABSENT, *texts]
    return {
        "label": setting.label,
        "values": places,
        "range": [min(0.0, *places), max(1.0, *places)],
        "tickvals": at,
        "ticktext": texts,
    }


def _option_axis(setting: CategoricalSetting, whole: Sequence[Record]) -> dict[str, Any]:
    levels = sorted(
        set(setting.values.values()) | {ABSENT for run in whole if run.number not in setting.values}
    )
    at = {level: index for index, level in enumerate(levels)}
    return {
        "label": setting.label,
        "values": [at[setting.values.get(run.number, ABSENT)] for run in whole],
        "range": [-0.2, len(levels) - 0.8],
        "tickvals": list(at.values()),
        "ticktext": levels,
    }


def axes_of_all(
    records: Sequence[Record], panels: Sequence[Panel]
) -> tuple[list[NumericSetting], list[CategoricalSetting]]:
    """Return the axes of the runs of all optimizers: which optimizer, which schedule, and what they share.

    Args:
        records: search trials.
        panels: what optimizers share, each value in its own optimizer's range from -1 to 1.
    """
    span = Numeric(low=-1, high=1, default=0, scale="linear")
    shared = [
        NumericSetting(key=panel.title, label=panel.title, span=span, known=True, values=panel.xs)
        for panel in panels
    ]
    names = {run.number: run.optimizer for run in records}
    schedules = {run.number: str(run.params["schedule"]) for run in records if "schedule" in run.params}
    options = [("optimizer", names), ("schedule", schedules)]
    differing = [
        CategoricalSetting(label=label, values=values)
        for label, values in options
        if len(set(values.values())) > 1
    ]
    return shared, differing


def _of_leader(study: Study) -> go.Figure:
    optimizer = first_optimizer(study)
    numeric = numbers(study.records, optimizer, batch_size=batch_range(study))
    trials, categorical = searched(study.records, optimizer), options(study.records, optimizer)
    return brushed(trials, numeric, categorical, metric=study.metric, direction=study.direction)


PLOTS: Final[Mapping[str, Plot]] = {"brushed": Plot(_of_leader, "a whole run")}
