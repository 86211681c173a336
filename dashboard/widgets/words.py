"""Words: values as text, for every page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from advisor.study_report.data_sections import states_in_words
from dashboard.snapshot import Study
from studies.quantities import format_seconds

Row = dict[str, Any]

UNITS: Final = "%|B|KiB|MiB|GiB|us|µs|ms|s|min|h"
SILENT_SECONDS: Final = 120.0
"""A search that has written nothing for so long may have been stopped."""


def plain(text: object) -> str:
    """Return text that Markdown shows as it is, on one line, no unit parted from its number."""
    line = re.sub(r"\s+", " ", str(text).strip())
    escaped = re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~$:])", r"\\\1", line)
    return re.sub(rf"(?<=\d) (?=({UNITS})(\W|$))", "\N{NO-BREAK SPACE}", escaped)


def progress(study: Study) -> str:
    """Return how many trials there are, and in each state."""
    return states_in_words(study.records)


def search_state(study: Study) -> str:
    """Return whether the search is over, going on or perhaps stopped."""
    if study.finished:
        return "The search is finished."
    if study.silent_seconds < SILENT_SECONDS:
        return "The search is running; this page follows it."
    silence = f"has written nothing for {format_seconds(study.silent_seconds)}"
    return f"The search is not finished and {silence}. Go on with: advisor resume {study.name}"


def filled_columns(rows: Sequence[Row], columns: Row) -> Row:
    """Return the columns in which at least one row has something to show."""
    return {
        field: column
        for field, column in columns.items()
        if any(row[field] not in {None, ""} for row in rows)
    }


def bullets(items: Iterable[str]) -> str:
    """Return a Markdown list of texts."""
    return "\n".join(f"- {plain(item)}" for item in items)


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table of texts.

    Unlike a data frame it breaks lines rather than cut them, and suits a few rows.
    """
    lines = (headings, ["---"] * len(headings), *rows)
    return "\n".join(
        f"| {' | '.join(cell if cell == '---' else plain(cell) for cell in map(str, line))} |"
        for line in lines
    )


def learning_rate(params: Mapping[str, Any]) -> float | None:
    """Return the learning rate of a flat recipe, if it has one."""
    lr = params.get(f"optimizer.{params['optimizer']}.lr")
    return None if lr is None else float(lr)
