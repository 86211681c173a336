"""Sections on what was measured: data and model, every trial, and how to repeat the search."""

from __future__ import annotations

from typing import Final

from advisor.report.columns_table import TITLES as COLUMN_TITLES
from advisor.report.columns_table import column_rows
from advisor.report.facts_text import data_lines, model_lines
from advisor.report.numbers import duration, number
from advisor.report.section import Section, Table, sentence
from advisor.study_report.reported import ReportedStudy
from studies.column_reading import ColumnReading
from studies.quantities import several
from studies.record import Record, count_states

MOST_TRIALS: Final = 1000
MOST_COLUMNS: Final = 300
"""Rows of a table; a page of more is too large to send. How many more there are is said."""


def data(study: ReportedStudy) -> Section:
    """Return the data and the model in sentences, and what became of each column."""
    rows = column_rows(study.evidence.columns)
    more = len(rows) - MOST_COLUMNS
    left_out = (f"{several(more, 'line')} of columns more.",) if more > 0 else ()
    table = Table(titles=COLUMN_TITLES, rows=tuple(rows[:MOST_COLUMNS]), about="columns")
    return Section(
        title="Data and model",
        sentences=(*facts_lines(study), *study.notes, *columns_line(study.evidence.columns), *left_out),
        tables=(table,),
    )


def facts_lines(study: ReportedStudy) -> tuple[str, ...]:
    """Return the facts of data and model in sentences; of a training function nobody knows them."""
    names = tuple(
        f"{kind}: {name}." for kind, name in (("Dataset", study.dataset), ("Model", study.model)) if name
    )
    if study.is_function:
        return names
    lines = (*data_lines(study.evidence.facts), *model_lines(study.evidence.facts))
    return (*names, *map(sentence, lines))


def columns_line(columns: tuple[ColumnReading, ...]) -> tuple[str, ...]:
    """Return how many columns are inputs, where there are columns."""
    used = sum(not column.left_out for column in columns)
    return (f"{used:,} of {several(len(columns), 'column')} are inputs.",) if columns else ()


def trials(study: ReportedStudy) -> Section:
    """Return every trial, or as many as a page holds."""
    records = study.evidence.records
    more = len(records) - MOST_TRIALS
    left_out = (f"The last {MOST_TRIALS:,} are shown.",) if more > 0 else ()
    titles = ("trial", "stage", "optimizer", "state", study.evidence.metric, "seed", "time", "why it ended")
    rows = tuple(map(_trial, records[-MOST_TRIALS:]))
    return Section(
        title=f"All trials ({len(records):,})",
        sentences=(sentence(states_in_words(records)), *left_out)
        if records
        else ("No trial has ended yet.",),
        tables=(Table(titles=titles, rows=rows, about="trials"),),
        folded=True,
    )


def states_in_words(records: tuple[Record, ...]) -> str:
    """Return how many trials there are, and in each state."""
    counts = {state: count for state, count in count_states(records).items() if count}
    each = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"{several(len(records), 'trial')}: {each}" if each else "no trials"


def repeat(study: ReportedStudy) -> Section:
    """Return what it takes to repeat the search: its command, and what it ran with."""
    command = study.evidence.command
    lines = () if command else ("No command names this workload: it was handed over in code.",)
    return Section(
        title="How to repeat it",
        sentences=lines,
        tables=(study.repeat_table,),
        code=(command,) if command else (),
    )


def _trial(record: Record) -> tuple[str, ...]:
    return (
        str(record.number),
        record.stage,
        record.optimizer,
        record.state,
        "-" if record.quality is None else number(record.quality),
        str(record.seed),
        "-" if record.train_seconds is None else duration(record.train_seconds),
        record.error or "",
    )
