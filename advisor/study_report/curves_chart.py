"""Curves chart: learning curves of the finalists, the median over their runs and the band that holds them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from advisor.analysis.learning_curves import Band, band
from advisor.evidence import Evidence, has_quality
from advisor.recommendation import Recommendation
from advisor.report.axis_marks import even_axis
from advisor.report.elements import Html
from advisor.report.numbers import number
from advisor.report.optimizer_styles import Style, styles
from advisor.report.section import Table
from advisor.report.svg import Frame, area, figure, legend, line, mark, polyline, sign
from studies.direction import Direction
from studies.quantities import several
from studies.record import Record

MOST: Final = 5
"""Optimizers that are drawn, the likeliest first."""
OVER_SEEDS: Final = "A line is the median over an optimizer's confirmation runs; its band holds all of them."
OVER_TRIALS: Final = (
    "A line is the median over an optimizer's whole runs of the search; its band holds half of them."
)
ENDS: Final = "The figures are its values at the last epoch; a run counts with its best one."
MARKS: Final = 6
"""Marks along a line, so that nobody depends on colours alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CurvesChart:
    """Learning curves as values."""

    metric: str
    direction: Direction
    curves: tuple[tuple[str, Band], ...]
    """An optimizer and the median of its curves, each."""
    confirmed: bool
    """Whether they are of confirmation runs."""

    @property
    def caption(self) -> str:
        """Return how to read it."""
        over = OVER_SEEDS if self.confirmed else OVER_TRIALS
        return f"{over} {ENDS} {self.direction.word.capitalize()} is better."

    @property
    def table(self) -> Table:
        """Return where each line ends as a table."""
        rows = [
            (name, several(curve.runs, "run"), f"{curve.xs[-1]:g}", number(curve.middle[-1]))
            for name, curve in self.curves
        ]
        titles = ("optimizer", "runs", "epochs", f"median {self.metric} at the end")
        return Table(titles=titles, rows=tuple(rows), about="learning curves")

    def drawn(self) -> Html:
        """Return it as a figure."""
        frame, style_of = self.frame(), styles(name for name, _ in self.curves)
        inside = [part for each in self.curves for part in _drawn_curve(frame, each, style_of)]
        about = "; ".join(", ".join(row) for row in self.table.rows)
        drawing = frame.drawn(*inside, about=f"Learning curves of the finalists. {about}.")
        return figure(drawing, legend(self._legend(style_of)), caption=self.caption)

    def frame(self) -> Frame:
        """Return the axes."""
        bands = [curve for _, curve in self.curves]
        epochs = [epoch for curve in bands for epoch in (curve.xs[0], curve.xs[-1])]
        heights = [end for curve in bands for end in (min(curve.low), max(curve.high))]
        return Frame(
            x=even_axis(epochs, write=_whole, room=0.0, whole=True),
            y=even_axis(heights, write=number),
            x_title="epoch",
            y_title=f"validation {self.metric}",
        )

    def _legend(self, style_of: dict[str, Style]) -> Iterator[tuple[Html, str]]:
        for name, curve in self.curves:
            style = style_of[name]
            drawn = sign(
                line((1, 7), (19, 7), class_="curve", stroke=style.colour), mark((10, 7), style, size=4)
            )
            yield drawn, f"{name}: {number(curve.middle[-1])} ({several(curve.runs, 'run')})"


def curves_chart(evidence: Evidence, recommendation: Recommendation) -> CurvesChart | None:
    """Return the learning curves of the confirmed optimizers, else of the likeliest; None without any."""
    names = [contender.optimizer for contender in recommendation.contenders]
    ordered = sorted(names, key=lambda name: name != recommendation.optimizer)
    confirmed = any(evidence.confirmations(name) for name in names)
    curves: list[tuple[str, Band]] = []
    for name in ordered:
        runs = evidence.confirmations(name) if confirmed else evidence.complete(name)
        points = [_points(run) for run in runs if has_quality(run)]
        if curve := band(points, share=1.0 if confirmed else 0.5):
            curves.append((name, curve))
    if not curves:
        return None
    return CurvesChart(
        metric=evidence.metric,
        direction=evidence.direction,
        curves=tuple(curves[:MOST]),
        confirmed=confirmed,
    )


def _points(run: Record) -> list[tuple[float, float]]:
    points = [(float(point.epoch), point.valid_metric) for point in run.curve]
    return [(epoch, value) for epoch, value in points if math.isfinite(value)]


def _drawn_curve(frame: Frame, each: tuple[str, Band], style_of: dict[str, Style]) -> Iterator[Html]:
    name, curve = each
    style = style_of[name]
    low, middle, high = (
        [frame.place(point) for point in zip(curve.xs, ys, strict=True)]
        for ys in (curve.low, curve.middle, curve.high)
    )
    if curve.runs > 1:
        yield area([*high, *reversed(low)], style)
    yield polyline(middle, style)
    apart = max(1, math.ceil(len(middle) / MARKS))
    for at in middle[::-1][::apart]:
        yield mark(at, style, size=4)


def _whole(value: float) -> str:
    return f"{value:g}"
