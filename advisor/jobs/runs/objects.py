"""Objects from code that hold runs, as evidence: records, dicts, a DataFrame, an Optuna study."""

from __future__ import annotations

from typing import Any

from advisor.evidence import Evidence
from advisor.jobs.runs.columns import RunsRequest
from advisor.jobs.runs.known_sources import source_of_object
from advisor.jobs.runs.reading import ASK, UNKNOWN, read_runs
from advisor.jobs.runs.source import Source
from studies.record import Record
from studies.scoring.directions import direction_of


def evidence_from(about: Any, request: RunsRequest = ASK) -> Evidence:
    """Return the evidence in an object, by its type; `Evidence` is what it is.

    Args:
        about: a source of runs, or an object that holds runs.
        request: what somebody says of their columns; of records the metric and the direction.

    Raises:
        BadValue: an object of another type, or something has to be said.
        BadWorkload: it holds no run, or none that can be read.
    """
    if isinstance(about, Evidence):
        return about
    if isinstance(about, list | tuple) and about and all(isinstance(entry, Record) for entry in about):
        metric = request.metric or "accuracy"
        direction = direction_of(metric, request.direction)
        return Evidence(
            facts=UNKNOWN, records=tuple(about), metric=metric, direction=direction, valid_rows=None
        )
    source = about if isinstance(about, Source) else source_of_object(about)
    return read_runs(source, request).evidence
