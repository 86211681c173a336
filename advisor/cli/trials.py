"""Rows of `advisor list trials STUDY`: each trial with its state, what it reached and why it ended."""

from __future__ import annotations

from pathlib import Path

from advisor.cli.rows import TrialRow
from advisor.report.numbers import number
from studies.errors import BadValue
from studies.record import Record
from studies.storage.annotations import TrialAnnotations, legible_annotations
from studies.storage.follow import read_study
from studies.storage.home import study_names


def trial_rows(home: Path, study: str) -> list[TrialRow]:
    """Return a row for each trial of a study, in the order of their numbers.

    Raises:
        BadValue: no study was named.
        StudyError: no such study, or it cannot be read.
    """
    if not study:
        named = ", ".join(study_names(home)) or "none yet"
        raise BadValue(f"name the study: advisor list trials STUDY; there are: {named}")
    stored, said = read_study(home, study), legible_annotations(home, study)
    records = sorted((*stored.records, *stored.ablations), key=lambda record: record.number)
    return [_row(record, stored.manifest.metric, said.of_trial(record.number)) for record in records]


def _row(record: Record, metric: str, said: TrialAnnotations) -> TrialRow:
    reached = "" if record.quality is None else f"{metric} {number(record.quality)}"
    sample = "" if record.sample_rows is None else f"trained on {record.sample_rows:,} rows"
    return {
        "name": str(record.number),
        "summary": "; ".join(filter(None, (reached, sample, record.error))),
        "state": record.state,
        "stage": record.stage,
        "optimizer": record.optimizer,
        "seed": record.seed,
        "split_seed": record.split_seed,
        "sample_rows": record.sample_rows,
        "quality": record.quality,
        "error": record.error,
        "output": list(record.output),
        "note": said.note,
        "tags": list(said.tags),
    }
