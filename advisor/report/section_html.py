"""Sections as HTML: on the page of a report, and in the cell of a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from advisor.report.elements import Html, element, joined
from advisor.report.section import Section, Table
from advisor.report.style_sheet import CELL_STYLE

SHORT: Final = 18
"""Characters of a cell that is not broken."""


def drawn(section: Section, heading: str = "h2") -> Html:
    """Return a section as HTML, folded or not."""
    inside = joined(*_inside(section))
    if section.folded:
        return element("details", element("summary", element(heading, section.title)), inside)
    return element("section", element(heading, section.title), inside)


def drawn_table(table: Table) -> Html:
    """Return a table as HTML that may be wider than the page and is scrolled then."""
    head = element("tr", *(element("th", title, scope="col") for title in table.titles))
    rows = [element("tr", *map(_cell, range(len(row)), row)) for row in table.rows]
    inside = element("table", element("thead", head), element("tbody", *rows))
    return element("div", inside, class_="wide", role="region", aria_label=table.about, tabindex=0)


def notebook_cell(title: str, lines: Sequence[str], sections: Sequence[Section]) -> Html:
    """Return what a notebook shows of a value, in the colours of the notebook.

    Args:
        title: the heading.
        lines: the answer, its first line the most telling.
        sections: what stands under it; empty ones are left out.
    """
    answer = (element("p", line, class_=None if place else "answer") for place, line in enumerate(lines))
    below = [drawn(section, "h4") for section in sections if not section.empty]
    style = element("style", Html(CELL_STYLE))
    return element("div", style, element("h3", title), *answer, *below, class_="advisor-cell")


def _inside(section: Section) -> Iterator[Html]:
    if section.sentences:
        yield element("ul", *(element("li", sentence) for sentence in section.sentences))
    if section.chart:
        yield section.chart.drawn()
    yield from (drawn_table(table) for table in section.tables if table.rows)
    yield from (element("pre", element("code", text)) for text in section.code)


def _cell(column: int, text: str) -> Html:
    if column == 0:
        return element("th", text, scope="row")
    return element("td", text, class_="short" if len(text) <= SHORT else None)
