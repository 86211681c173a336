"""Compression: quality against what a deployed model costs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.decide.compressed import compressed_models, pareto_front
from advisor.report.compression_names import against_reference, passes, smaller
from advisor.report.numbers import number, times
from advisor.report.optimizer_styles import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, Style
from advisor.report.units import Unit, unit_of
from dashboard.charts import Plot
from dashboard.charts.axes import log_scale, zoom
from dashboard.charts.looks import RING, transparent
from studies.direction import Direction
from studies.quantities import format_bytes, format_seconds

if TYPE_CHECKING:
    from advisor.compressed_model import CompressedModel
    from dashboard.snapshot import Study
    from studies.record import Footprint, Record

Row = tuple[str, str, str, str]
"""A figure: what it is, uncompressed, compressed, and the change in words."""
STYLES: Final = {
    "uncompressed": Style(colour=GREY, symbol="circle"),
    "fine-tuned alone": Style(colour=SKY, symbol="star"),
    "quantized": Style(colour=BLUE, symbol="square"),
    "pruned": Style(colour=VERMILION, symbol="triangle-up"),
    "pruned and quantized": Style(colour=GREEN, symbol="diamond"),
    "student": Style(colour=PURPLE, symbol="cross"),
}
"""By what was done to a model; the legend names no optimizer here."""
SAME: Final = "the same within 5 %"
WIDTH: Final = 58
"""Characters of a line that is shown at a mark."""
REACH: Final = 4.0
"""Qualities lower than the best by so many times the median's distance are outside the first view: they press
the rest flat."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Panel:
    """Panel: what a deployed model costs in one way."""

    label: str
    value: Callable[[CompressedModel], float | None]
    """In bytes or seconds; None where it was not measured."""
    unit: Unit

    def scale(self, entries: Sequence[CompressedModel]) -> dict[str, Any]:
        """Return the log axis of these models."""
        values = map(self.value, entries)
        return log_scale(self.unit.of(value) for value in values if value)


def _panels(entries: Sequence[CompressedModel], *, gzip: bool) -> tuple[_Panel, _Panel]:
    """Return the panel of bytes and that of latency, each in the unit that suits these models."""
    size, latency = partial(_bytes, gzip=gzip), attrgetter("latency_seconds")
    label = "file through gzip" if gzip else "file"
    return (
        _Panel(label=label, value=size, unit=unit_of(map(size, entries), seconds=False)),
        _Panel(label="latency, one row", value=latency, unit=unit_of(map(latency, entries), seconds=True)),
    )


def kind(entry: CompressedModel) -> str:
    """Return what was done to a model, in one of the words of `STYLES`."""
    done = {key.split(".", 1)[0] for key in passes(entry.params)}
    if "distillation" in done or " student" in entry.name:
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
    """Draw quality against bytes and against latency, side by side: the Pareto front solid, the rest faded.

    Args:
        entries: what was compressed and measured.
        advised: is ringed.
        metric: of the quality.
        direction: maximize | minimize.
        gzip: whether bytes are those of the file through gzip.
    """
    from plotly.subplots import make_subplots

    panels = _panels(entries, gzip=gzip)
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04)
    front = pareto_front(entries, direction)
    for name, style in STYLES.items():
        alike = [entry for entry in entries if kind(entry) == name]
        solid = [entry for entry in alike if entry in front or entry.plain]
        faded = [entry for entry in alike if entry not in solid]
        legend = {"name": name, "legendgroup": name, "showlegend": True}
        _add(figure, solid, metric, legend, style.marker(size=12, opacity=1.0), panels)
        legend["showlegend"] = not solid
        _add(figure, faded, metric, legend, style.marker(size=8, opacity=0.3), panels)
    if advised in entries and advised is not None:
        _add(figure, [advised], metric, {"name": "advised"}, RING | {"size": 20, "color": ORANGE}, panels)
    qualities = [entry.quality for entry in entries]
    zoom(figure, qualities, _view(qualities, direction), direction)
    figure.update_yaxes(title_text=f"validation {metric} ({direction.word} is better)", col=1)
    for column, panel in enumerate(panels, start=1):
        figure.update_xaxes(title_text=panel.unit.titled(panel.label), **panel.scale(entries), col=column)
    return transparent(figure, _finding(advised, entries, metric, direction, gzip=gzip), height=440)


def before_after(
    entry: CompressedModel, records: Iterable[Record], metric: str, direction: Direction
) -> list[Row]:
    """Return rows of a model's quality, bytes and latencies before and after, in the same runtime."""
    footprints = [
        record.footprint for record in records if record.number in entry.trials and record.footprint
    ]
    gzipped = [(footprint.reference_compressed_bytes, footprint.compressed_bytes) for footprint in footprints]
    change = against_reference(entry, metric, direction)
    rows = [
        (f"validation {metric}", number(entry.reference_quality), number(entry.quality), change),
        _sizes("file", [(footprint.reference_bytes, footprint.file_bytes) for footprint in footprints]),
        _sizes("file through gzip", gzipped),
        *(_latencies(batch, footprints) for batch in (1, 64)),
        _sizes("memory for 64 rows", _inference_bytes(footprints)),
    ]
    return [row for row in rows if row]


