"""Section of a report as data: sentences, a chart, tables, code; HTML and Markdown are written from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from advisor.report.elements import Html


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Table: a heading for each column, and its rows."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    about: str
    """What it is a table of, for readers who do not see the page."""


class Chart(Protocol):
    """Chart: values that draw themselves, and say themselves as a table."""

    @property
    def caption(self) -> str:
        """Return how to read it."""

    @property
    def table(self) -> Table:
        """Return what it shows as a table."""

    def drawn(self) -> Html:
        """Return it as a figure of SVG with its legend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Section: a heading and what stands under it, in this order."""

    title: str
    sentences: tuple[str, ...] = ()
    chart: Chart | None = None
    tables: tuple[Table, ...] = ()
    """Those without a row are left out."""
    code: tuple[str, ...] = ()
    """Commands or programs, ready to be copied."""
    folded: bool = False
    """Whether a page shows the heading alone until it is opened."""

    @property
    def empty(self) -> bool:
        """Tell whether it says nothing."""
        return not (self.sentences or self.chart or any(table.rows for table in self.tables) or self.code)


def sentence(clause: str) -> str:
    """Return a clause as a sentence: with a capital letter, and a full stop."""
    return f"{clause[:1].upper()}{clause[1:].removesuffix('.')}."
