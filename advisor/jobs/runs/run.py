"""Run: what another tool recorded of one training run, under that tool's own names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from studies.direction import Direction


@dataclass(frozen=True, kw_only=True, slots=True)
class CurvePoint:
    """Point of a learning curve as a tool recorded it."""

    step: int
    value: float
    seconds: float = 0.0
    """Since the run began; 0 where nobody knows."""


def no_curve(column: str) -> tuple[CurvePoint, ...]:  # noqa: ARG001 - as `Run.curve` is called
    """Return the learning curve of a run of which nothing but the end was recorded."""
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Run of another tool."""

    name: str
    """What a message calls it: `row 2 of runs.csv`, `trial 7`."""
    values: Mapping[str, Any]
    """By column; a value that is missing is not in it."""
    state: str = ""
    """As its tool writes it; empty where it says none, or says it in a column."""
    curve: Callable[[str], tuple[CurvePoint, ...]] = no_curve
    """Takes a column, returns how its values went."""
    error: str = ""
    infeasible: bool = False
    """Whether it broke a constraint of its study."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Runs:
    """Runs of one study, experiment or table."""

    source: str
    """Where they are from, in words: `the Optuna study 'mnist' in mnist.db`."""
    name: str
    """What a study of them may be called."""
    runs: tuple[Run, ...]
    metrics: tuple[str, ...] = ()
    """Columns that the tool itself judges by; empty where it judges by none."""
    directions: tuple[Direction, ...] = ()
    """Of these."""
    results: tuple[str, ...] = ()
    """Columns that the tool knows to be results of a run, not settings."""
    notes: tuple[str, ...] = ()
    """What the reader should know of how they were read."""

    columns: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        names = dict.fromkeys(name for run in self.runs for name in run.values)
        object.__setattr__(self, "columns", tuple(names))