def csv_of_tradeoff(entries: Sequence[CompressedModel], direction: Direction) -> list[dict[str, Any]]:
    """Return what the chart of quality, bytes and latency draws, a row a recipe."""
    front = pareto_front(entries, direction)
    return [
        {
            "optimizer": entry.optimizer,
            "way": entry.name,
            "kind": kind(entry),
            "front": entry in front,
            "quality": entry.quality,
            "file_bytes": entry.model_bytes,
            "gzip_bytes": entry.compressed_bytes,
            "latency_seconds": entry.latency_seconds,
            "seeds": len(entry.seeds),
            "trials": " ".join(map(str, entry.trials)),
        }
        for entry in entries
    ]


def _add(
    figure: go.Figure,
    shown: Sequence[CompressedModel],
    metric: str,
    legend: Mapping[str, Any],
    marker: Mapping[str, Any],
    panels: Sequence[_Panel],
) -> None:
    if not shown:
        return
    for column, panel in enumerate(panels, start=1):
        drawn = [(entry, value) for entry in shown if (value := panel.value(entry)) is not None]
        trace = go.Scatter(
            x=[panel.unit.of(value) for _, value in drawn],
            y=[entry.quality for entry, _ in drawn],
            mode="markers",
            marker=marker,
            customdata=[_hover_lines(entry, panels) for entry, _ in drawn],
            hovertemplate=f"%{{customdata[0]}}<br>{metric} %{{customdata[4]}}<br>%{{customdata[1]}}<br>"
            "%{customdata[2]}<br>%{customdata[3]}<extra></extra>",
            **legend,
        )
        figure.add_trace(trace if column == 1 else trace.update(showlegend=False), row=1, col=column)


def _hover_lines(entry: CompressedModel, panels: Sequence[_Panel]) -> list[str]:
    name = "<br>".join(wrap(f"{entry.optimizer}: {entry.name}", WIDTH))
    of_bytes, of_seconds = (panel.unit for panel in panels)
    sizes = f"{of_bytes.write(entry.model_bytes)}, {of_bytes.write(entry.compressed_bytes)} through gzip"
    latency = "latency not measured"
    if entry.latency_seconds is not None:
        latency = f"{of_seconds.write(entry.latency_seconds)} a row"
    trials = ", ".join(map(str, entry.trials[:6])) + (" ..." if len(entry.trials) > 6 else "")
    noun = "trial" if len(entry.trials) == 1 else "trials"
    return [name, sizes, latency, f"{noun} {trials}", number(entry.quality)]


def _bytes(entry: CompressedModel, *, gzip: bool) -> int:
    return entry.compressed_bytes if gzip else entry.model_bytes


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
    entry = advised or min(entries, key=partial(_bytes, gzip=gzip))
    lead = "Advised" if advised else "Smallest"
    factor = entry.gzip_ratio if gzip else entry.size_ratio
    size = f"{smaller(factor)}{' through gzip' if gzip else ''}"
    if entry.plain:
        return f"{lead}: the uncompressed file, {format_bytes(_bytes(entry, gzip=gzip))}"
    return f"{lead}: {entry.name}, {size}, {against_reference(entry, metric, direction)}"


def _sizes(label: str, pairs: Sequence[tuple[int, int]]) -> Row | None:
    if not pairs:
        return None
    before, after = (max(sizes) for sizes in zip(*pairs, strict=True))
    return label, format_bytes(before), format_bytes(after), _factor(before, after, "smaller", "larger")


def _inference_bytes(footprints: Iterable[Footprint]) -> list[tuple[int, int]]:
    pairs = ((footprint.reference_inference_bytes, footprint.inference_bytes) for footprint in footprints)
    return [(before, after) for before, after in pairs if before is not None and after is not None]


def _latencies(batch: int, footprints: Iterable[Footprint]) -> Row | None:
    latencies = [latency for footprint in footprints if (latency := footprint.latency(batch))]
    timed = [latency for latency in latencies if latency.median_seconds > 0]
    if not timed:
        return None
    speedups = [latency.reference_seconds / latency.median_seconds for latency in timed]
    before, speedup = (
        statistics.median(latency.reference_seconds for latency in timed),
        statistics.median(speedups),
    )
    change = _factor(speedup, 1.0, "faster", "slower")
    if min(speedups) < 1 < max(speedups) and change != SAME:
        change = f"{change} at the median, the seeds disagree"
    label = "latency, one row" if batch == 1 else f"latency, {batch} rows"
    return label, format_seconds(before), format_seconds(before / speedup), change


def _factor(before: float, after: float, less: str, more: str) -> str:
    share = before / after if after else math.inf
    if 1 / 1.05 < share < 1.05:
        return SAME
    return f"{times(share)} {less}" if share > 1 else f"{times(1 / share)} {more}"


def _drawn_tradeoff(study: Study) -> go.Figure:
    return tradeoff(compressed_models(study.evidence), metric=study.metric, direction=study.direction)


PLOTS: Final[Mapping[str, Plot]] = {"compression": Plot(_drawn_tradeoff, "a whole study")}
