"""Reading of runs: a source and what somebody says of its columns, to records and evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from advisor.evidence import Evidence
from advisor.jobs.runs.columns import Columns, RunsRequest, columns_of
from advisor.jobs.runs.records import records_of
from advisor.jobs.runs.repeats import with_repeats
from advisor.jobs.runs.source import Source
from studies.facts import UNSEEN, Facts
from studies.record import Record

UNKNOWN: Final = Facts(kind=UNSEEN)
"""Facts of data and model that nobody here has seen."""
ASK: Final = RunsRequest()


@dataclass(frozen=True, kw_only=True)
class ReadRuns:
    """Runs of a source, read."""

    source: str
    """Where they are from, in words."""
    name: str
    """What a study of them may be called."""
    columns: Columns
    records: tuple[Record, ...]
    """A record a run, none of them a confirmation yet."""
    notes: tuple[str, ...]

    @property
    def evidence(self) -> Evidence:
        """Return the evidence in them; runs of one recipe with several seeds are its confirmation."""
        return Evidence(
            facts=UNKNOWN,
            records=with_repeats(self.records),
            direction=self.columns.direction,
            metric=self.columns.metric,
            valid_rows=None,
            study=self.name,
        )


def read_runs(source: Source, request: RunsRequest = ASK) -> ReadRuns:
    """Return the runs of a source, as somebody says or as their names tell.

    Raises:
        StudyError: they cannot be read, or something has to be said.
    """
    with source.opened() as runs:
        columns = columns_of(runs, request)
        read = records_of(runs, columns, request)
        return ReadRuns(
            source=runs.source,
            name=runs.name,
            columns=columns,
            records=read.records,
            notes=(*runs.notes, *read.notes, *_seed_notes(columns)),
        )


def _seed_notes(columns: Columns) -> tuple[str, ...]:
    if columns.by_meaning("seed"):
        return ()
    return ("no column says the seed, so equal runs are not taken for the confirmation of a recipe",)
