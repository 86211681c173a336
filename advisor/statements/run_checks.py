"""Checks of the recommended run: settings on a range's end, still improving, overfitting, late variance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import ClassVar

from advisor.report.numbers import apart, number, ratio
from advisor.statements.check import Check
from advisor.statements.recomputed import loss_of, repeats, roots
from advisor.statements.statement import Case
from studies.quantities import listed, several
from studies.record import Record


def _run(check: Check, case: Case) -> Record | None:
    """Return the run that a check is about; None when it is not the recommended one."""
    if len(check.trials) != 1 or not {*roots(case), *(run.number for run in repeats(case))} & {*check.trials}:
        return None
    return next(iter(case.runs(check.trials)), None)


@dataclass(frozen=True, kw_only=True)
class RangeEdges(Check):
    """Range edges: settings of the recommended recipe that lie on the end of the range that was searched."""

    name: ClassVar[str] = "range edges"
    edge: float
    """Place in its range, of -1 to 1, beyond which a setting counts as on the end."""
    upper: tuple[str, ...]
    """Settings on the upper end."""
    lower: tuple[str, ...]

    @property
    def message(self) -> str:
        ends = [
            f"{listed(settings)} on the {end} end"
            for settings, end in ((self.upper, "upper"), (self.lower, "lower"))
            if settings
        ]
        if not ends:
            return f"no setting of trial {self.trials[0]} lies on the end of its range"
        return f"trial {self.trials[0]} has {' and '.join(ends)} of {self._ranges}"

    @property
    def fix(self) -> str:
        wider = "that range" if self._single else "those ranges"
        return f"widen {wider}, or try the recipe with a value beyond the end: a better one may lie there"

    @property
    def _single(self) -> bool:
        return len(self.upper) + len(self.lower) == 1

    @property
    def _ranges(self) -> str:
        return "its range" if self._single else "their ranges"

    def holds(self, case: Case) -> bool:
        """Tell whether just these settings lie there."""
        run = _run(self, case)
        if run is None:
            return False
        upper = {name for name, place in run.units.items() if place > self.edge}
        lower = {name for name, place in run.units.items() if place < -self.edge}
        return (set(self.upper), set(self.lower)) == (upper, lower) and self.passed == (not upper | lower)


@dataclass(frozen=True, kw_only=True)
class StillImproving(Check):
    """Still improving: whether the recommended run was at its best when it ended."""

    name: ClassVar[str] = "still improving"
    best_epoch: int | None
    """None when no curve was recorded."""
    epochs: int

    @property
    def message(self) -> str:
        trial = f"trial {self.trials[0]}"
        if self.best_epoch is None:
            return f"the learning curve of {trial} was not recorded"
        if self.epochs == 1:
            return f"{trial} was trained for 1 epoch, which does not show whether more would help"
        last = ", its last" if self.best_epoch == self.epochs else ""
        return f"{trial} was best at epoch {self.best_epoch} of {self.epochs}{last}"

    @property
    def fix(self) -> str:
        return "train longer: the order of the optimizers may change with the length of the run"

    def holds(self, case: Case) -> bool:
        """Tell whether its best finite metric came first at that epoch."""
        run = _run(self, case)
        if run is None:
            return False
        points = [point for point in run.curve if math.isfinite(point.valid_metric)]
        if self.best_epoch is None:
            return not points and self.epochs == run.epochs and self.passed
        values = [point.valid_metric for point in points]
        best = (max if case.evidence.direction == "maximize" else min)(values)
        first = next(point.epoch for point in points if point.valid_metric == best)
        last = run.curve[-1].epoch
        return (self.best_epoch, self.epochs) == (first, last) and self.passed == (first < last)


@dataclass(frozen=True, kw_only=True)
class Overfitting(Check):
    """Overfitting: whether the recommended run learnt its training rows at the cost of the others."""

    name: ClassVar[str] = "overfitting"
    allowed_rise: float
    """Rise of the validation loss above its lowest value, as a share of it, that is not clear."""
    lowest_loss: float | None
    """Of the validation split; None when no losses were recorded."""
    lowest_epoch: int | None
    late_loss: float | None
    """Median over the last third of the epochs."""
    late_points: int
    """Measurements in these epochs: of a long run, or where many rows validate, fewer than epochs."""
    late_epochs: int
    """How many epochs these are."""
    train_loss_then: float | None
    """Training loss at the lowest validation loss."""
    train_loss: float | None
    """Training loss at the end."""

    @property
    def message(self) -> str:
        trial = f"trial {self.trials[0]}"
        if self.lowest_loss is None or self.late_loss is None:
            return f"no validation loss of {trial} was recorded"
        late, lowest = number(self.late_loss), number(self.lowest_loss)
        if self.passed:
            where = f"lowest at epoch {self.lowest_epoch} ({lowest})"
            return f"the validation loss of {trial} was {where}, and {self._late} was {late}"
        then, end = apart(self.train_loss_then or 0.0, self.train_loss or 0.0)
        risen = f"rose from {lowest} at epoch {self.lowest_epoch} to {late}, {self._late}"
        return f"the validation loss of {trial} {risen}, while the training loss fell from {then} to {end}"

    @property
    def _late(self) -> str:
        if self.late_points == 1:
            return "its last value"
        epochs = f"its last {several(self.late_epochs, 'epoch')}"
        if self.late_points == self.late_epochs:
            return f"the median over {epochs}"
        return f"the median of {self.late_points} measurements in {epochs}"

    @property
    def fix(self) -> str:
        return (
            "regularise (weight decay, dropout, label smoothing) or get more rows; to stop earlier gains "
            "nothing, as its quality is that of the best epoch already"
        )

    def holds(self, case: Case) -> bool:
        """Tell whether the losses are those of the curve, and whether they part."""
        run = _run(self, case)
        if run is None:
            return False
        points = [point for point in run.curve if math.isfinite(point.valid_loss)]
        if not points:
            return self.lowest_loss is None and not (self.late_points or self.late_epochs) and self.passed
        lowest = min(point.valid_loss for point in points)
        then = next(point for point in points if point.valid_loss == lowest)
        epochs = max(1, points[-1].epoch // 3)
        late = sorted(point.valid_loss for point in points if point.epoch > points[-1].epoch - epochs)
        half = len(late) // 2
        middle = late[half] if len(late) % 2 else (late[half - 1] + late[half]) / 2
        trained = [loss if math.isfinite(loss) else None for loss in (then.train_loss, points[-1].train_loss)]
        fell = None not in trained and trained[1] < trained[0]  # type: ignore[operator]
        parted = fell and middle - lowest > self.allowed_rise * abs(lowest)
        figures = (self.lowest_loss, self.lowest_epoch, self.late_epochs, self.late_points, self.late_loss)
        return (
            figures == (lowest, then.epoch, epochs, len(late), middle)
            and [self.train_loss_then, self.train_loss] == trained
            and self.passed == (not parted)
        )


@dataclass(frozen=True, kw_only=True)
class LateVariance(Check):
    """Late variance: how much the metric of the recommended run still jumps about when it ends."""

    name: ClassVar[str] = "late variance"
    epochs: int
    """The last ones, that are looked at."""
    change: float
    """Usual change of the error from one measurement to the next, as a log-ratio."""
    allowed_change: float
    """Log-ratio that is usual, or that a row or two make."""

    @property
    def message(self) -> str:
        change = ratio(self.change) if self.change < 1 else f"a factor of {number(math.exp(self.change))}"
        epochs = several(self.epochs, "epoch")
        return (
            f"over its last {epochs} the error of trial {self.trials[0]} changed by {change} "
            "from one measurement to the next"
        )

    @property
    def fix(self) -> str:
        return (
            "average the weights (EMA), let the learning rate end lower, "
            "or hold back more rows for validation"
        )

    def holds(self, case: Case) -> bool:
        """Tell whether the middle one of the changes is that large."""
        run = _run(self, case)
        if run is None:
            return False
        late = [point.valid_metric for point in run.curve if point.epoch > run.epochs - self.epochs]
        losses = [loss_of(case.evidence, value) for value in late]
        change = median(abs(math.log(after) - math.log(before)) for before, after in pairwise(losses))
        return (
            self.epochs == run.epochs // 3
            and abs(change - self.change) < 1e-9
            and self.passed == (change <= self.allowed_change)
        )
