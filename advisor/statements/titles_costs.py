"""Titles on costs: what quality costs, what training takes, how true forecasts were, what layers bear."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

from advisor.report.numbers import apart, number, percent, size, size_limit, written_limit
from advisor.statements.recomputed import finished, same
from advisor.statements.statement import Case, Statement
from advisor.statements.titles_trials import named, opening
from studies import catalogue
from studies.costs import BY_FIELD
from studies.errors import StudyError
from studies.facts import Facts
from studies.memory_forecast import Forecast
from studies.quantities import listed, several
from studies.record import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class FrontEnd:
    """Front end: the cheapest, or the best, of the runs that no other beats in quality and a cost."""

    optimizers: tuple[str, ...]
    quality: float
    value: float
    """Of the cost: bytes or seconds."""


@dataclass(frozen=True, kw_only=True)
class FrontEnds(Statement):
    """Front ends: the single runs at the cheap and at the good end of the front, which may be one."""

    metric: str
    cost: str
    """A field of a record."""
    cheap: FrontEnd
    good: FrontEnd
    runs: int
    optimizers: int
    limit: float | None
    """On that cost: bytes or seconds."""
    over: int
    """Runs that break it."""

    def __str__(self) -> str:
        if self.cheap == self.good:
            at = f"{self.metric} {number(self.good.quality)} at {self._written(self.good)}"
            return f"{self._in_both()}: {at}{self._broken()}"
        low, high = apart(self.cheap.quality, self.good.quality)
        return (
            f"{self.metric} {low} costs {self._written(self.cheap)} ({self._who(self.cheap)}), "
            f"{high} costs {self._written(self.good)} ({self._who(self.good)}){self._broken()}"
        )

    def _in_both(self) -> str:
        who = self._who(self.good)
        if self.runs == 1:
            return f"The only run, of {who}"
        if len(self.trials) == 1:
            return f"One run of {who} is best in both"
        return f"{len(self.trials)} of {self.runs} runs, of {who}, are best in both, alike"

    def _who(self, end: FrontEnd) -> str:
        over = ", over the limit" if self.limit is not None and end.value > self.limit else ""
        return named(end.optimizers, self.optimizers) + over

    def _written(self, end: FrontEnd) -> str:
        return BY_FIELD[self.cost].write(end.value)

    def _broken(self) -> str:
        if self.limit is None:
            return ""
        limit = written_limit(BY_FIELD[self.cost], self.limit)
        if not self.over:
            return f"; no run breaks the limit of {limit}"
        verb = "breaks" if self.over == 1 else "break"
        return f"; {self.over} of {several(self.runs, 'run')} {verb} the limit of {limit}"

    def holds(self, case: Case) -> bool:
        """No run is cheaper than the one or better than the other, and so many are over the limit."""
        runs = _weighed(case, self.cost)
        loss = case.evidence.direction.loss
        points = [(float(getattr(run, self.cost)), loss(run.quality)) for run in runs]
        cheap = min(points)
        good = min(points, key=lambda point: (point[1], point[0]))
        ends = ((cheap, self.cheap), (good, self.good))
        for (value, least), end in ends:
            names = {
                run.optimizer for run, point in zip(runs, points, strict=True) if point == (value, least)
            }
            if (end.value, loss(end.quality), set(end.optimizers)) != (value, least, names):
                return False
        over = 0 if self.limit is None else sum(value > self.limit for value, _ in points)
        return (self.runs, self.over, self.optimizers) == (
            len(runs),
            over,
            len({run.optimizer for run in runs}),
        )


def _weighed(case: Case, cost: str) -> list[Record]:
    return [
        run
        for run in finished(case.evidence.records)
        if getattr(run, cost) is not None and (BY_FIELD[cost].of_model or run.stage != "compress")
    ]


@dataclass(frozen=True, kw_only=True)
class MemoryNeeds(Statement):
    """Memory needs: forecasts of what training takes, the least and the most, and how many fit a limit."""

    rows: int
    """A step; an optimizer that needs the whole training set at once is forecast at it."""
    least: tuple[str, ...]
    least_bytes: int
    most: tuple[str, ...]
    most_bytes: int
    limit_bytes: int | None
    fitting: int
    compared: int

    def __str__(self) -> str:
        if not self.compared:
            return "No forecast was made"
        if self.limit_bytes is None:
            return self._span()
        limit = size_limit(self.limit_bytes)
        least = opening(named(self.least, self.compared))
        if self.compared == 1:
            verb = "fits" if self.fitting else "does not fit"
            return f"{self.least[0]} {verb} {limit}: its forecast is {size(self.least_bytes)}"
        verb = "takes" if len(self.least) == 1 else "take"
        return f"{self._fit()} {limit} by forecast; {least} {verb} the least, {size(self.least_bytes)}"

    def _span(self) -> str:
        least = f"Training is forecast to take {size(self.least_bytes)}"
        if self.least_bytes == self.most_bytes:
            each = "with each of " if self.compared > 1 else "with "
            return f"{least} {each}{self.least[0] if self.compared == 1 else f'{self.compared} optimizers'}"
        names = [named(names, self.compared) for names in (self.least, self.most)]
        return f"{least} ({names[0]}) to {size(self.most_bytes)} ({names[1]})"

    def _fit(self) -> str:
        if self.fitting == self.compared:
            return f"All {self.compared} optimizers fit"
        if not self.fitting:
            return "No optimizer fits"
        return f"{self.fitting} of {self.compared} optimizers {'fits' if self.fitting == 1 else 'fit'}"

    def holds(self, case: Case) -> bool:
        """The least and the most of the forecasts at that batch size are these, and so many fit."""
        facts = case.evidence.facts
        peaks = {
            forecast.optimizer: _peak(forecast, _rows(facts, forecast.optimizer, self.rows))
            for forecast in facts.forecasts
            if forecast.optimizer in self.subjects
        }
        if not self.compared:
            return not self.subjects
        low, high = min(peaks.values()), max(peaks.values())
        fitting = [name for name, peak in peaks.items() if peak <= (self.limit_bytes or math.inf)]
        return (
            (self.least_bytes, self.most_bytes) == (low, high)
            and set(self.least) == {name for name, peak in peaks.items() if peak == low}
            and set(self.most) == {name for name, peak in peaks.items() if peak == high}
            and (self.fitting, self.compared) == (len(fitting), len(peaks))
        )


def _peak(forecast: Forecast, rows: int) -> int:
    """Return the bytes of the fullest moment with so many rows a step; the sum of all parts if unknown."""
    if forecast.moments:
        return max(round(moment.fixed_bytes + moment.row_bytes * rows) for moment in forecast.moments)
    parts = forecast.weight_bytes + forecast.gradient_bytes + forecast.state_bytes
    return parts + round(forecast.activation_bytes * rows / forecast.batch_size)


def _rows(facts: Facts, optimizer: str, rows: int) -> int:
    try:
        whole = getattr(catalogue.find("optimizer", optimizer), "full_batch", False)
    except StudyError:
        whole = False
    return facts.rows if whole else rows


@dataclass(frozen=True, kw_only=True)
class ForecastErrors(Statement):
    """Forecast errors: how far measured peaks are from their forecasts, typically and at worst."""

    typical_share: float
    """Median over the trials, either way."""
    worst_share: float

    def __str__(self) -> str:
        count = several(len(self.trials), "trial")
        if not self.trials:
            return "No trial with a forecast has been measured yet"
        if not self.worst_share:
            return f"Forecasts of memory are right to the byte ({count})"
        if len(self.trials) == 1:
            return f"The forecast of memory is {percent(self.worst_share)} off (1 trial)"
        typical, worst = percent(self.typical_share), percent(self.worst_share)
        if typical == worst:
            return f"Forecasts of memory are {worst} off ({count})"
        mostly = f"{typical} off" if self.typical_share else "right to the byte"
        return f"Forecasts of memory are typically {mostly}, at worst {worst} ({count})"

    def holds(self, case: Case) -> bool:
        """The median and the largest of the errors of these trials are those, and no other is measured."""
        forecasts = {forecast.optimizer: forecast for forecast in case.evidence.facts.forecasts}
        errors = {}
        for run in case.evidence.records:
            rows = run.params.get("batch_size")
            if run.optimizer in forecasts and run.peak_bytes and rows:
                errors[run.number] = abs(run.peak_bytes / _peak(forecasts[run.optimizer], int(rows)) - 1)
        if set(errors) != set(self.trials):
            return False
        return not errors or (
            same(median(errors.values()), self.typical_share) and same(max(errors.values()), self.worst_share)
        )


@dataclass(frozen=True, kw_only=True)
class LayersBear(Statement):
    """Layers bear: by how much the loss rises when a share of one layer's weights is set to zero."""

    share: float
    rises: tuple[tuple[str, float], ...]
    """Each layer and the rise of the loss without that share of it."""

    def __str__(self) -> str:
        if not self.rises:
            return "No layer has been looked at yet"
        share = f"{100 * self.share:g} %"
        low, high = (pick(_rise(rise) for _, rise in self.rises) for pick in (min, max))
        if len(self.rises) == 1:
            return f"Without {share} of {self.rises[0][0]} the loss changes by {_signed(high)}"
        if low == high:
            return f"Without {share} of any of {len(self.rises)} layers the loss changes by {_signed(low)}"
        least, most = (self._layers(rise) for rise in (high, low))
        return f"{least} least, {most} most: {_signed(high)} and {_signed(low)} of loss without {share} of it"

    def _layers(self, rise: float) -> str:
        names = [name for name, other in self.rises if _rise(other) == rise]
        return f"{names[0]} bears" if len(names) == 1 else f"{_few(names)} bear"

    def holds(self, case: Case) -> bool:  # noqa: ARG002 no record holds the losses
        """Each layer is named once, and the share is one; the losses are no part of any record."""
        names = [name for name, _ in self.rises]
        return len(set(names)) == len(names) and 0 <= self.share <= 1


def _few(names: list[str]) -> str:
    return listed(names) if len(names) <= 3 else f"{len(names)} layers"


def _rise(rise: float) -> float:
    return math.inf if math.isnan(rise) else rise


def _signed(rise: float) -> str:
    return "not finite" if not math.isfinite(rise) else f"{rise:+.2g}"
