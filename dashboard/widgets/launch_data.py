"""Data of a search on the page Launch: where it is, how its file looks, and which column to predict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from advisor.jobs.file_preview import WHOLE_BYTES, FilePreview, preview_file
from advisor.report.columns_table import TITLES, column_rows
from dashboard.data_files import files, keep_upload
from dashboard.widgets.words import bullets, plain
from studies.data.opening import built_ins
from studies.datasets.files import PACKINGS, Place, endings, names_code, needs_target
from studies.errors import StudyError

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from dashboard.widgets.fields import Fields

WAYS: Final = ("Upload a file", "File in the home", "Built in")
FORMS: Final = ", ".join(ending.removeprefix(".") for ending in endings())
MOST_COLUMNS: Final = 200
"""Columns of the first rows that are shown."""


def choose_source(home: Path, fields: Fields) -> str:
    """Let the user say what to train on; empty until a file is there."""
    way = st.radio("Data", WAYS, horizontal=True, key="data")
    match way:
        case "Upload a file":
            source = _uploaded(home)
        case "File in the home":
            source = _in_home(home)
        case _:
            source = _built_in()
    fields.room(st.container(), "source")
    return source


def look_at(source: str) -> FilePreview | None:
    """Return a preview of a file with the target guessed; None where there is none, or no file."""
    if not source or source.lower() in built_ins() or names_code(source):
        return None
    try:
        return preview(source)
    except (StudyError, OSError) as error:
        if not is_small(source):
            st.caption(plain(error))
        return None  # of a small one the check of the form says what is wrong


def preview(source: str, **options: Any) -> FilePreview:
    """Return a preview of a file, read once for all visitors until it changes.

    Raises:
        StudyError: it cannot be read.
    """
    return _preview(source, stamp_of(source), tuple(sorted(options.items())))


def is_small(source: str) -> bool:
    """Tell whether data is read before a search starts: all of it in a moment, or built in."""
    return stamp_of(source)[1] <= WHOLE_BYTES


def stamp_of(source: str) -> tuple[int, int]:
    """Return what changes when a file does; zeros of what is no file."""
    path = Place.of(source).path
    status = path.stat() if path.is_file() else None
    return (status.st_mtime_ns, status.st_size) if status else (0, 0)


@st.cache_resource(max_entries=32, show_spinner="Reading the file")
def _preview(
    source: str,
    stamp: tuple[int, int],  # noqa: ARG001 the stamp is the key
    options: tuple[tuple[str, str], ...],
) -> FilePreview:
    return preview_file(source, **dict(options))


def choose_target(column: DeltaGenerator, fields: Fields, source: str, looked_at: FilePreview | None) -> str:
    """Let the user choose the column to predict, from the list where the file could be read."""
    if not needs_target(source):
        return ""
    if looked_at is None or not looked_at.names:
        return fields.text(column, "target", "Target", help="The column to predict")
    guess = looked_at.names.index(looked_at.target)
    words = "The column to predict; guessed from the names of the columns until you choose"
    key = f"target-{source}-{stamp_of(source)}"
    return fields.choice(column, "target", "Target", looked_at.names, index=guess, help=words, key=key)


def show_preview(looked_at: FilePreview) -> None:
    """Show the first rows of a file and what each of its columns becomes."""
    st.markdown(plain(looked_at))
    if not looked_at.names:
        return
    rows, columns = st.tabs(["First rows", "What each column becomes"])
    with rows:
        shown = looked_at.names[:MOST_COLUMNS]
        st.dataframe([dict(zip(shown, row, strict=False)) for row in looked_at.first_rows], hide_index=True)
    with columns:
        if looked_at.columns:
            table = [dict(zip(TITLES, row, strict=True)) for row in column_rows(looked_at.columns)]
            st.dataframe(table, hide_index=True)
        else:
            st.caption(
                "It is told when the search starts." if not looked_at.problem else plain(looked_at.problem)
            )
        if looked_at.notes:
            st.markdown(bullets(looked_at.notes))


def _built_in() -> str:
    names = sorted(choice.name() for choice in built_ins().values())
    first = names.index("digits") if "digits" in names else 0
    return st.selectbox("Dataset", names, index=first, key="dataset")


def _uploaded(home: Path) -> str:
    types = [ending.removeprefix(".") for ending in (*endings(), *PACKINGS)]
    words = f"A table or arrays: {FORMS}. It is kept in the folder uploads of the home."
    file = st.file_uploader("File", type=types, key="upload", help=words)
    if file is None:
        return ""
    try:
        return str(keep_upload(home, file.name, file.getvalue()))
    except (StudyError, OSError) as error:
        st.error(plain(error))
        return ""


def _in_home(home: Path) -> str:
    path = st.selectbox(
        f"Path from {plain(home.resolve())}",
        files(home),
        index=None,
        accept_new_options=True,
        placeholder="Choose a file, or type its path",
        key="path",
    )
    return str(home.resolve() / path) if path else ""
