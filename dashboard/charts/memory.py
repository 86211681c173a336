"""Memory: what training takes with each optimizer, against the limit and against what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.memory_table import Need, forecast_error, needs, typical_error
from advisor.report.numbers import percent, size_limit
from advisor.report.optimizer_styles import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, Style, styles
from advisor.report.units import Unit, unit_of
from advisor.statements.statement import Statement
from advisor.statements.titles_costs import ForecastErrors, MemoryNeeds
from dashboard.charts import Plot
from dashboard.charts.axes import EVEN, fitting_scale
from dashboard.charts.looks import legend_below, titled
from studies.facts import Facts
from studies.record import Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study

PARTS: Final = {
    "weight_bytes": ("weights", BLUE, ""),
    "gradient_bytes": ("gradients", SKY, "/"),
    "state_bytes": ("optimizer state", VERMILION, "x"),
    "activation_bytes": ("activations", GREY, "."),
}
"""Each with its colour and a pattern beside it."""
ROW_PIXELS: Final = 30
TOTALS: Final = ("peak_bytes", "limit_bytes", "largest_batch")


def forecast_bars(forecasts: Sequence[Need], records: Sequence[Record] = ()) -> go.Figure:
    """Draw the parts of each optimizer's memory, its peak, the limit, and measured peaks.

    The measured ones are of trials at the batch size of the forecast.
    """
    figure = go.Figure()
    unit = unit_of((forecast.peak_bytes for forecast in forecasts), seconds=False)
    _draw_parts(figure, forecasts, unit)
    _draw_peaks(figure, forecasts, unit)
    _draw_measured(figure, forecasts, records, unit)
    if forecasts and forecasts[0].limit_bytes is not None:
        limit = forecasts[0].limit_bytes
        line = {"dash": "dash", "color": ORANGE}
        figure.add_vline(x=unit.of(limit), line={**line, "width": 2})
        figure.add_scatter(
            x=[None],
            y=[None],
            name=f"limit {size_limit(limit)}",
            mode="lines",
            line=line,
        )
    titled(figure, memory_needs(forecasts)).update_layout(barmode="stack")
    figure.update_xaxes(title_text=unit.titled("memory in training"), **EVEN, rangemode="tozero")
    figure.update_yaxes(autorange="reversed", automargin=True)
    return legend_below(figure, height=190 + ROW_PIXELS * len(forecasts))


def against_measured(facts: Facts, records: Sequence[Record], style_of: Mapping[str, Style]) -> go.Figure:
    """Draw the measured peak of every trial against its forecast at the trial's own batch size."""
    figure = go.Figure()
    measured = [record for record in records if forecast_error(facts, record) is not None]
    unit = unit_of((record.peak_bytes for record in measured), seconds=False)
    for optimizer, style in style_of.items():
        trials = [record for record in measured if record.optimizer == optimizer]
        if trials:
            figure.add_scatter(
                x=[unit.of(_forecast_bytes(facts, record)) for record in trials],
                y=[unit.of(record.peak_bytes or 0) for record in trials],
                customdata=[_error_of(facts, record, unit) for record in trials],
                name=optimizer,
                mode="markers",
                marker=style.marker(size=9, opacity=0.7),
                hovertemplate=f"trial %{{customdata[0]}}, {optimizer}, batch size %{{customdata[1]}}"
                "<br>forecast %{customdata[3]}, measured %{customdata[4]}: %{customdata[2]} off"
                "<extra></extra>",
            )
    if measured:
        peaks = [unit.of(_forecast_bytes(facts, record)) for record in measured]
        reached = [unit.of(record.peak_bytes or 0) for record in measured]
        figure.update_xaxes(**fitting_scale(peaks))
        figure.update_yaxes(**fitting_scale(reached))
        ends, line = [min(peaks), max(peaks)], {"dash": "dash", "color": GREY, "width": 1}
        figure.add_scatter(x=ends, y=ends, name="as forecast", mode="lines", line=line)
    figure.update_xaxes(title_text=unit.titled("forecast peak"))
    figure.update_yaxes(title_text=unit.titled("measured peak"))
    titled(figure, forecast_errors(facts, measured))
    return legend_below(figure, height=480)


def rows(forecasts: Sequence[Need]) -> list[dict[str, Any]]:
    """Return what the bars draw as rows of a table."""
    return [
        {"optimizer": forecast.optimizer, "batch_size": forecast.rows}
        | {field: getattr(forecast, field) for field in (*PARTS, *TOTALS)}
        for forecast in forecasts
    ]


