"""Following choices: what a reader chose about a study goes with them from page to page, and no further.

A choice stands in the address. Whoever comes to another page of the same study finds it there again; another
study has choices of its own, which come back with it.
"""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from dashboard.widgets.links import STUDY

OURS: Final = "following "
"""How the names of what is remembered begin in the visitor's session."""
PLACE: Final = f"{OURS}place"
CHOICES: Final = f"{OURS}choices"


def arrive(page: str, study: str) -> None:
    """Bring the choices about a study into the address of a page that was just opened.

    What the address says itself stays. Widgets forget what they showed of another study.

    Args:
        page: its title.
        study: the one it is about; empty for none.
    """
    place = st.session_state.get(PLACE)
    if place == (page, study):
        return
    st.session_state[PLACE] = (page, study)
    if place is not None and place[1] != study:
        _forget_widgets()
    missing = {name: value for name, value in _choices(study).items() if name not in st.query_params}
    if missing:
        st.query_params.update(missing)


def remember(study: str) -> None:
    """Remember the choices that the address holds now."""
    named = {name: value for name, value in st.query_params.to_dict().items() if name != STUDY}
    st.session_state[CHOICES] = st.session_state.get(CHOICES, {}) | {study: named}


def _choices(study: str) -> dict[str, str]:
    remembered: dict[str, Any] = st.session_state.get(CHOICES, {})
    return dict(remembered.get(study, {}))


def _forget_widgets() -> None:
    for key in [key for key in st.session_state if not str(key).startswith(OURS)]:
        del st.session_state[key]
