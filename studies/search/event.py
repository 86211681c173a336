"""Event of a search: what whoever listens is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studies.record import Record, Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """Training: one trial that is being trained, or compressed, at this moment."""

    task: int
    """Trials with the same number here train together, as one stack."""
    number: int
    """Of the trial; -1 for a compression, which gets its number when it is written down."""
    optimizer: str
    epochs: int
    """To which it trains before it is compared, or ends; 0 for a compression."""
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Of a compression, its recipe in flat form."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Event of a search: a note that a stage begins with, a trial that ended, or what is trained from now on.

    Of its note, its record and its `training` one is set, and the others are empty.
    """

    stage: Stage
    note: str = ""
    record: Record | None = None
    warns: bool = False
    """Whether its note has to reach the user, whoever else listens."""
    training: tuple[Training, ...] = ()
    """All that is trained, where that has changed."""
