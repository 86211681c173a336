"""Study snapshot: what a journal holds, read once and frozen. No Streamlit: the shell plots too."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from advisor.evidence import Evidence
from advisor.jobs.advice import evidence_in
from advisor.report.optimizer_styles import Style
from dashboard.spotlight import spotlit
from studies.direction import Direction
from studies.record import Record
from studies.storage.follow import Journal
from studies.storage.home import journal_of
from studies.storage.manifest import StudyManifest


@dataclass(frozen=True, kw_only=True)
class Study:
    """Study as it stands, as pages and plots show it."""

    home: Path
    name: str
    direction: Direction
    """maximize | minimize"""
    manifest: StudyManifest
    records: tuple[Record, ...]
    ablations: tuple[Record, ...] = ()
    """Runs between the defaults and the advised recipe, which nothing else counts."""
    silent_seconds: float = 0.0
    """Since something was last written to its journal."""
    damaged: int = 0
    """Lines of its journal that cannot be read."""

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
        stored = (journal or Journal(home, name)).read()
        written = journal_of(home, name).stat().st_mtime
        return cls(
            home=home,
            name=name,
            direction=stored.direction,
            manifest=stored.manifest,
            records=stored.records,
            ablations=stored.ablations,
            silent_seconds=time.time() - written,
            damaged=stored.damaged,
        )

    @property
    def metric(self) -> str:
        """Return the name of the workload's metric."""
        return self.manifest.metric

    @property
    def optimizers(self) -> tuple[str, ...]:
        """Return every optimizer in question, the candidates first."""
        tried = (record.optimizer for record in self.records)
        return tuple(dict.fromkeys((*self.manifest.candidates, *tried)))

    @cached_property
    def style_of(self) -> dict[str, Style]:
        """Return the style of each optimizer in charts of all of them: of many, the finalists in colour."""
        return spotlit(self.optimizers, self.records, self.direction)

    @property
    def finished(self) -> bool:
        """Tell whether the search has written its recommendation."""
        return self.manifest.recommendation is not None

    @cached_property
    def evidence(self) -> Evidence:
        """Return the evidence that a recommendation rests on."""
        return evidence_in(self.home, self.name, self.manifest, self.records, direction=self.direction)
