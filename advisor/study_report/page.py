"""Page of a report: one file of HTML that needs no network, light and dark, on a screen and on paper."""

from __future__ import annotations

from advisor.report.elements import Html, element, joined
from advisor.report.section_html import drawn
from advisor.report.style_sheet import STYLE_SHEET
from advisor.study_report.answer_sections import answer_lines, title_of
from advisor.study_report.reported import ReportedStudy
from advisor.study_report.sections import sections


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
