"""Contour: quality over two numbers of an optimizer's recipe, smoothed where trials are enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.searched_space import NumericSetting, decay, numbers, searched
from advisor.analysis.surface import FEWEST, Surface, surface
from advisor.evidence import has_quality
from advisor.report.numbers import number
from advisor.report.optimizer_styles import Style, styles
from advisor.statements.statement import Statement
from advisor.statements.titles_settings import BestSettings, NoPair, SettingValue
from dashboard.charts import Plot
from dashboard.charts.looks import RING, legend_below, titled
from dashboard.charts.search_space.slices import panels_of
from dashboard.charts.search_space.subject import batch_range, first_optimizer, optimizer_of
from dashboard.charts.trials import leaders
from studies.direction import Direction
from studies.record import Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study

EDGE: Final = "rgba(255, 255, 255, 0.8)"
"""Around marks, which stand on a coloured surface."""


def contour(
    records: Sequence[Record],
    pair: tuple[NumericSetting, NumericSetting] | None,
    style: Style,
    *,
    metric: str,
    direction: Direction = Direction.MAXIMIZE,
) -> go.Figure:
    """Draw quality over two numbers: the trials, and under them a surface smoothed over the whole runs.

    The surface needs twelve whole runs or more.
    """
    figure = go.Figure()
    whole = _whole_runs(records, pair) if pair else []
    if pair is None or not whole:
        return titled(figure, best_pair(records, pair, metric, direction)).update_layout(height=200)
    best = leaders(whole, direction)[0]
    _add_surface(figure, whole, pair, metric, direction)
    _add_trials(figure, whole, pair, style, metric)
    figure.add_scatter(
        x=[_drawn(pair[0], pair[0].values[best.number])],
        y=[_drawn(pair[1], pair[1].values[best.number])],
        mode="markers",
        name=f"best: trial {best.number}",
        marker=RING,
        hoverinfo="skip",
    )
    x, y = panels_of(pair)
    figure.update_xaxes(title_text=pair[0].label, **x.axis)
    figure.update_yaxes(title_text=pair[1].label, **y.axis)
    titled(figure, best_pair(records, pair, metric, direction))
    return legend_below(figure, height=500)


def pair_of(records: Sequence[Record], optimizer: str) -> tuple[NumericSetting, NumericSetting] | None:
    """Return the learning rates and weight decays of an optimizer's trials; None if either did not vary."""
    key = f"optimizer.{optimizer}.lr"
    rates = next((setting for setting in numbers(records, optimizer) if setting.key == key), None)
    decays = decay(records, optimizer)
    return (rates, decays) if rates and decays else None


def settings_of(study: Study, optimizer: str) -> tuple[NumericSetting, ...]:
    """Return the numbers of an optimizer's trials that a contour may be drawn over, the first one its lr."""
    numeric = numbers(study.records, optimizer, batch_size=batch_range(study))
    decays = decay(study.records, optimizer)
    known = (*numeric[:1], *([decays] if decays else ()), *numeric[1:])
    return tuple(setting for setting in known if setting.key != f"optimizer.{optimizer}.weight_decay")


def rows(records: Sequence[Record], pair: tuple[NumericSetting, NumericSetting]) -> list[dict[str, Any]]:
    """Return what the contour draws as rows of a table."""
    return [
        {"trial": record.number, "quality": record.quality}
        | {setting.label: setting.values[record.number] for setting in pair}
        for record in _whole_runs(records, pair)
    ]


def _whole_runs(records: Sequence[Record], pair: tuple[NumericSetting, NumericSetting]) -> list[Record]:
    return [
        record
        for record in records
        if has_quality(record) and all(record.number in setting.values for setting in pair)
    ]


