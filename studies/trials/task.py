"""Trial task: what a worker is told of a trial, up to which rung; and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studies.record import Record, Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialTask:
    """Trial to train up to a rung."""

    number: int
    params: Mapping[str, Any]
    """The recipe in flat form."""
    units: Mapping[str, float]
    """Where each searched value lies in its own range, for the record."""
    stage: Stage
    seed: int
    source: int | None = None
    split_seed: int | None = None
    """Of rows to draw anew, if they can be; None for the workload's own split."""
    sample_rows: int | None = None
    epochs: int
    """To train up to, counted from the start of the run."""
    goes_on: bool = False
    """Whether it was paused before, on this worker or another."""
    paused: Path | None = None
    """The file in which it waits between rungs, for whichever worker goes on with it; None: nobody else
    will."""
    checkpoint: Path | None = None
    """The file for the weights of a whole run; None keeps none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StackTask:
    """Trials to train up to one rung together, in lockstep as far as they fit; each has a result."""

    tasks: tuple[TrialTask, ...]
    fewest: int
    """Trials for which a stack pays; fewer train one after another."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """Paused trials that nobody goes on with: a worker lets go of what it holds of them."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialResult:
    """Trial as it stands: at a rung, or at its end."""

    record: Record
    """Of a trial that pauses, as if it were pruned now."""
    pauses: bool
    bound: bool = False
    """Whether only the worker that paused it can go on with it."""
    violation: float = 0.0
    """Of an infeasible trial, by how much."""
