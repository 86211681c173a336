"""Memory: what training takes with each optimizer, against the limit and against what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.memory_table import Need, forecast_at, forecast_error, needs, typical_error
from advisor.report.numbers import percent, several, size
from dashboard.charts import Plot
from dashboard.charts.looks import BELOW, COLOURS, Style, folded, styles
from studies.facts import Facts
from studies.record import Record

if TYPE_CHECKING:
    from dashboard.snapshot import Study

PARTS: Final = {
    "weight_bytes": ("weights", COLOURS[0], ""),
    "gradient_bytes": ("gradients", COLOURS[5], "/"),
    "state_bytes": ("optimizer state", COLOURS[1], "x"),
    "activation_bytes": ("activations", COLOURS[6], "."),
}
"""Each with its colour and a pattern beside it."""
UNITS: Final = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10), ("B", 1))
ROW_PIXELS: Final = 30


def forecast_bars(found: Sequence[Need], records: Sequence[Record] = ()) -> go.Figure:
    """Draw the parts of each optimizer's memory, its peak, the limit, and peaks measured at the same batch size."""
    figure = go.Figure()
    unit, per = _unit([need.peak_bytes for need in found])
    names = [need.optimizer for need in found]
    for field, (called, colour, pattern) in PARTS.items():
        figure.add_bar(
            y=names, x=[getattr(need, field) / per for need in found], name=called, orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern, "size": 6, "solidity": 0.2, "fillmode": "overlay"}},
            customdata=[size(getattr(need, field)) for need in found],
            hovertemplate=f"%{{y}}: {called} %{{customdata}}<extra></extra>",
        )  # fmt: skip
    marks = {"symbol": "line-ns", "size": 20, "line": {"width": 3, "color": COLOURS[3]}}
    figure.add_scatter(
        y=names, x=[need.peak_bytes / per for need in found], name="forecast peak", mode="markers", marker=marks,
        customdata=[[size(need.peak_bytes), need.rows] for need in found],
        hovertemplate="%{y}: forecast peak %{customdata[0]} at %{customdata[1]} rows a step<extra></extra>",
    )  # fmt: skip
    _measured(figure, found, records, per)
    if found and found[0].limit_bytes is not None:
        limit = found[0].limit_bytes
        figure.add_vline(x=limit / per, line={"dash": "dash", "width": 2, "color": COLOURS[4]})
        figure.add_scatter(
            x=[None],
            y=[None],
            name=f"limit {size(limit)}",
            mode="lines",
            line={"dash": "dash", "color": COLOURS[4]},
        )
    height = 190 + ROW_PIXELS * len(found)
    figure.update_layout(
        barmode="stack", title_text=folded(_finding(found)), legend=BELOW, height=height, margin={"t": 70, "b": 110},
    )  # fmt: skip
    figure.update_xaxes(title_text=f"memory in training ({unit})", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure


def against_measured(facts: Facts, records: Sequence[Record], looks: Mapping[str, Style]) -> go.Figure:
    """Draw the measured peak of every trial against its forecast at the trial's own batch size."""
    figure = go.Figure()
    kept = [record for record in records if forecast_error(facts, record) is not None]
    unit, per = _unit([record.peak_bytes or 0 for record in kept])
    for optimizer, look in looks.items():
        own = [record for record in kept if record.optimizer == optimizer]
        if own:
            figure.add_scatter(
                x=[_forecast(facts, record) / per for record in own],
                y=[(record.peak_bytes or 0) / per for record in own],
                customdata=[_off(facts, record) for record in own],
                name=optimizer, mode="markers", marker={"color": look.colour, "symbol": look.symbol, "size": 9, "opacity": 0.7},
                hovertemplate=f"trial %{{customdata[0]}}, {optimizer}, batch size %{{customdata[1]}}"
                "<br>forecast %{x:.4g}, measured %{y:.4g}: %{customdata[2]} off<extra></extra>",
            )  # fmt: skip
    ends = [_forecast(facts, record) / per for record in kept]
    if ends:
        line = {"dash": "dash", "color": COLOURS[6], "width": 1}
        figure.add_scatter(
            x=[min(ends), max(ends)], y=[min(ends), max(ends)], name="as forecast", mode="lines", line=line
        )
    error = typical_error(facts, kept)
    finding = "No trial with a forecast has been measured yet"
    if error is not None:
        how = f"{percent(error)} off" if error else "right to the byte"
        finding = f"Forecasts are typically {how} ({several(len(kept), 'trial')})"
    figure.update_xaxes(title_text=f"forecast peak ({unit})", type="log")
    figure.update_yaxes(title_text=f"measured peak ({unit})", type="log")
    figure.update_layout(title_text=folded(finding), legend=BELOW, height=480, margin={"t": 70, "b": 110})
    return figure


def rows(found: Sequence[Need]) -> list[dict[str, Any]]:
    """Return what the bars draw as rows of a table."""
    return [
        {"optimizer": need.optimizer, "batch_size": need.rows}
        | {field: getattr(need, field) for field in (*PARTS, "peak_bytes", "limit_bytes", "largest_batch")}
        for need in found
    ]


def _measured(figure: go.Figure, found: Sequence[Need], records: Sequence[Record], per: int) -> None:
    at_rows = {need.optimizer: need.rows for need in found}
    kept = [
        record
        for record in records
        if record.peak_bytes and record.params.get("batch_size") == at_rows.get(record.optimizer)
    ]
    if kept:
        figure.add_scatter(
            y=[record.optimizer for record in kept], x=[(record.peak_bytes or 0) / per for record in kept], name="measured",
            mode="markers", marker={"symbol": "diamond-open", "size": 10, "line": {"width": 2}, "color": COLOURS[2]},
            customdata=[[record.number, size(record.peak_bytes or 0)] for record in kept],
            hovertemplate="%{y}, trial %{customdata[0]}: measured %{customdata[1]}<extra></extra>",
        )  # fmt: skip


def _off(facts: Facts, record: Record) -> list[Any]:
    return [record.number, record.params["batch_size"], percent(abs(forecast_error(facts, record) or 0.0))]


def _forecast(facts: Facts, record: Record) -> int:
    forecast = facts.forecast(record.optimizer)
    return forecast_at(forecast, int(record.params["batch_size"])).peak_bytes if forecast else 0


def _finding(found: Sequence[Need]) -> str:
    if not found:
        return "No forecast was made"
    least, most = found[0], found[-1]
    limit = least.limit_bytes
    if limit is None:
        span = f" to {size(most.peak_bytes)} ({most.optimizer})" if most is not least else ""
        return f"Training takes {size(least.peak_bytes)} ({least.optimizer}){span}"
    fit = sum(need.fits for need in found)
    which = (
        "Every optimizer fits"
        if fit == len(found)
        else f"{fit} of {len(found)} optimizers fit"
        if fit
        else "No optimizer fits"
    )
    return f"{which} {size(limit)}; {least.optimizer} takes the least, {size(least.peak_bytes)}"


def _unit(counts: Sequence[int]) -> tuple[str, int]:
    most = max(counts, default=0)
    return next(((unit, per) for unit, per in UNITS if most >= per), UNITS[-1])


def _bars(study: Study) -> go.Figure:
    evidence = study.evidence
    found = needs(
        evidence.facts,
        study.optimizers,
        rows=evidence.facts.batch_size,
        limit_bytes=evidence.limits.train_bytes,
    )
    return forecast_bars(found, study.records)


def _against(study: Study) -> go.Figure:
    return against_measured(study.evidence.facts, study.records, styles(study.optimizers))


PLOTS: Final[Mapping[str, Plot]] = {
    "memory": Plot(_bars, "nothing"),
    "memory-measured": Plot(_against, "a whole run"),
}
