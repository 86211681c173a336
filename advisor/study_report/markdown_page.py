"""Markdown of a report: the sections of the page as text, its charts as the tables behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from advisor.report.elements import printable
from advisor.report.layout import grid
from advisor.report.section import Section, Table
from advisor.study_report.answer_sections import answer_lines, title_of
from advisor.study_report.reported import ReportedStudy
from advisor.study_report.sections import sections


def markdown(study: ReportedStudy) -> str:
    """Return the report of a study as a page of Markdown."""
    first, *rest = map(plain, answer_lines(study))
    parts = [f"# {plain(title_of(study))}", f"**{first}**", *rest, *map(written_section, sections(study))]
    return "\n\n".join(parts) + "\n"


def written_section(section: Section) -> str:
    """Return a section as Markdown."""
    return "\n\n".join([f"## {plain(section.title)}", *_inside(section)])


def written_table(table: Table) -> str:
    """Return a table as Markdown."""
    return grid(tuple(map(plain, table.titles)), (tuple(map(plain, row)) for row in table.rows))


def bullets(sentences: tuple[str, ...]) -> str:
    """Return sentences as a list in Markdown."""
    return "\n".join(f"- {plain(sentence)}" for sentence in sentences)


def fenced(code: str, language: str = "") -> str:
    """Return code in a fence that no line of it can end."""
    longest = max(map(len, re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{printable(code).rstrip()}\n{fence}"


def plain(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    line = re.sub(r"\s+", " ", printable(text).strip())
    return re.sub(r"([\\`*\[\]|~])", r"\\\1", line).replace("&", "&amp;").replace("<", "&lt;")


def _inside(section: Section) -> Iterator[str]:
    if section.sentences:
        yield bullets(section.sentences)
    charts = (section.chart.table,) if section.chart else ()
    yield from (written_table(table) for table in (*charts, *section.tables) if table.rows)
    yield from map(fenced, section.code)
