"""Event of a search: what whoever listens is told."""

from __future__ import annotations

from dataclasses import dataclass

from studies.record import Record, Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Event of a search: a stage that begins (with a note), or a trial that ended (with its record)."""

    stage: Stage
    note: str = ""
    record: Record | None = None
    warns: bool = False
    """Whether its note has to reach the user, whoever else listens."""
