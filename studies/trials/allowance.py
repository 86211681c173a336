"""Allowance: the time and the memory that a trial may take before its worker is ended from outside.

A run that takes many times as long as those of its optimizer did hangs: its deadline is a multiple of the
slowest of them, of the forecast for the first. It is generous, as a machine may be busy for a while.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from studies.engines.engine import GRACE_SECONDS

if TYPE_CHECKING:
    from studies.facts import Facts
    from studies.plans.plan import Plan
    from studies.record import Record
    from studies.trials.open_trial import OpenTrial

SLACK: Final = 20.0
"""Times of what a trial should take."""
LEAST_SECONDS: Final = 120.0
"""No deadline is shorter, unless the user says so: imports and a busy machine take their time."""
LEAST_COMPRESSION_SECONDS: Final = 900.0
"""The same for making a model small: exporters are slow, and two fresh processes are measured, 5 minutes each
at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """Pace of an optimizer's runs: the slowest one's, and the smallest batch that any of them had."""

    epoch_seconds: float
    smallest_batch: int


@dataclass(kw_only=True)
class Paces:
    """Paces of a study's optimizers, kept up to date as runs end.

    Example:
        >>> Paces.of_all([]).of("AdamW") is None
        True
    """

    by_optimizer: dict[str, Pace] = field(default_factory=dict)

    @classmethod
    def of_all(cls, records: Iterable[Record]) -> Self:
        """Return the paces of runs that have ended."""
        paces = cls()
        for record in records:
            paces.note(record)
        return paces

    def of(self, optimizer: str) -> Pace | None:
        """Return that of an optimizer; None before its first run with a whole epoch."""
        return self.by_optimizer.get(optimizer)

    def note(self, record: Record) -> None:
        """Take in a run that has ended; models that were made small are another matter."""
        if not record.epochs or record.stage == "compress":
            return
        batch, seconds = int(record.params.get("batch_size", 1)), record.took_seconds / record.epochs
        before = self.by_optimizer.get(record.optimizer, Pace(epoch_seconds=seconds, smallest_batch=batch))
        self.by_optimizer[record.optimizer] = Pace(
            epoch_seconds=max(before.epoch_seconds, seconds),
            smallest_batch=min(before.smallest_batch, batch),
        )


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """Allowance of each trial of a study."""

    epochs: int
    """Of a whole run."""
    trial_seconds: float | None = None
    """What the user allows a whole run; None for a multiple of what others took."""
    most_bytes: int | None = None
    """Memory of a worker process; None for any."""
    forecast_seconds: Callable[[str], float | None] = lambda optimizer: None
    """What a whole run with an optimizer should take."""

    @classmethod
    def of_plan(cls, plan: Plan, facts: Facts, *, most_bytes: int | None) -> Self:
        """Return what a study's plan allows.

        Args:
            plan: of the study.
            facts: of its workload, which foretell how long runs take.
            most_bytes: memory of a worker process; None for any.
        """
        return cls(
            epochs=plan.epochs,
            trial_seconds=plan.trial_seconds,
            most_bytes=most_bytes,
            forecast_seconds=facts.seconds_with,
        )

    def deadline_seconds(self, trial: OpenTrial, epochs: int, paces: Paces) -> float | None:
        """Return the seconds after which a trial is ended that is to train up to an epoch; None for never.

        Args:
            trial: which one.
            epochs: where it pauses next.
            paces: of every trial so far.
        """
        if self.trial_seconds is not None:
            return max(self.trial_seconds - trial.seconds, 0.001)
        name = trial.recipe.optimizer.name()
        pace = paces.of(name)
        whole = self.forecast_seconds(name) if pace is None else pace.epoch_seconds * self.epochs
        if whole is None:
            return None
        smallest = trial.recipe.batch_size if pace is None else pace.smallest_batch
        steps = max(1.0, smallest / trial.recipe.batch_size)  # as many times more of them an epoch
        return max(LEAST_SECONDS, SLACK * whole * steps * epochs / self.epochs)

    def deadline_together(
        self,
        trials: Sequence[OpenTrial],
        epochs: int,
        paces: Paces,
        *,
        stop_after: float | None,
    ) -> float | None:
        """Return the seconds after which a worker is ended that has some trials: together what each may take.

        Args:
            trials: one, or those of a stack.
            epochs: where they pause next.
            paces: of every trial so far.
            stop_after: seconds until the budget is used up; None without one in seconds.
        """
        of_each = [self.deadline_seconds(trial, epochs, paces) for trial in trials]
        deadline = math.fsum(math.inf if seconds is None else seconds for seconds in of_each)
        if stop_after is not None:
            deadline = min(deadline, stop_after + GRACE_SECONDS)
        return deadline if math.isfinite(deadline) else None


@dataclass(frozen=True, kw_only=True)
class CompressionAllowance:
    """Allowance of each trial of a compression, which has trainings and much else in it."""

    most_bytes: int | None = None
    """Memory of a worker process; None for any."""

    def deadline_seconds(self, run: Record, records: Sequence[Record]) -> float:
        """Return the seconds after which a trial is ended that makes the model of a run small.

        Args:
            run: which one.
            records: every trial so far; compressions among them show what they take.
        """
        earlier = [record.took_seconds for record in records if record.stage == "compress"]
        return max(LEAST_COMPRESSION_SECONDS, SLACK * max([run.took_seconds, *earlier]))