def _draw_parts(figure: go.Figure, forecasts: Sequence[Need], unit: Unit) -> None:
    for field, (label, colour, shape) in PARTS.items():
        pattern = {"shape": shape, "size": 6, "solidity": 0.2, "fillmode": "overlay"}
        figure.add_bar(
            y=[forecast.optimizer for forecast in forecasts],
            x=[unit.of(getattr(forecast, field)) for forecast in forecasts],
            name=label,
            orientation="h",
            marker={"color": colour, "pattern": pattern},
            customdata=[unit.write(getattr(forecast, field)) for forecast in forecasts],
            hovertemplate=f"%{{y}}: {label} %{{customdata}}<extra></extra>",
        )


def _draw_peaks(figure: go.Figure, forecasts: Sequence[Need], unit: Unit) -> None:
    figure.add_scatter(
        y=[forecast.optimizer for forecast in forecasts],
        x=[unit.of(forecast.peak_bytes) for forecast in forecasts],
        name="forecast peak",
        mode="markers",
        marker={"symbol": "line-ns", "size": 20, "line": {"width": 3, "color": PURPLE}},
        customdata=[[unit.write(forecast.peak_bytes), forecast.rows] for forecast in forecasts],
        hovertemplate="%{y}: forecast peak %{customdata[0]} at %{customdata[1]} rows a step<extra></extra>",
    )


def _draw_measured(
    figure: go.Figure, forecasts: Sequence[Need], records: Sequence[Record], unit: Unit
) -> None:
    batch_of = {forecast.optimizer: forecast.rows for forecast in forecasts}
    measured = [
        record
        for record in records
        if record.peak_bytes and record.params.get("batch_size") == batch_of.get(record.optimizer)
    ]
    if measured:
        figure.add_scatter(
            y=[record.optimizer for record in measured],
            x=[unit.of(record.peak_bytes or 0) for record in measured],
            name="measured",
            mode="markers",
            marker={"symbol": "diamond-open", "size": 10, "line": {"width": 2}, "color": GREEN},
            customdata=[[record.number, unit.write(record.peak_bytes or 0)] for record in measured],
            hovertemplate="%{y}, trial %{customdata[0]}: measured %{customdata[1]}<extra></extra>",
        )


def _error_of(facts: Facts, record: Record, unit: Unit) -> list[Any]:
    error = percent(abs(forecast_error(facts, record) or 0.0))
    peaks = (_forecast_bytes(facts, record), record.peak_bytes or 0)
    return [record.number, record.params["batch_size"], error, *map(unit.write, peaks)]


def _forecast_bytes(facts: Facts, record: Record) -> int:
    forecast = facts.forecast(record.optimizer)
    return forecast.at(int(record.params["batch_size"])).peak_bytes if forecast else 0


def forecast_errors(facts: Facts, records: Sequence[Record]) -> Statement:
    """Say how far measured peaks are from their forecasts."""
    errors = {
        record.number: abs(error)
        for record in records
        if (error := forecast_error(facts, record)) is not None
    }
    return ForecastErrors(
        trials=tuple(errors),
        typical_share=typical_error(facts, records) or 0.0,
        worst_share=max(errors.values(), default=0.0),
    )


def memory_needs(forecasts: Sequence[Need]) -> Statement:
    """Say what training is forecast to take, the least and the most, and how many fit the limit."""
    peaks = {forecast.optimizer: forecast.peak_bytes for forecast in forecasts}
    low, high = min(peaks.values(), default=0), max(peaks.values(), default=0)
    return MemoryNeeds(
        subjects=tuple(peaks),
        rows=min((forecast.rows for forecast in forecasts), default=0),
        least=tuple(name for name, peak in peaks.items() if peak == low),
        least_bytes=low,
        most=tuple(name for name, peak in peaks.items() if peak == high),
        most_bytes=high,
        limit_bytes=forecasts[0].limit_bytes if forecasts else None,
        fitting=sum(forecast.fits for forecast in forecasts),
        compared=len(peaks),
        source="forecast",
    )


def _bars(study: Study) -> go.Figure:
    evidence = study.evidence
    facts, limit = evidence.facts, evidence.limits.train_bytes
    forecasts = needs(facts, study.optimizers, rows=facts.batch_size, limit_bytes=limit)
    return forecast_bars(forecasts, study.records)


def _against(study: Study) -> go.Figure:
    return against_measured(study.evidence.facts, study.records, styles(study.optimizers))


PLOTS: Final[Mapping[str, Plot]] = {
    "memory": Plot(_bars, "nothing"),
    "memory-measured": Plot(_against, "a whole run"),
}
