"""Studies: all of a home in a table, two of them side by side, and what is said of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import streamlit as st

from advisor.agents import launch_process
from advisor.report.layout import settings
from advisor.report.numbers import number
from dashboard import reads, studies_table
from dashboard.studies_table import Summary
from dashboard.widgets import address, links
from dashboard.widgets.annotating import archive, note_and_tags
from dashboard.widgets.parts import in_few_digits, nothing_yet, number_column
from dashboard.widgets.words import Row, filled_columns, markdown_table, plain
from studies.errors import StudyError
from studies.storage import journal

HOME: Final = ""
"""The choices on this page are about no study."""
DELETED: Final = "Its journal, trained weights and compressed models go for good. Its runs in MLflow stay."


def show(home: Path) -> None:
    """Show all studies of a home."""
    st.title("Studies")
    if done := st.session_state.pop("deleted", ""):
        st.success(plain(done))
    everything = reads.names(home)
    if not everything:
        nothing_yet(
            f"There is no study in {home.resolve()} yet. Start one on the page Launch, or in a shell:",
            "advisor search digits",
        )
        return
    names = _listed(home, everything)
    _table(home, names)
    if len(names) > 1:
        _compare(home, names)
    _change(home, everything)


def _listed(home: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the studies that are listed: the archived ones only when asked for."""
    archived = reads.archived(home)
    if not archived:
        return names
    if address.toggle(f"Archived too ({len(archived)})", "archived", study=HOME):
        return names
    return tuple(name for name in names if name not in archived)


def _table(home: Path, names: tuple[str, ...]) -> None:
    if not names:
        st.info("All studies are archived.")
        return
    rows = [_row(home, reads.summary(home, name)) for name in names]
    shown = filled_columns(rows, columns(rows))
    place = links.clicked_row(in_few_digits(rows), shown, "studies")
    st.caption("A click on a row opens the study.")
    if place is not None:
        links.open_study_page(names[place])


def _row(home: Path, summary: Summary) -> dict[str, Any]:
    said = reads.annotations_of(home, summary.name)
    fields = {field: getattr(summary, field, None) for field in columns(())}
    state = summary.state
    if state != "cannot be read":
        state = studies_table.state(home, summary.name, finished=state == "finished")
    return fields | {
        "title": said.title,
        "tags": ", ".join(said.tags),
        "note": said.note,
        "state": f"{state}, archived" if said.archived else state,
        "written": f"{datetime.fromtimestamp(summary.written, tz=UTC):%Y-%m-%d %H:%M}",
    }


def columns(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the columns of the table of studies of these rows, by field."""
    text, numbers = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "name": text("study", pinned=True),
        "title": text("title"),
        "data": text("data"),
        "model": text("model"),
        "trials": numbers("trials"),
        "state": text(
            "state",
            help="Running: a process works on it. Silent: not finished, and none does; it can be resumed.",
        ),
        "metric": text("metric"),
        "best": number_column(
            "best single run",
            (row["best"] for row in rows),
            help="On validation; advice rests on more",
        ),
        "optimizer": text("of"),
        "written": text("last written (UTC)"),
        "tags": text("tags"),
        "note": text("note", width="medium"),
    }


def _compare(home: Path, names: tuple[str, ...]) -> None:
    st.header("Two side by side")
    halves = st.columns(2)
    named = [st.query_params.get(key) for key in ("left", "right")]
    indices = [names.index(name) if name in names else place for place, name in enumerate(named)]
    chosen = [
        half.selectbox(label, names, index=index, key=f"compare-{label}")
        for half, label, index in zip(halves, ("One", "The other"), indices, strict=True)
    ]
    st.query_params.update({"left": chosen[0], "right": chosen[1]})
    if chosen[0] == chosen[1]:
        st.info("Choose two different studies.")
        return
    recipes = []
    for half, name in zip(halves, chosen, strict=True):
        with half:
            recipes.append(_answer(home, name))
    try:
        left, right = (reads.study(home, name) for name in chosen)
    except StudyError as error:
        st.error(plain(error))
        return
    rows = [*studies_table.differences(left, right), *_recipe_differences(*recipes)]
    if rows:
        st.caption("What differs: settings, then the recommended recipe.")
        st.markdown(markdown_table(("setting", *chosen), rows))
    else:
        st.caption("They were asked for alike.")


def _answer(home: Path, name: str) -> dict[str, str]:
    """Show what one study recommends; return the recipe."""
    try:
        advice = reads.recommendation(home, name)
    except StudyError as error:
        st.warning(plain(error))
        return {}
    value = "not measured" if advice.quality is None else number(advice.quality)
    st.metric(plain(f"{advice.optimizer}, validation {advice.metric}"), value, border=True)
    st.markdown(plain(str(advice.headline)))
    return {"optimizer": advice.optimizer} | {
        str(axis): str(setting) for axis, setting in settings(advice.params, advice.steps)
    }


def _recipe_differences(left: dict[str, str], right: dict[str, str]) -> list[tuple[str, str, str]]:
    if not (left and right):
        return []
    keys = dict.fromkeys((*left, *right))
    return [
        (f"recommended {key}", left.get(key, ""), right.get(key, ""))
        for key in keys
        if left.get(key, "") != right.get(key, "")
    ]


def _change(home: Path, names: tuple[str, ...]) -> None:
    """Let a reader say something of a study, put it away or delete it."""
    st.header("Title, tags and note; archive; delete")
    labels = {name: reads.annotations_of(home, name).label(name) for name in names}
    name = st.selectbox(
        "Study to change",
        names,
        index=None,
        placeholder="Choose a study",
        key="changed",
        format_func=lambda name: labels.get(name, name),
    )
    if name is None:
        return
    note_and_tags(home, name)
    archive(home, name)
    _delete(home, name)


def _delete(home: Path, name: str) -> None:
    with st.expander("Delete"):
        st.warning(plain(f"{name}: {DELETED}"))
        sure = st.checkbox(f"Yes, delete {plain(name)}", key=f"sure-{name}")
        if not st.button("Delete", disabled=not sure, type="primary", key="delete"):
            return
        try:
            journal.delete_study(home, name)
            launch_process.forget(home, name)
        except StudyError as error:
            st.error(plain(error))
            return
    if st.query_params.get(links.STUDY) == name:
        del st.query_params[links.STUDY]
    st.session_state["deleted"] = f"{name} is deleted."
    st.rerun()
