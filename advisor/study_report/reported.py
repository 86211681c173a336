"""Reported study: what a report is written from, all of it values that were read before."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.evidence import Evidence
from advisor.recommendation import Recommendation
from advisor.report.section import Table


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedStudy:
    """Study as a report shows it."""

    name: str
    evidence: Evidence
    recommendation: Recommendation | None
    """None where nothing fits the limits."""
    problem: str = ""
    """Why there is no recommendation."""
    state: str = ""
    """Whether the search is over, in a sentence."""
    is_function: bool = False
    """Whether a training function was searched, whose data and model nobody knows."""
    dataset: str = ""
    model: str = ""
    notes: tuple[str, ...] = ()
    """What was done to the data, and what the search was told, in sentences."""
    repeat: tuple[tuple[str, str], ...] = ()
    """What it takes to repeat the search: a name and a value in words, each."""
    code: str = ""
    """The recipe as code of PyTorch; empty where there is none."""

    @property
    def repeat_table(self) -> Table:
        """Return what it takes to repeat the search as a table."""
        return Table(titles=("what", "value"), rows=self.repeat, about="what the search ran with")
