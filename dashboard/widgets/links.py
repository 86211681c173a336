"""Links: from a study's or a trial's name, row or mark to its page."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

STUDY: Final = "study"
TRIAL: Final = "trial"
FIRST: Final = "Recommendation"
"""Title of the page that a study opens on."""
TRIAL_PAGE: Final = "Trial"


def path_of(title: str) -> str:
    """Return the path of the page of this title.

    Example:
        >>> path_of("Learning curves")
        'learning-curves'
    """
    return title.lower().replace(" ", "-")


def page_of(title: str) -> st.Page:
    """Return the page of this title, to link to."""
    return st.Page(_nothing, title=title, url_path=path_of(title), default=title == FIRST)


def page_link(title: str, study: str, label: str = "", **query: str) -> None:
    """Show a link to a page about a study.

    Args:
        title: of the page.
        study: its name; empty for a page about none.
        label: the words of the link; the page's title unless given.
        query: what else stands in the address.
    """
    address = ({STUDY: study} if study else {}) | query
    st.page_link(page_of(title), label=label or title, query_params=address)


def open_study_page(study: str) -> None:
    """Go to the page that a study opens on."""
    st.switch_page(page_of(FIRST), query_params={STUDY: study})


def open_trial(study: str, number: int) -> None:
    """Go to the page of a trial."""
    st.switch_page(page_of(TRIAL_PAGE), query_params={STUDY: study, TRIAL: str(number)})


def open_marked(study: str, selected: Any) -> None:
    """Go to the page of the trial whose mark was clicked in a chart, if one was.

    Args:
        study: its name.
        selected: what the chart returned; a mark's `customdata` begins with the number of its trial.
    """
    if (number := marked(selected)) is not None:
        open_trial(study, number)


def marked(selected: Any) -> int | None:
    """Return the trial whose mark was clicked in a chart; None for none."""
    points = selected["selection"]["points"] if selected else []
    trials = [point["customdata"][0] for point in points if point.get("customdata")]
    return int(trials[0]) if trials else None


def chosen_row(selected: Any) -> int | None:
    """Return the row of a table that was clicked, or a cell of it; None for none."""
    selection = selected["selection"] if selected else {}
    rows = [*selection.get("rows", ()), *(cell[0] for cell in selection.get("cells", ()))]
    return int(rows[0]) if rows else None


def _nothing() -> None:
    """Show nothing: only the address of the page is wanted."""
