"""Trials: quality against training time, each optimizer's best so far, and the table of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard import reads, trials_table
from dashboard.charts.timeline import rows as timeline_rows
from dashboard.charts.timeline import timeline
from dashboard.charts.trials import best_so_far, quality_by_seconds
from dashboard.snapshot import Study
from dashboard.trials_table import FIELDS, GROUPS, NAMES, TEXTS, Arrangement, Row
from dashboard.widgets import address, links
from dashboard.widgets.parts import chart, cost_columns, in_units, number_column, open_study, table
from dashboard.widgets.words import plain
from studies.errors import BadValue

CAPTION: Final = (
    "Each mark is a trial; click one to open its page. Faded: cut short, or its result is unusable. Large: a "
    "finalist again with a fresh seed. The axis fits the whole runs: a double click shows all marks. Models "
    "made small are on the page Compression."
)
NO_GROUP: Final = "none"
FILTER_HELP: Final = (
    "Conditions with commas between them: a column, one of = != < <= > >= ~ (contains) and a value, such as "
    "quality > 0.9, optimizer = AdamW, peak memory in training < 2 MiB"
)


def show(home: Path, name: str) -> None:
    """Show the trials of a study."""
    study = open_study(home, name, "Trials")
    if study is None:
        return
    if not study.records:
        st.info("No trial has ended yet.")
        return
    _charts(study)
    st.header("All trials")
    said = reads.annotations_of(home, name)
    rows = [trials_table.row(record, said.of_trial(record.number)) for record in study.records]
    _table(study, rows)


def _table(study: Study, rows: list[Row]) -> None:
    """Show the rows that the reader's conditions leave, as the reader sorts them; a row opens its trial."""
    filled = trials_table.columns(rows)
    arrangement = _arrangement(study.name, filled)
    chosen = _columns(study.name, filled)
    try:
        left = arrangement.of(rows)
    except BadValue as error:
        st.error(plain(error))
        return
    if len(left) < len(rows):
        st.caption(f"{len(left):,} of {len(rows):,} trials")
    if not left:
        st.info("No trial meets the filter.")
        return
    if arrangement.group:
        _groups(study, left, arrangement.group)
    order = tuple(dict.fromkeys(filter(None, ("number", arrangement.group, *chosen))))
    shown = columns(study.metric, left, order)
    place = links.clicked_row(in_units(left), shown, f"{study.name}-trials")
    data = table([{column: each.get(column) for column in order} for each in left])
    st.download_button("CSV", data, f"{study.name}-trials.csv", "text/csv", key=f"{study.name}-trials-csv")
    st.caption("A click on a row opens its trial; a click on a heading sorts by it.")
    if place is not None:
        links.open_trial(study.name, left[place]["number"])


def _arrangement(study: str, filled: Sequence[str]) -> Arrangement:
    """Let the reader filter, sort and group."""
    where = address.text("Filter", "filter", study=study, placeholder="quality > 0.9", help=FILTER_HELP)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = address.selectbox("Sort by", filled, "sort", study=study, words=_in_words)
        groups = [NO_GROUP, *(column for column in GROUPS if column in filled)]
        group = address.selectbox("Group by", groups, "group", study=study, words=_in_words)
        falling = address.toggle("Highest first", "falling", study=study)
    return Arrangement(where=where, by=by, falling=falling, group="" if group == NO_GROUP else group)


def _columns(study: str, filled: Sequence[str]) -> tuple[str, ...]:
    """Let the reader choose the columns; those of a recipe's settings are left out at first."""
    usual = tuple(column for column in filled if column in FIELDS)
    with st.expander("Columns"):
        return address.multiselect("Columns", filled, "columns", study=study, default=usual, words=_in_words)


def _in_words(column: str) -> str:
    return NAMES.get(column, column).replace("_", " ")


def _groups(study: Study, rows: list[Row], column: str) -> None:
    lines = trials_table.groups(rows, column, study.direction)
    fields = {
        column: st.column_config.TextColumn(_in_words(column)),
        "trials": st.column_config.NumberColumn("trials"),
        "whole": st.column_config.NumberColumn("whole runs"),
        "best": number_column(f"best {study.metric}", [line["best"] for line in lines]),
        "median": number_column(f"median {study.metric}", [line["median"] for line in lines]),
        "train_seconds": cost_columns(lines)["train_seconds"],
    }
    st.dataframe(in_units(lines), hide_index=True, column_config=fields, column_order=tuple(fields))


def _charts(study: Study) -> None:
    if not any(record.quality is not None for record in study.records):
        st.info("No trial has a quality yet; the table says why each one ended.")
        return
    style_of = study.style_of
    figure = quality_by_seconds(study.records, style_of, metric=study.metric, direction=study.direction)
    opens = partial(chart, on_select="rerun", selection_mode="points")
    links.open_marked(study.name, opens(figure, "quality_by_seconds"))
    st.caption(CAPTION)
    figure = best_so_far(study.records, style_of, metric=study.metric, direction=study.direction)
    links.open_marked(study.name, opens(figure, "best_so_far"))
    st.caption("Whole runs only. A mark is a trial that improved on all earlier ones of its optimizer.")
    if stints := timeline_rows(study.records):  # earlier versions wrote none down
        links.open_marked(study.name, opens(timeline(study.records, style_of), "timeline", stints))
        st.caption("A bar is a trial on a worker from rung to rung; faded ones did not come to their end.")


def columns(metric: str, rows: Sequence[Row], order: Sequence[str]) -> dict[str, Any]:
    """Return the columns of the table, by field.

    Args:
        metric: of the study.
        rows: of the table, whose values decide units and digits.
        order: the columns that are shown.
    """
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    costs = cost_columns(rows)
    fixed = {
        "number": number("trial", pinned=True),
        "optimizer": text("optimizer", pinned=True),
        "quality": number_column(
            f"validation {metric}",
            (row["quality"] for row in rows),
            help="Of a pruned trial, the best so far",
        ),
        "test_quality": number_column(f"test {metric}", (row["test_quality"] for row in rows)),
        "error": text("why it ended", width="medium"),
        "note": text("note", width="medium"),
        **costs,
    }
    return {column: fixed.get(column) or _column(column, rows) for column in order}


def _column(column: str, rows: Sequence[Row]) -> Any:
    values = [row.get(column) for row in rows]
    if column in TEXTS or any(isinstance(value, str) for value in values):
        return st.column_config.TextColumn(_in_words(column))
    return number_column(_in_words(column), values)
