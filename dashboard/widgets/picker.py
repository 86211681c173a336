"""Study picker: at the top of every page, which study the page is about."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import reads
from dashboard.widgets.following import OURS
from dashboard.widgets.links import FIRST, STUDY, page_link
from dashboard.widgets.words import plain
from studies.errors import did_you_mean, shown

PICKED: Final = f"{OURS}picked"
LAST: Final = f"{OURS}last"
"""Names in the visitor's session: the widget's own, and the study that was looked at last."""
MOST_LISTED: Final = 20


def study_of_address(names: tuple[str, ...], archived: frozenset[str]) -> str:
    """Return the study that the address names, which may be none there is.

    An address without one means the study that was looked at last, else the newest; it is written there, so
    that the page can be shared. Empty for a home without studies.

    Args:
        names: of all studies, newest first.
        archived: those that are left out unless an address names them.
    """
    named = st.query_params.get(STUDY, "")
    if not named:
        last, listed = st.session_state.get(LAST, ""), [name for name in names if name not in archived]
        named = last if last in names else next(iter(listed or names), "")
    if named and st.query_params.get(STUDY) != named:
        st.query_params[STUDY] = named
    st.session_state[LAST] = named
    return named


def pick(home: Path, names: tuple[str, ...], archived: frozenset[str], current: str) -> None:
    """Let a reader pick another study."""
    options = [name for name in names if name not in archived or name == current]
    labels = {name: reads.annotations_of(home, name).label(name) for name in options}
    st.session_state[PICKED] = current if current in names else None
    st.selectbox(
        "Study",
        options,
        index=0 if current in names else None,
        key=PICKED,
        format_func=lambda name: labels.get(name, name),
        placeholder="Choose a study",
        on_change=_go,
    )


def _go() -> None:
    if picked := st.session_state.get(PICKED):
        st.query_params.from_dict({STUDY: picked})


def unknown(home: Path, names: tuple[str, ...], name: str) -> None:
    """Say that there is no study of a name, and list what there is."""
    st.title("No such study")
    st.error(plain(f"There is no study {shown(name)} in {home.resolve()}{did_you_mean(name, names)}"))
    st.markdown("There are:" if len(names) <= MOST_LISTED else f"The newest {MOST_LISTED} of {len(names)}:")
    for each in names[:MOST_LISTED]:
        page_link(FIRST, each, plain(reads.annotations_of(home, each).label(each)))
