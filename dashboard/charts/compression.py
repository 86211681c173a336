"""Compression: quality against what a deployed model costs, and what each layer bears."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.decide.compressed import compressed_models, pareto_front
from advisor.report.compression_names import against_reference, passes
from advisor.report.numbers import number, times
from dashboard.charts import Plot
from dashboard.charts.axes import bytes_axis, seconds_axis
from dashboard.charts.looks import Style
from studies.direction import Direction
from studies.quantities import format_bytes, format_seconds
from studies.storage.manifest import Layer

if TYPE_CHECKING:
    from advisor.compressed_model import CompressedModel
    from dashboard.snapshot import Study
    from studies.record import Footprint, Record

Row = tuple[str, str, str, str]
"""A figure: what it is, uncompressed, compressed, and the change in words."""
LOOKS: Final = {
    "uncompressed": Style(colour="#7F7F7F", symbol="circle"),
    "fine-tuned alone": Style(colour="#56B4E9", symbol="star"),
    "quantized": Style(colour="#0072B2", symbol="square"),
    "pruned": Style(colour="#D55E00", symbol="triangle-up"),
    "pruned and quantized": Style(colour="#009E73", symbol="diamond"),
    "student": Style(colour="#CC79A7", symbol="cross"),
}
"""What was done to a model, by its looks; the legend names no optimizer here."""
WIDTH: Final = 58
"""Characters of a title's line that fit at 800 pixels."""
REACH: Final = 4.0
"""Qualities lower than the best by so many times the median's distance are outside the first view: they press
the rest flat."""
LAYER: Final = 24
"""Characters of a layer's name that fit beside its row."""


def kind(one: CompressedModel) -> str:
    """Return what was done to a model, in one of the words of `LOOKS`."""
    done = {key.split(".", 1)[0] for key in passes(one.params)}
    if "distillation" in done or " student" in one.name:
        return "student"
    if {"pruning", "quantization"} <= done:
        return "pruned and quantized"
    named = {"pruning": "pruned", "quantization": "quantized", "finetuning": "fine-tuned alone"}
    return next((word for axis, word in named.items() if axis in done), "uncompressed")


def tradeoff(
    entries: Sequence[CompressedModel],
    advised: CompressedModel | None = None,
    *,
    metric: str,
    direction: Direction = Direction.MAXIMIZE,
    gzip: bool = False,
) -> go.Figure:
    """Draw quality against bytes and against latency, side by side on one axis of quality: the front solid, the rest faded.

    Args:
        entries: what was compressed and measured.
        advised: is ringed.
        metric: of the quality.
        direction: maximize | minimize.
        gzip: whether bytes are those of the file through gzip.
    """
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04)
    best = pareto_front(entries, direction)
    for word, look in LOOKS.items():
        own = [one for one in entries if kind(one) == word]
        solid = [one for one in own if one in best or one.plain]
        for shown, faded in ((solid, False), ([one for one in own if one not in solid], True)):
            if shown:
                legend = {"name": word, "legendgroup": word, "showlegend": not (faded and solid)}
                _add(figure, shown, metric, legend, _marker(look, faded=faded), gzip=gzip)
    if advised in entries and advised is not None:
        ring = {"symbol": "circle-open", "size": 20, "color": "#E69F00", "line": {"width": 3}}
        _add(figure, [advised], metric, {"name": "advised"}, ring, gzip=gzip)
    figure.update_yaxes(range=_view([one.quality for one in entries], direction))
    figure.update_yaxes(title_text=f"validation {metric} ({direction.word} is better)", col=1)
    sizes, latencies = [_bytes(one, gzip=gzip) for one in entries], [one.latency_seconds for one in entries]
    figure.update_xaxes(
        title_text="bytes through gzip" if gzip else "bytes of the file", **bytes_axis(sizes), col=1
    )
    figure.update_xaxes(title_text="latency, one row", **seconds_axis(latencies), col=2)
    return _laid_out(figure, _finding(advised, entries, metric, direction, gzip=gzip), 440)


