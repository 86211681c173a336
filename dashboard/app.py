"""The web page.

    streamlit run dashboard/app.py -- --home .advisor

The home is `--home`, else `$ADVISOR_HOME`, else `.advisor` in the working directory.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import reads
from dashboard.views import recommendation, trials
from dashboard.views.words import SILENT_SECONDS, plain
from studies.errors import StudyError

REFRESH_SECONDS: Final = 5.0
View = Callable[[Path, str], None]
VIEWS: Final[dict[str, View]] = {"Recommendation": recommendation.show, "Trials": trials.show}


def main() -> None:
    """Show the chosen view of the chosen study."""
    st.set_page_config(page_title="optimizer-advisor", layout="wide")
    home = reads.chosen_home(sys.argv[1:])
    names = reads.names(home)
    if not names:
        _empty(home)
        return
    name = _choose(names)
    st.sidebar.caption(plain(f"Home: {home}"))
    follow = REFRESH_SECONDS if _alive(home, name) else None
    pages = [
        st.Page(st.fragment(partial(view, home, name), run_every=follow), title=title, url_path=title.lower(), default=not index)
        for index, (title, view) in enumerate(VIEWS.items())
    ]
    st.navigation(pages).run()


def _empty(home: Path) -> None:
    st.title("No study yet")
    st.markdown(plain(f"There is no study in {home.resolve()}. Start one, then come back to this page:"))
    st.code("advisor search digits", language="bash")


def _choose(names: tuple[str, ...]) -> str:
    """Let the user pick a study; the address of the page names it, so that it can be shared and reloaded."""
    asked = st.query_params.get("study")
    index = names.index(asked) if asked in names else 0
    name = st.sidebar.selectbox("Study", names, index=index, key="chosen")
    st.query_params["study"] = name
    return name


def _alive(home: Path, name: str) -> bool:
    try:
        study = reads.study(home, name)
    except StudyError:
        return False
    return not study.finished and study.silent_seconds < SILENT_SECONDS


main()
