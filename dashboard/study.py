"""A study as pages and plots show it: what its journal holds, read once and frozen. No Streamlit: the shell plots too."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from advisor.evidence import Evidence
from advisor.reading import evidence_from_page
from studies.direction import Direction
from studies.journal import Journal
from studies.record import Record
from studies.store import journal_of


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study as it stands."""

    home: Path
    name: str
    plan: Mapping[str, Any]
    records: tuple[Record, ...]
    silent_seconds: float = 0.0
    """Since something was last written to its journal."""

    @classmethod
    def read(cls, home: Path, name: str, journal: Journal | None = None) -> Study:
        """Read a study from its journal.

        Args:
            home: where it lies.
            name: of the study.
            journal: of the same study, read before: only what was written since is read.

        Raises:
            StudyError: there is none of that name, or its journal cannot be read.
        """
        held = (journal or Journal(home, name)).read()
        plan = {"direction": held.direction} | held.plan
        written = journal_of(home, name).stat().st_mtime
        return cls(home=home, name=name, plan=plan, records=held.records, silent_seconds=time.time() - written)

    @property
    def metric(self) -> str:
        """Return the name of the workload's metric."""
        return str(self.plan.get("metric", "quality"))

    @property
    def direction(self) -> Direction:
        """Return which way the metric is better."""
        return Direction(self.plan.get("direction", Direction.MAXIMIZE))

    @property
    def optimizers(self) -> tuple[str, ...]:
        """Return every optimizer in question, the candidates first."""
        tried = (record.optimizer for record in self.records)
        return tuple(dict.fromkeys((*self.plan.get("candidates", ()), *tried)))

    @property
    def finished(self) -> bool:
        """Tell whether the search has written its recommendation."""
        return bool(self.plan.get("recommendation"))

    @cached_property
    def evidence(self) -> Evidence:
        """Return what a recommendation may look at."""
        return evidence_from_page(self.home, self.name, self.plan, self.records, direction=self.direction)
