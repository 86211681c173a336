"""Links: from a study's or a trial's name, row or mark to its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboard.widgets.words import Row

STUDY: Final = "study"
TRIAL: Final = "trial"
FIRST: Final = "Recommendation"
"""Title of the page that a study opens on."""
TRIAL_PAGE: Final = "Trial"
PLACE: Final = "#"
"""The column of a table that numbers its rows."""


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


def clicked_row(rows: Sequence[Row], columns: Mapping[str, Any], key: str) -> int | None:
    """Show a table and return the place of the row that was clicked; None for none.

    A first column numbers the rows: Streamlit tells of a click on any heading as of one on the first cell.

    Args:
        rows: with a value for each column.
        columns: how each is shown, in their order.
        key: of the table.
    """
    selected = st.dataframe(
        [{PLACE: place, **row} for place, row in enumerate(rows, start=1)],
        hide_index=True,
        column_config={PLACE: st.column_config.NumberColumn(PLACE, pinned=True, width=40), **columns},
        column_order=(PLACE, *columns),
        on_select="rerun",
        selection_mode="single-cell",
        key=key,
    )
    cells = selected["selection"].get("cells", ()) if selected else ()
    places = [int(place) for place, column in cells if column != PLACE and int(place) < len(rows)]
    return places[0] if places else None


def _nothing() -> None:
    """Show nothing: only the address of the page is wanted."""
