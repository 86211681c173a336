"""Quality chart: each optimizer's quality with its interval against the cost that matters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from advisor.contender import Contender
from advisor.evidence import Evidence
from advisor.goals import FELT_BYTES, GOALS, NEAR, USUAL
from advisor.recommendation import Recommendation
from advisor.report.axis_marks import Axis, even_axis, log_axis, reach
from advisor.report.elements import Html
from advisor.report.numbers import number, written_limit
from advisor.report.optimizer_styles import Style, styles
from advisor.report.section import Table
from advisor.report.svg import Frame, figure, label, legend, line, mark, shade, sign
from advisor.report.units import Unit, unit_of
from studies.costs import BY_FIELD, COSTS, Cost
from studies.direction import Direction

Role = Literal["advised", "fits", "ruled out"]
CONSTANT: Final = "the best constant answer"
NEARBY: Final = 4.0
"""So many times the span of the marks away, a plain model is in the first view still (judged)."""
LABEL_FROM: Final = 360.0
"""Place across from which the label of the advised one stands on the left of its mark."""
CAPTION: Final = (
    "A mark is the mean over an optimizer's confirmation seeds with its 90 % interval, or its best search "
    "trial, which has no interval. Hollow: ruled out. Plain models are dashed lines."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class QualityMark:
    """Mark of an optimizer: its quality and its cost."""

    optimizer: str
    cost: float
    """Bytes or seconds."""
    quality: float
    interval: tuple[float, float] | None
    role: Role


@dataclass(frozen=True, kw_only=True, slots=True)
class QualityChart:
    """Quality chart as values."""

    cost: Cost
    metric: str
    direction: Direction
    marks: tuple[QualityMark, ...]
    """The advised one first."""
    plain_models: tuple[tuple[str, float], ...]
    """What plain models reach: a name and a quality, each."""
    limit: float | None
    """Most that the cost may be."""

    @property
    def unit(self) -> Unit:
        """Return the unit that its costs are written in."""
        return unit_of((each.cost for each in self.marks), seconds=self.cost.in_seconds)

    @property
    def caption(self) -> str:
        """Return how to read it."""
        shaded = " Shaded: beyond the limit." if self.limit is not None else ""
        return f"{CAPTION} {self.direction.word.capitalize()} is better.{shaded}"

    @property
    def table(self) -> Table:
        """Return its marks and lines as a table."""
        marks = [
            (each.optimizer, _quality(each), self.unit.write(each.cost), each.role) for each in self.marks
        ]
        plain = [(name, number(quality), "-", "plain model") for name, quality in self.plain_models]
        titles = ("optimizer or plain model", f"validation {self.metric}", self.cost.label, "")
        return Table(titles=titles, rows=(*marks, *plain), about=f"{self.metric} against {self.cost.label}")

    def drawn(self) -> Html:
        """Return it as a figure."""
        frame, style_of = self.frame(), styles(each.optimizer for each in self.marks)
        drawing = frame.drawn(*self._inside(frame, style_of), about=self._about())
        return figure(drawing, legend(self._legend(frame, style_of)), caption=self.caption)

    def frame(self) -> Frame:
        """Return the axes; a cost that is 0 for somebody has an even axis, any other a logarithmic one."""
        costs = [*(each.cost for each in self.marks), *([] if self.limit is None else [self.limit])]
        logarithmic = None if min(costs) <= 0 else log_axis(costs, unit=self.unit)
        return Frame(
            x=logarithmic or even_axis([0.0, *costs], write=number, unit=self.unit),
            y=self._quality_axis(),
            x_title=self.unit.titled(self.cost.label),
            y_title=f"validation {self.metric}",
            log_x=logarithmic is not None,
        )

    def _quality_axis(self) -> Axis:
        qualities = [each.quality for each in self.marks]
        ends = reach(qualities, self.direction)
        if ends is None:
            intervals = [end for each in self.marks for end in each.interval or ()]
            ends = min((*qualities, *intervals)), max((*qualities, *intervals))
        room = NEARBY * (ends[1] - ends[0])
        plain = [quality for _, quality in self.plain_models]
        near = [quality for quality in plain if ends[0] - room <= quality <= ends[1] + room]
        if ends[0] == ends[1] and not near and plain:  # one value alone is seen beside the best plain model
            near = [min(plain, key=self.direction.loss)]
        return even_axis([*ends, *near], write=number)

    def _inside(self, frame: Frame, style_of: dict[str, Style]) -> Iterator[Html]:
        if self.limit is not None:
            bottom, top = (frame.place((self.limit, y)) for y in (frame.y.low, frame.y.high))
            corner = frame.place((frame.x.high, frame.y.low))
            yield shade(bottom[0], corner[0])
            yield line(bottom, top, class_="limit")
        for name, quality in self.plain_models:
            if frame.shows(quality):
                start, end = (frame.place((x, quality)) for x in (frame.x.low, frame.x.high))
                yield line(start, end, class_="plain-model")
                yield label(name, (end[0], end[1] - 5), anchor="end", class_="name")
        for each in reversed(self.marks):  # the advised one on top
            yield from _drawn_mark(frame, each, style_of[each.optimizer])

    def _legend(self, frame: Frame, style_of: dict[str, Style]) -> Iterator[tuple[Html, str]]:
        for each in self.marks:
            hollow = each.role == "ruled out"
            drawn = sign(mark((10, 7), style_of[each.optimizer], hollow=hollow))
            role = "" if each.role == "fits" else f", {each.role}"
            outside = "" if frame.shows(each.quality) else " (off the chart)"
            yield drawn, f"{each.optimizer}{role}: {_quality(each)}{outside}"
        for name, quality in self.plain_models:
            outside = "" if frame.shows(quality) else " (off the chart)"
            yield sign(line((1, 7), (19, 7), class_="plain-model")), f"{name}: {number(quality)}{outside}"
        if self.limit is not None:
            yield (
                sign(line((10, 1), (10, 13), class_="limit")),
                f"limit: {written_limit(self.cost, self.limit)}",
            )

    def _about(self) -> str:
        each = "; ".join(", ".join(filter(None, row)) for row in self.table.rows)
        return f"Validation {self.metric} against {self.cost.label}. {each}."


def quality_chart(evidence: Evidence, recommendation: Recommendation) -> QualityChart | None:
    """Return quality against the cost that matters: one near its limit, else what the goal makes small.

    None where no optimizer has both.
    """
    for cost in _costs_that_matter(evidence):
        marks = _marks(evidence, recommendation, cost)
        limit = _near_limit(evidence, marks, cost)
        if marks and (limit is not None or _felt(marks, cost, evidence.goal)):
            return QualityChart(
                cost=cost,
                metric=evidence.metric,
                direction=evidence.direction,
                marks=marks,
                plain_models=plain_models(evidence),
                limit=limit,
            )
    return None


def plain_models(evidence: Evidence) -> tuple[tuple[str, float], ...]:
    """Return the plain models that were measured and the best constant answer, with their qualities."""
    measured = [(each.model, each.quality) for each in evidence.yardsticks if each.quality is not None]
    return (*measured, *([] if evidence.baseline is None else [(CONSTANT, evidence.baseline)]))


def _near_limit(evidence: Evidence, marks: Sequence[QualityMark], cost: Cost) -> float | None:
    """Return the limit on a cost where somebody comes near it, as goals see it."""
    limit = getattr(evidence.limits, cost.limit) if cost.limit else None
    return limit if limit and any(each.cost >= NEAR * limit for each in marks) else None


def _costs_that_matter(evidence: Evidence) -> list[Cost]:
    limited = [cost for cost in COSTS if cost.limit and getattr(evidence.limits, cost.limit) is not None]
    wanted = [BY_FIELD[field] for field in GOALS.get(evidence.goal, GOALS[USUAL])]
    return [*limited, *wanted, BY_FIELD["train_seconds"], BY_FIELD["peak_bytes"]]


def _felt(marks: Sequence[QualityMark], cost: Cost, goal: str) -> bool:
    """Tell whether anybody feels a cost that no limit is near, as goals see it."""
    return cost.in_seconds or goal == "memory" or max(each.cost for each in marks) >= FELT_BYTES


def _marks(evidence: Evidence, recommendation: Recommendation, cost: Cost) -> tuple[QualityMark, ...]:
    fit = [
        QualityMark(
            optimizer=contender.optimizer,
            cost=value,
            quality=contender.quality,
            interval=contender.interval,
            role="advised" if contender.optimizer == recommendation.optimizer else "fits",
        )
        for contender in recommendation.contenders
        if contender.quality is not None
        and (value := _cost(evidence, recommendation, contender, cost)) is not None
    ]
    advised_first = sorted(fit, key=lambda each: each.role != "advised")
    return (*advised_first, *_ruled_out(evidence, recommendation, cost))


def _cost(
    evidence: Evidence, recommendation: Recommendation, contender: Contender, cost: Cost
) -> float | None:
    """Return a cost of a contender: of the advised one as the answer states it, else as measured."""
    if contender.optimizer == recommendation.optimizer:
        return recommendation.costs.get(cost.field)
    if hasattr(contender, cost.field):
        return getattr(contender, cost.field)  # type: ignore[no-any-return]
    runs = [record for record in evidence.records if record.number in contender.trials]
    return cost.over(value for run in runs if (value := getattr(run, cost.field)) is not None)


def _ruled_out(evidence: Evidence, recommendation: Recommendation, cost: Cost) -> Iterator[QualityMark]:
    """Yield a mark for each optimizer that does not fit and has a whole run: its best one."""
    fitting = {contender.optimizer for contender in recommendation.contenders}
    for name in evidence.optimizers:
        runs = [run for run in evidence.complete(name) if getattr(run, cost.field) is not None]
        if name not in fitting and runs:
            best = min(runs, key=lambda run: evidence.direction.loss(run.quality))
            value = getattr(best, cost.field)
            yield QualityMark(
                optimizer=name, cost=value, quality=best.measured_quality, interval=None, role="ruled out"
            )


def _quality(each: QualityMark) -> str:
    if each.interval is None:
        return number(each.quality)
    return f"{number(each.quality)} ({number(each.interval[0])} to {number(each.interval[1])})"


def _drawn_mark(frame: Frame, each: QualityMark, style: Style) -> Iterator[Html]:
    at = frame.place((each.cost, each.quality))
    if each.interval is not None:
        low, high = (frame.place((each.cost, end)) for end in each.interval)
        yield line(low, high, class_="interval", stroke=style.colour)
        for x, y in (low, high):
            yield line((x - 4, y), (x + 4, y), class_="interval", stroke=style.colour)
    yield mark(at, style, hollow=each.role == "ruled out", size=7.5 if each.role == "advised" else 5.5)
    if each.role == "advised":
        away, anchor = (-13, "end") if at[0] > LABEL_FROM else (13, "start")
        yield label(each.optimizer, (at[0] + away, at[1] - 8), anchor=anchor, class_="advised")