def sensitivity(layers: Sequence[Layer]) -> go.Figure:
    """Draw by how much the loss rises when a share of one layer's smallest weights is set to zero, a row a layer.

    Args:
        layers: of a study's manifest, in the order of the model.
    """
    names = [_short(layer.name) for layer in layers]
    levels = [f"{100 * level:g} %" for level in layers[0].levels]
    rises = [[loss - layer.before for loss in layer.losses] for layer in layers]
    full = [[[layer.name, layer.size]] * len(levels) for layer in layers]
    figure = go.Figure(
        go.Heatmap(
            x=levels, y=list(range(len(names))), z=[[_depth(rise, layers[0].before) for rise in row] for row in rises],
            text=[[_signed(rise) for rise in row] for row in rises], texttemplate="%{text}", customdata=full,
            colorscale="Blues", zmin=0, xgap=2, ygap=2, showscale=False,
            hovertemplate="%{customdata[0]}, %{customdata[1]:,} weights<br>%{x} set to zero: loss %{text}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(
        title_text="share of the layer's weights set to zero, its smallest first", type="category"
    )
    figure.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, autorange="reversed", automargin=True
    )
    return _laid_out(figure, _most_sensitive(layers), 170 + 30 * len(names))


def before_after(
    one: CompressedModel, records: Iterable[Record], metric: str, direction: Direction
) -> list[Row]:
    """Return rows of what a model is uncompressed and compressed, in the same runtime: quality, bytes, latencies."""
    prints = [record.footprint for record in records if record.number in one.trials and record.footprint]
    change = against_reference(one, metric, direction)
    rows = [
        (f"validation {metric}", number(one.reference_quality), number(one.quality), change),
        _sizes("file", [(found.reference_bytes, found.file_bytes) for found in prints]),
        _sizes("file through gzip", [(found.reference_compressed_bytes, found.compressed_bytes) for found in prints]),
        *(_latencies(batch, prints) for batch in (1, 64)),
    ]  # fmt: skip
    held = [(found.reference_inference_bytes, found.inference_bytes) for found in prints]
    known = [(before, after) for before, after in held if before is not None and after is not None]
    rows.append(_sizes("memory for 64 rows", known))
    return [row for row in rows if row]


def csv_of_tradeoff(entries: Sequence[CompressedModel], direction: Direction) -> list[dict[str, Any]]:
    """Return what the chart of quality, bytes and latency draws, a row a recipe."""
    best = pareto_front(entries, direction)
    return [
        {
            "optimizer": one.optimizer, "way": one.name, "kind": kind(one), "front": one in best, "quality": one.quality,
            "file_bytes": one.model_bytes, "gzip_bytes": one.compressed_bytes, "latency_seconds": one.latency_seconds,
            "seeds": len(one.seeds), "trials": " ".join(map(str, one.trials)),
        }
        for one in entries
    ]  # fmt: skip


