"""Table of what the columns of imported runs were taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from advisor.jobs.runs.columns import SETTING
from studies.quantities import several
from studies.record import count_states

if TYPE_CHECKING:
    from advisor.cli.schemas.outputs import Imported as ImportedJson
    from advisor.jobs.importing import Imported
    from advisor.jobs.runs.columns import Column

LONGEST: Final = 28
"""Characters of an example."""


def table(imported: Imported) -> str:
    """Return what was imported, and a line for each column: its name, a value, and its meaning."""
    runs = imported.runs
    rows = [("column", "for example", "taken for"), *map(_row, runs.columns.columns)]
    widths = [max(len(row[place]) for row in rows) for place in (0, 1)]
    lines = [f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}".rstrip() for row in rows]
    states = [f"{count} {state}" for state, count in count_states(runs.records).items() if count]
    head = (
        f"Study {imported.study}: {several(len(runs.records), 'run')} ({', '.join(states)}) of "
        f"{runs.source}, judged by {runs.columns.metric}, {runs.columns.direction.word} is better."
    )
    return "\n".join([head, "", *lines, *(["", *runs.notes] if runs.notes else [])])


def as_json(imported: Imported) -> ImportedJson:
    """Return the same as plain values."""
    runs = imported.runs
    return {
        "study": imported.study,
        "source": runs.source,
        "runs": count_states(runs.records),
        "metric": runs.columns.metric,
        "direction": runs.columns.direction,
        "columns": [
            {
                "name": column.name,
                "example": column.example,
                "meaning": column.meaning or None,
                "why": column.why,
            }
            for column in runs.columns.columns
        ],
        "notes": list(runs.notes),
    }


def _row(column: Column) -> tuple[str, str, str]:
    example = column.example if len(column.example) <= LONGEST else f"{column.example[: LONGEST - 3]}..."
    if column.meaning == SETTING:
        return column.name, example, f"setting {column.why}"
    return column.name, example, column.meaning or f"left out: {column.why}"
