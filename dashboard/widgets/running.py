"""Running: a button that starts a command of ours on a study, as the page Launch does."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import streamlit as st

from advisor.agents import launch_process
from dashboard.launch_form import own_code
from dashboard.snapshot import Study
from dashboard.widgets.words import is_running, plain
from studies.errors import StudyError
from studies.storage.locks import check_free
from studies.storage.manifest import StudyManifest


def refused_code(manifest: StudyManifest) -> str:
    """Return why nothing that needs the user's own code can be done here; empty where it can."""
    code = own_code(manifest)
    if not code or "--allow-code" in sys.argv:
        return ""
    return f"It uses {code}, which is code: start the page with --allow-code to let it run."


def offer(home: Path, study: Study, command: str, label: str) -> None:
    """Show a command on a study with a button that runs it in the background.

    Args:
        home: where the study lives.
        study: that it works on.
        command: as a user types it, `advisor resume ...`; nothing is shown for an empty one.
        label: of the button.
    """
    if not command or is_running(study):
        return
    refused = refused_code(study.manifest)
    key = f"{label} {study.name}"
    if st.button(label, key=key, disabled=bool(refused), help=refused or command, type="primary"):
        try:
            check_free(home, study.name)
            words = shlex.split(command)[1:]
            where = [] if "--home" in words else [f"--home={home.resolve()}"]
            launch_process.start(home, study.name, (*words, *where))
        except StudyError as error:
            st.error(plain(error))
        else:
            st.rerun(scope="app")
    elif line := launch_process.failure(home, study.name):
        st.error(plain(line))
