"""Dashboard: the web page that `advisor dashboard` serves.

    advisor dashboard --home .advisor

The home is `--home`, else `$ADVISOR_HOME`, else `.advisor` in the working directory. Code of the user's own
is run only with `--allow-code`; `advisor.cli.serve.serve` sees to it that nothing imports it otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
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
    trial,
    trials,
)
from dashboard.widgets import following, links, picker
from dashboard.widgets.words import is_running, plain
from studies.errors import StudyError

REFRESH_SECONDS: Final = 5.0
STYLE: Final = """<style>
.stMainBlockContainer { padding-top: 3.5rem; }
[data-testid=stCaptionContainer] { opacity: 0.8; }
[data-testid=stSliderThumbValue] { color: inherit !important; }
[data-testid=stCode] .token.parameter { color: inherit !important; }
.stHeading h2 { font-size: 1.75rem; padding: 0.75rem 0 1rem; }
</style>"""
# Room for Streamlit's own menu alone, so that an answer and its chart fit one screen; captions, values of
# sliders and options of commands clear enough to be read in both themes; headings of the second rank, as
# large as Streamlit's third.
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
    "Trial": trial.show,
}
HOME_VIEWS: Final[dict[str, Callable[[Path], None]]] = {
    "Studies": studies.show,
    "Launch": partial(launch.show, allow_code="--allow-code" in sys.argv),
}


def main() -> None:
    """Show the chosen page, of the chosen study if it is about one."""
    st.set_page_config(page_title="optimizer-advisor", layout="wide")
    st.html(STYLE)
    home = reads.chosen_home(sys.argv[1:])
    names, archived = reads.names(home), reads.archived(home)
    name = picker.study_of_address(names, archived)
    follow = REFRESH_SECONDS if name in names and _alive(home, name) else None
    views = VIEWS.items() if names else ()
    if name in names:
        study_pages = [
            _page(title, name, partial(view, home, name), run_every=follow) for title, view in views
        ]
    else:
        study_pages = [_page(title, "", partial(picker.unknown, home, names, name)) for title, _ in views]
    home_pages = [_page(title, "", partial(view, home)) for title, view in HOME_VIEWS.items()]
    start_pages = [] if names else [st.Page(partial(_empty, home), title="Start", default=True)]
    page = st.navigation([*start_pages, *study_pages, *home_pages], position="hidden")
    with st.sidebar:
        if names:
            picker.pick(home, names, archived, name)
        _links([page.title for page in study_pages], name)
        st.divider()
        _links([page.title for page in (*start_pages, *home_pages)], name)
        st.caption(plain(f"Home: {home}"))
    page.run()


def _page(title: str, study: str, show: Callable[[], None], *, run_every: float | None = None) -> st.Page:
    """Return a page whose choices follow the reader.

    Args:
        title: of the page.
        study: the one it is about; empty for none.
        show: shows it.
        run_every: seconds after which it is shown anew by itself; None for never.
    """

    def shown() -> None:
        show()
        following.remember(study)

    def opened() -> None:
        following.arrive(title, study)
        (st.fragment(shown, run_every=run_every) if study else shown)()

    return st.Page(opened, title=title, url_path=links.path_of(title), default=title == links.FIRST)


def _links(titles: Sequence[str], study: str) -> None:
    """Show the links to some pages, each with the study in its address."""
    for title in titles:
        links.page_link(title, study)


def _empty(home: Path) -> None:
    st.title("No study yet")
    st.markdown(plain(f"There is no study in {home.resolve()}. Start one, then come back to this page:"))
    st.code("advisor search digits", language="bash", wrap_lines=True)


def _alive(home: Path, name: str) -> bool:
    try:
        study = reads.study(home, name)
    except StudyError:
        return False
    return is_running(study)


main()
