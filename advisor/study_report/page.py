"""Page of a report: one file of HTML that needs no network, light and dark, on a screen and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from advisor.report.elements import Html, element, joined
from advisor.study_report.answer_sections import answer_lines, title_of
from advisor.study_report.reported import ReportedStudy
from advisor.study_report.section import Section, Table
from advisor.study_report.sections import sections
from advisor.study_report.style_sheet import STYLE_SHEET

SHORT: Final = 18
"""Characters of a cell that is not broken."""


def page(study: ReportedStudy) -> Html:
    """Return the report of a study as a page of HTML; the same study makes the same bytes."""
    title = title_of(study)
    first, *rest = answer_lines(study)
    answer = (
        element("p", first, class_="answer"),
        *(element("p", line) for line in rest),
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(STYLE_SHEET)),
    )
    body = element("body", element("main", element("h1", title), *answer, *map(drawn, sections(study))))
    return joined(Html("<!doctype html>\n"), element("html", head, body, lang="en"))


def drawn(section: Section) -> Html:
    """Return a section as HTML."""
    inside = joined(*_inside(section))
    if section.folded:
        return element("details", element("summary", element("h2", section.title)), inside)
    return element("section", element("h2", section.title), inside)


def drawn_table(table: Table) -> Html:
    """Return a table as HTML that may be wider than the page and is scrolled then."""
    head = element("tr", *(element("th", title, scope="col") for title in table.titles))
    rows = [element("tr", *map(_cell, range(len(row)), row)) for row in table.rows]
    inside = element("table", element("thead", head), element("tbody", *rows))
    return element("div", inside, class_="wide", role="region", aria_label=table.about, tabindex=0)


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