def csv_of_sensitivity(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Return what the chart of layers draws, a row a layer and share."""
    return [
        {
            "layer": layer.name,
            "weights": layer.size,
            "share": level,
            "loss": loss,
            "loss_before": layer.before,
        }
        for layer in layers
        for level, loss in zip(layer.levels, layer.losses, strict=True)
    ]


def _add(
    figure: go.Figure,
    shown: Sequence[CompressedModel],
    metric: str,
    legend: Mapping[str, Any],
    marker: Mapping[str, Any],
    *,
    gzip: bool,
) -> None:
    for column, cost in ((1, lambda one: _bytes(one, gzip=gzip)), (2, lambda one: one.latency_seconds)):
        drawn = [one for one in shown if cost(one) is not None]
        first = {} if column == 1 else {"showlegend": False}
        figure.add_trace(
            go.Scatter(
                x=[cost(one) for one in drawn], y=[one.quality for one in drawn], mode="markers", marker=marker,
                customdata=[_told(one) for one in drawn], cliponaxis=False,
                hovertemplate=f"%{{customdata[0]}}<br>{metric} %{{y:.4g}}<br>%{{customdata[1]}}<br>"
                "%{customdata[2]}<br>%{customdata[3]}<extra></extra>",
                **{**legend, **first},
            ),
            row=1, col=column,
        )  # fmt: skip


def _told(one: CompressedModel) -> list[str]:
    latency = (
        "latency not measured"
        if one.latency_seconds is None
        else f"{format_seconds(one.latency_seconds)} a row"
    )
    sizes = f"{format_bytes(one.model_bytes)}, {format_bytes(one.compressed_bytes)} through gzip"
    listed = ", ".join(map(str, one.trials[:6])) + (" ..." if len(one.trials) > 6 else "")
    return ["<br>".join(wrap(f"{one.optimizer}: {one.name}", WIDTH)), sizes, latency, f"trials {listed}"]


def _marker(look: Style, *, faded: bool) -> dict[str, Any]:
    return {
        "color": look.colour,
        "symbol": look.symbol,
        "size": 8 if faded else 12,
        "opacity": 0.3 if faded else 1.0,
    }


def _bytes(one: CompressedModel, *, gzip: bool) -> int:
    return one.compressed_bytes if gzip else one.model_bytes


def _view(qualities: Sequence[float], direction: Direction) -> tuple[float, float] | None:
    if not qualities:
        return None
    losses = [direction.loss(quality) for quality in qualities]
    top = min(losses)
    reach = REACH * abs(statistics.median(losses) - top)
    span = min(abs(max(losses) - top), reach)
    room = 0.12 * span or 0.01 * abs(top) or 1.0
    low, high = sorted(direction.value_of(loss) for loss in (top - room, top + span + room))
    return low, high


def _finding(
    advised: CompressedModel | None,
    entries: Sequence[CompressedModel],
    metric: str,
    direction: Direction,
    *,
    gzip: bool,
) -> str:
    if not entries:
        return "Nothing has been compressed yet"
    one = advised or min(entries, key=lambda one: _bytes(one, gzip=gzip))
    lead = "Advised" if advised else "Smallest"
    factor = one.gzip_ratio if gzip else one.size_ratio
    smaller = f"{times(factor)} smaller{' through gzip' if gzip else ''}" if factor > 1 else "no smaller"
    if one.plain:
        return f"{lead}: the uncompressed file, {format_bytes(_bytes(one, gzip=gzip))}"
    return f"{lead}: {one.name}, {smaller}, {against_reference(one, metric, direction)}"


def _most_sensitive(layers: Sequence[Layer]) -> str:
    middle = len(layers[0].levels) // 2
    share = f"{100 * layers[0].levels[middle]:g} %"
    rises = {layer.name: layer.losses[middle] - layer.before for layer in layers}
    worst = max(rises, key=lambda name: rises[name])
    if len(layers) == 1:
        return f"Without {share} of {worst} the loss changes by {_signed(rises[worst])}"
    most = min(rises, key=lambda name: rises[name])
    return f"{worst} bears least, {most} most: {_signed(rises[worst])} and {_signed(rises[most])} of loss without {share} of it"


def _depth(rise: float, before: float) -> float:
    """Return a rise for the colour scale: a log, as rises span decades."""
    return math.log1p(max(0.0, min(rise, 1e6)) / max(abs(before), 1e-3))


def _signed(rise: float) -> str:
    return "not finite" if not math.isfinite(rise) else f"{rise:+.2g}"


def _short(name: str) -> str:
    return name if len(name) <= LAYER else f"...{name[3 - LAYER :]}"


def _sizes(figure: str, pairs: Sequence[tuple[int, int]]) -> Row | None:
    if not pairs:
        return None
    before, after = (max(sizes) for sizes in zip(*pairs, strict=True))
    return figure, format_bytes(before), format_bytes(after), _factor(before, after, "smaller", "larger")


def _latencies(batch: int, prints: Iterable[Footprint]) -> Row | None:
    timed = [latency for found in prints if (latency := found.latency(batch))]
    if not timed:
        return None
    before = statistics.median(latency.reference_seconds for latency in timed)
    after = statistics.median(latency.median_seconds for latency in timed)
    label = "latency, one row" if batch == 1 else f"latency, {batch} rows"
    return label, format_seconds(before), format_seconds(after), _factor(before, after, "faster", "slower")


def _factor(before: float, after: float, less: str, more: str) -> str:
    share = before / after if after else math.inf
    if 1 / 1.05 < share < 1.05:
        return "the same within 5 %"
    return f"{times(share)} {less}" if share > 1 else f"{times(1 / share)} {more}"


def _laid_out(figure: go.Figure, finding: str, height: int) -> go.Figure:
    lines = wrap(finding, WIDTH)
    legend = {"orientation": "h", "yanchor": "top", "y": -0.26, "x": 0, "itemsizing": "constant"}
    figure.update_layout(
        title_text="<br>".join(lines), legend=legend, height=height, margin={"t": 36 + 22 * len(lines), "b": 50, "r": 10},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    return figure


def _drawn_tradeoff(study: Study) -> go.Figure:
    return tradeoff(compressed_models(study.evidence), metric=study.metric, direction=study.direction)


def _drawn_sensitivity(study: Study) -> go.Figure:
    layers = study.manifest.sensitivity
    return sensitivity(layers) if layers else _laid_out(go.Figure(), "No layer has been looked at yet", 200)


PLOTS: Final[Mapping[str, Plot]] = {
    "compression": Plot(_drawn_tradeoff, "a whole study"),
    "sensitivity": Plot(_drawn_sensitivity, "a whole study"),
}
