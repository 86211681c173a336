"""Dashboard: the web page that `advisor dashboard` serves.

    advisor dashboard --home .advisor

The home is `--home`, else `$ADVISOR_HOME`, else `.advisor` in the working directory. Code of the user's own
is run only with `--allow-code`; `advisor.cli.serve.serve` sees to it that nothing imports it otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import reads
from dashboard.views import (
    compression,
    curves,
    evidence,
    launch,
    memory,
    optimizers,
    recommendation,
    space,
    studies,
    tradeoffs,
    trials,
)
from dashboard.widgets.words import is_running, plain
from studies.errors import StudyError

REFRESH_SECONDS: Final = 5.0
View = Callable[[Path, str], None]
# A string under these two would be shown on the page when Streamlit runs the file otherwise than by us.
VIEWS: Final[dict[str, View]] = {
    "Recommendation": recommendation.show,
    "Trade-offs": tradeoffs.show,
    "Optimizers": optimizers.show,
    "Learning curves": curves.show,
    "Search space": space.show,
    "Compression": compression.show,
    "Memory": memory.show,
    "Evidence": evidence.show,
    "Trials": trials.show,
}
HOME_VIEWS: Final[dict[str, Callable[[Path], None]]] = {
    "Studies": studies.show,
    "Launch": partial(launch.show, allow_code="--allow-code" in sys.argv),
}


def main() -> None:
    """Show the chosen page, of the chosen study if it is about one."""
    st.set_page_config(page_title="optimizer-advisor", layout="wide")
    home = reads.chosen_home(sys.argv[1:])
    names = reads.names(home)
    name = _choose(names) if names else ""
    st.sidebar.caption(plain(f"Home: {home}"))
    follow = REFRESH_SECONDS if name and _alive(home, name) else None
    views = VIEWS.items() if name else ()
    study_pages = [
        _page(title, st.fragment(partial(view, home, name), run_every=follow)) for title, view in views
    ]
    home_pages = [_page(title, partial(view, home)) for title, view in HOME_VIEWS.items()]
    start_pages = [] if name else [_page("Start", partial(_empty, home))]
    st.navigation({"": start_pages, "Study": study_pages, "Home": home_pages}).run()


def _page(title: str, show: Callable[[], None]) -> st.Page:
    return st.Page(
        show,
        title=title,
        url_path=title.lower().replace(" ", "-"),
        default=title in {"Recommendation", "Start"},
    )


def _empty(home: Path) -> None:
    st.title("No study yet")
    st.markdown(plain(f"There is no study in {home.resolve()}. Start one, then come back to this page:"))
    st.code("advisor search digits", language="bash")


def _choose(names: tuple[str, ...]) -> str:
    """Let the user pick a study; the address of the page names it, so that it can be shared and reloaded."""
    named = st.query_params.get("study")
    index = names.index(named) if named in names else 0
    name = st.sidebar.selectbox("Study", names, index=index, key="chosen")
    st.query_params["study"] = name
    return name


def _alive(home: Path, name: str) -> bool:
    try:
        study = reads.study(home, name)
    except StudyError:
        return False
    return is_running(study)


main()
