"""Words: values as text, for every page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from advisor.agents import launch_process
from advisor.jobs import command_lines
from advisor.jobs.command_lines import at_home
from advisor.study_report.data_sections import states_in_words
from dashboard.snapshot import Study
from studies.quantities import format_seconds
from studies.storage.locks import worked_on

Row = dict[str, Any]

UNITS: Final = "%|B|KiB|MiB|GiB|us|µs|ms|s|min|h"
SILENT_SECONDS: Final = 60.0
"""For so long nothing was written before a page says for how long."""


def plain(text: object) -> str:
    """Return text that Markdown shows as it is, on one line, no unit parted from its number."""
    line = re.sub(r"\s+", " ", str(text).strip())
    escaped = re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~$:])", r"\\\1", line)
    return re.sub(rf"(?<=\d) (?=({UNITS})(\W|$))", "\N{NO-BREAK SPACE}", escaped)


def progress(study: Study) -> str:
    """Return how many trials there are, and in each state."""
    return states_in_words(study.records)


def is_running(study: Study) -> bool:
    """Tell whether a process works on a study: it holds the study's lock, or was started here and will."""
    started = launch_process.running(study.home, study.name)
    return started or (not study.finished and worked_on(study.home, study.name))


def search_state(study: Study) -> str:
    """Return whether the search is over, going on or was left."""
    if is_running(study):
        return "The search is running; this page follows it."
    if study.finished:
        return "The search is finished."
    silent = study.silent_seconds > SILENT_SECONDS
    silence = f": nothing was written for {format_seconds(study.silent_seconds)}" if silent else ""
    return f"The search is not finished and nobody works on it{silence}. Go on with: {resume(study)}"


def resume(study: Study) -> str:
    """Return the command that goes on with a study under the budget that it has."""
    return f"advisor resume {study.name}{at_home(study.home)}"


def search_longer(study: Study) -> str:
    """Return the command that goes on with a study under twice its budget, where it has one."""
    return command_lines.resume(study.home, study.name, study.manifest) or resume(study)


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
