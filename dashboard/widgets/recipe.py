"""Recipe of the answer: as a table, as PyTorch code and as TOML, with the files that are made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from advisor.jobs.reports import reported
from advisor.recommendation import Recommendation
from advisor.study_report.page import page
from dashboard import reads
from dashboard.snapshot import Study
from dashboard.widgets import links
from dashboard.widgets.running import refused_code
from dashboard.widgets.words import markdown_table, plain
from studies.errors import StudyError
from studies.recipe_file import to_toml

HEIGHT: Final = 300
"""Pixels of the table or the code, beside the chart; what is longer is scrolled."""
CAPTION_PIXELS: Final = 40
ZIP: Final = "application/zip"


def show(home: Path, study: Study, advice: Recommendation, *, own_answer: bool) -> None:
    """Show the recipe, and offer its files.

    Args:
        home: where the study lives.
        study: whose answer it is.
        advice: the answer that is shown.
        own_answer: whether it is the study's own, to which alone its files belong.
    """
    tabs = st.tabs(["Recipe", "PyTorch", "TOML"], on_change="rerun", key=f"recipe {study.name}")
    recipe, code, toml = tabs
    with recipe:
        _table(study, advice)
    missing = _missing(study, advice, own_answer=own_answer)
    with code:
        _code(home, study, missing, wanted=bool(code.open))
    with toml:
        st.code(to_toml(advice.params, ()), language="toml", height=HEIGHT)
    _files(home, study, missing)


def _table(study: Study, advice: Recommendation) -> None:
    """Show the recipe as a table, above the trial that it is of.

    What is scrolled holds a link: a keyboard has to get there.
    """
    of = [str(number) for number in advice.trials[:1]]
    with st.container(height=HEIGHT if of else "content", border=False):
        table = advice.recipe_table
        st.markdown(markdown_table(table.titles, table.rows))
        for number in of:
            label = f"Trial {number}: its curve, costs and log"
            links.page_link(links.TRIAL_PAGE, study.name, label, **{links.TRIAL: number})


def _missing(study: Study, advice: Recommendation, *, own_answer: bool) -> str:
    """Return why no code and no model can be made; empty where they can."""
    if not own_answer:
        return "Code and model are made of the study's own answer: go back to its limits and its goal."
    if study.manifest.is_imported:
        return "Another tool recorded these runs: no data and no model is here to write code for."
    if advice.quality is None:
        return "No whole run yet, so there is no recipe to write out."
    return refused_code(study.manifest)


def _code(home: Path, study: Study, missing: str, *, wanted: bool) -> None:
    if missing:
        st.caption(plain(missing))
        return
    if not wanted:
        return
    try:
        files = reads.files(home, study.name)
    except StudyError as error:
        st.error(plain(error))
        return
    st.session_state[_made_key(study.name)] = True
    if files.code:
        st.code(files.code, language="python", height=HEIGHT - CAPTION_PIXELS)
        st.caption("Optimizer and schedule; the whole script is in train.py.")
    for note in files.notes:
        st.caption(plain(note))


def _files(home: Path, study: Study, missing: str) -> None:
    """Offer the report at once, and script and model once somebody asked for them to be made."""
    name = study.name
    with st.container(horizontal=True):
        st.download_button(
            "Report",
            lambda: page(reported(home, name)).encode(),
            file_name=f"{name}.html",
            mime="text/html",
            on_click="ignore",
            key=f"report {name}",
            icon=":material/download:",
        )
        if not st.session_state.get(_made_key(name), False):
            st.button(
                "train.py and model",
                disabled=bool(missing),
                help=missing or "Made when you click: it takes some seconds",
                key=f"make {name}",
                on_click=_want,
                args=(name,),
            )
            return
        _made(home, name)


def _made_key(name: str) -> str:
    """Return the key in the visitor's session that says that files were made."""
    return f"files of {name}"


def _want(name: str) -> None:
    st.session_state[_made_key(name)] = True


def _made(home: Path, name: str) -> None:
    try:
        files = reads.files(home, name)
    except StudyError as error:
        st.session_state[_made_key(name)] = False
        st.error(plain(error))
        return
    for label, content in (("train.py", files.script), ("Bundle", files.bundle)):
        if content:
            file = f"{name}-{'train' if label == 'train.py' else 'bundle'}.zip"
            st.download_button(
                f"{label} (zip)",
                content,
                file_name=file,
                mime=ZIP,
                on_click="ignore",
                key=file,
                icon=":material/download:",
            )