def _add_surface(
    figure: go.Figure,
    whole: Sequence[Record],
    pair: tuple[NumericSetting, NumericSetting],
    metric: str,
    direction: Direction,
) -> None:
    x, y = (_tried(setting, whole) for setting in pair)
    places = [
        (x.place(x.values[run.number]), y.place(y.values[run.number]), run.measured_quality) for run in whole
    ]
    if smoothed := surface(places):
        figure.add_contour(
            x=[_drawn(x, x.value_at(place)) for place in smoothed.xs],
            y=[_drawn(y, y.value_at(place)) for place in smoothed.ys],
            text=_hovers(pair, smoothed),
            z=smoothed.z,
            colorscale="Cividis",
            reversescale=not direction.maximizes,
            ncontours=12,
            line={"width": 0.5},
            opacity=0.85,
            colorbar={"title": {"text": metric, "side": "right"}, "thickness": 14},
            hovertemplate="%{text}<extra></extra>",
            name="smoothed",
        )


def _add_trials(
    figure: go.Figure,
    whole: Sequence[Record],
    pair: tuple[NumericSetting, NumericSetting],
    style: Style,
    metric: str,
) -> None:
    figure.add_scatter(
        x=[_drawn(pair[0], pair[0].values[record.number]) for record in whole],
        y=[_drawn(pair[1], pair[1].values[record.number]) for record in whole],
        text=[_words(pair, [setting.values[record.number] for setting in pair]) for record in whole],
        mode="markers",
        name=f"{whole[0].optimizer}, whole runs",
        customdata=[[record.number, number(record.measured_quality)] for record in whole],
        marker=style.marker(size=9, line={"width": 1, "color": EDGE}),
        hovertemplate=f"trial %{{customdata[0]}}: {metric} %{{customdata[1]}}<br>%{{text}}<extra></extra>",
    )


def _label(setting: NumericSetting) -> str:
    return setting.label.removesuffix(" in torch")


def _words(pair: Sequence[NumericSetting], values: Sequence[float]) -> str:
    return ", ".join(
        f"{_label(setting)} {number(value)}" for setting, value in zip(pair, values, strict=True)
    )


def _hovers(pair: tuple[NumericSetting, NumericSetting], smoothed: Surface) -> list[list[str]]:
    """Return what a reader sees of each place: the two settings, and about what they give."""
    xs, ys = (
        [setting.value_at(place) for place in places]
        for setting, places in zip(pair, (smoothed.xs, smoothed.ys), strict=True)
    )
    return [
        [
            "" if value is None else f"{_words(pair, (a, b))}: about {number(value)}"
            for a, value in zip(xs, line, strict=True)
        ]
        for b, line in zip(ys, smoothed.z, strict=True)
    ]


def _tried(setting: NumericSetting, whole: Sequence[Record]) -> NumericSetting:
    """Return a setting whose span is that of the whole runs, which alone say anything of the surface."""
    values = [setting.values[run.number] for run in whole]
    low, high = min(values), max(values)
    return replace(setting, span=replace(setting.span, low=low, high=high, default=low))


def _drawn(setting: NumericSetting, value: float) -> float:
    """Return where a value is drawn: of 0.9, 0.99, 0.999 the gap to 1."""
    return 1 - value if setting.span.scale == "complement" else value


def best_pair(
    records: Sequence[Record],
    pair: tuple[NumericSetting, NumericSetting] | None,
    metric: str,
    direction: Direction,
) -> Statement:
    """Say at which two numbers the best of these search trials lies."""
    whole = _whole_runs(records, pair) if pair else []
    best = leaders(whole, direction)
    if pair is None or not best:
        return NoPair(subjects=optimizer_of(records))
    return BestSettings(
        subjects=(best[0].optimizer,),
        trials=tuple(record.number for record in best),
        metric=metric,
        quality=best[0].measured_quality,
        settings=tuple(
            SettingValue(key=setting.key, label=_label(setting), value=setting.values[best[0].number])
            for setting in pair
        ),
        whole_runs=len(whole),
        of=(best[0].optimizer,),
        only_with_them=True,
        fewest=FEWEST,
    )


def _of_leader(study: Study) -> go.Figure:
    optimizer = first_optimizer(study)
    style = styles((*study.optimizers, optimizer))[optimizer]
    trials, pair = searched(study.records, optimizer), pair_of(study.records, optimizer)
    return contour(trials, pair, style, metric=study.metric, direction=study.direction)


PLOTS: Final[Mapping[str, Plot]] = {"contour": Plot(_of_leader, "a whole study")}
