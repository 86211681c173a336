"""Page parts: how a page about a study begins, a chart with its data as CSV, a page that is empty yet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from advisor.decide.circumstances import circumstances
from advisor.report.numbers import WHOLE, rounded
from advisor.report.units import Unit, unit_of
from dashboard import reads
from dashboard.charts.looks import untitled
from dashboard.widgets.words import Row, plain, progress, search_state
from studies.costs import COSTS
from studies.errors import StudyError
from studies.storage.follow import damage

if TYPE_CHECKING:
    from pathlib import Path

    import plotly.graph_objects as go

    from dashboard.snapshot import Study
    from studies.storage.annotations import StudyAnnotations

LABELS: Final = {cost.field: cost.label for cost in COSTS} | {"compressed_bytes": "model size through gzip"}
"""Of the columns of a table that are written in one unit each, by field."""
SAVED: dict[str, Any] = {"displaylogo": False, "toImageButtonOptions": {"format": "png", "scale": 2}}
"""The camera above each chart saves it as a PNG."""


def chart(figure: go.Figure, key: str, rows: Sequence[Mapping[str, Any]] = (), **options: Any) -> Any:
    """Show a figure below its title, over a button that saves its rows as CSV; return what is selected on it.

    The title is text of the page, wrapped at its width and never cut. Every page shows its charts by this.

    Args:
        figure: what to show.
        key: of the chart; the name of its file too.
        rows: what it draws, each with the same keys.
        options: of `st.plotly_chart`, such as `on_select`.
    """
    config = SAVED | {"toImageButtonOptions": SAVED["toImageButtonOptions"] | {"filename": key}}
    title, bare = untitled(figure)
    if title:
        st.markdown(f"**{plain(title)}**")
    selected = st.plotly_chart(bare, key=key, config=config, **options)
    if rows:
        st.download_button("CSV", table(rows), file_name=f"{key}.csv", mime="text/csv", key=f"{key}-csv")
    return selected


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV; a text that a spreadsheet would take for a formula is quoted as text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(key for row in rows for key in row)))
    writer.writeheader()
    writer.writerows({key: _no_formula(value) for key, value in row.items()} for row in rows)
    return out.getvalue()


def _no_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def open_study(home: Path, name: str, title: str) -> Study | None:
    """Begin a page about a study: its title, and how far the study is.

    None when the study cannot be read, which the page then says.
    """
    st.title(title)
    try:
        study = reads.study(home, name)
    except StudyError as error:
        st.error(plain(error))
        return None
    st.caption(plain(state_in_a_line(study)))
    if line := said_in_a_line(reads.annotations_of(home, name)):
        st.caption(plain(line))
    if special := " ".join(map(str, circumstances(study.evidence))):
        st.caption(plain(special))
    if study.damaged:
        st.warning(plain(f"{damage(name, study.damaged)}; the rest is shown"))
    return study


def state_in_a_line(study: Study) -> str:
    """Return what a study is called, how many trials it has, and how far it is."""
    label = reads.annotations_of(study.home, study.name).label(study.name)
    return f"Study {label}, {progress(study)}. {search_state(study)}"


def said_in_a_line(said: StudyAnnotations) -> str:
    """Return tags and note on one line; empty where nothing is said."""
    tags = f"Tags: {', '.join(said.tags)}." if said.tags else ""
    return " ".join(filter(None, (tags, " ".join(said.note.split()))))


def nothing_yet(message: str, command: str) -> None:
    """Say what a page would show, and which command fills it."""
    st.info(plain(message))
    st.code(command, language="sh", wrap_lines=True)


def in_units(rows: Sequence[Row]) -> list[Row]:
    """Return rows of a table whose costs are numbers in one unit a column, that of `cost_column`."""
    units = {field: _unit(field, rows) for field in LABELS}
    return in_few_digits(
        [
            row | {field: unit.of(row[field]) for field, unit in units.items() if row.get(field) is not None}
            for row in rows
        ]
    )


def in_few_digits(rows: Sequence[Row]) -> list[Row]:
    """Return rows whose numbers have four significant digits, and are whole from 1,000 on."""
    return [
        {field: rounded(value) if isinstance(value, float) else value for field, value in row.items()}
        for row in rows
    ]


def cost_columns(rows: Sequence[Row] = ()) -> Row:
    """Return a table's columns of what a run costs, by field of a record; `in_units` makes its rows."""
    return {cost.field: cost_column(cost.field, rows) for cost in COSTS}


def cost_column(field: str, rows: Sequence[Row]) -> Any:
    """Return the column of one cost, in bytes or seconds; the middle one of the rows decides its unit."""
    unit = _unit(field, rows)
    values = [unit.of(row[field]) for row in rows if row.get(field) is not None]
    return number_column(unit.titled(LABELS[field]), values)


def number_column(label: str, values: Iterable[float | None], **options: Any) -> Any:
    """Return a column of numbers as `in_few_digits` makes them, with commas where one is 1,000 or more."""
    known = [abs(value) for value in values if value is not None]
    large = bool(known) and max(known) >= WHOLE
    return st.column_config.NumberColumn(label, format="localized" if large else "%.4g", **options)


def _unit(field: str, rows: Sequence[Row]) -> Unit:
    return unit_of((row.get(field) for row in rows), seconds=field.endswith("seconds"))
