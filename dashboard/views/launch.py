"""Launch: ask for a search, start it, watch it, stop it, go on with it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

import streamlit as st

from advisor.agents import launch_process
from dashboard.launch_form import LaunchForm, data_problems, problems
from dashboard.widgets.fields import Fields
from dashboard.widgets.launch_data import (
    choose_source,
    choose_target,
    is_small,
    look_at,
    preview,
    show_preview,
    stamp_of,
)
from dashboard.widgets.launch_settings import settings
from dashboard.widgets.searches import show_earlier, show_running
from dashboard.widgets.words import plain
from studies.errors import StudyError

if TYPE_CHECKING:
    from advisor.jobs.file_preview import FilePreview

NAMES: Final = {
    "source": "Data",
    "target": "Target",
    "study": "Name of the study",
    "": "These settings together",
}
"""What a field is called whose label is not its option's name."""


def show(home: Path, *, allow_code: bool = False) -> None:
    """Show what runs, the form, and what was searched before."""
    _warm_up()
    st.title("Launch")
    st.caption("A search is a process of its own: it goes on when this page or the browser is closed.")
    launched = st.query_params.get("launched", "")
    show_running(home, launched, allow_code=allow_code)
    _form(home, allow_code=allow_code)
    show_earlier(home, launched, allow_code=allow_code)


def _form(home: Path, *, allow_code: bool) -> None:
    """Show the form, say what is wrong with it, and start what it asks for."""
    fields = Fields()
    source = choose_source(home, fields)
    looked_at = look_at(source)
    first, second, third = st.columns([3, 2, 1], vertical_alignment="top")
    target = choose_target(first, fields, source, looked_at)
    words = "Of the whole search: 60s, 10m, 2h or 200trials"
    budget = fields.text(second, "budget", "Budget", value="60s", help=words)
    button = third.empty()
    summary, below = st.empty(), st.container()
    with st.expander("More settings: model, metric, goal, limits, optimizers, workers ..."):
        chosen = settings(home, fields, source, looked_at.names if looked_at else (), allow_code=allow_code)
    form = LaunchForm(source=source, target=target, budget=budget, **chosen)
    wrong = problems(form, home, allow_code=allow_code) or _data_problems(form)
    fields.mark({name: line for name, line in wrong.items() if source or name != "source"})
    if looked_at is not None:
        with below:
            show_preview(_as_asked(form, looked_at))
    if source:
        st.caption("The same in a shell:")
        st.code(launch_process.command(form.arguments(home)), language="sh", wrap_lines=True)
    if wrong:
        name, line = next(iter(wrong.items()))
        summary.info(f"{plain(NAMES.get(name, name.replace('_', ' ').capitalize()))}: {plain(line)}")
    with button.container():
        st.space("small")  # as high as the labels beside it
        pressed = st.button("Start", type="primary", disabled=bool(wrong), key="start", width="stretch")
    if pressed:
        _start(home, form)


def _start(home: Path, form: LaunchForm) -> None:
    try:
        launch_process.start(home, form.study, form.arguments(home))
    except StudyError as error:
        st.error(plain(error))
    else:
        st.query_params["launched"] = form.study
        st.rerun()


def _as_asked(form: LaunchForm, guessed: FilePreview) -> FilePreview:
    """Return the preview of a form's file with the column that is predicted, and as what."""
    if form.target == guessed.target and not form.task:
        return guessed
    return preview(form.source, target=form.target, task=form.task or "auto")


def _data_problems(form: LaunchForm) -> dict[str, str]:
    """Return what the opened data says against a form; code of the user's own and large files wait."""
    if form.is_code or not is_small(form.source):
        return {}
    return _checked(form.of_data, stamp_of(form.source))


@st.cache_resource(max_entries=64, show_spinner="Checking that data, model and metric fit together")
def _checked(form: LaunchForm, stamp: tuple[int, int]) -> dict[str, str]:  # noqa: ARG001 the stamp is the key
    return data_problems(form)


@st.cache_resource(show_spinner=False)
def _warm_up() -> None:
    """Import what opens data while the user looks at the form: it takes seconds the first time."""
    Thread(target=import_module, args=("studies.workload_opening",), daemon=True).start()
