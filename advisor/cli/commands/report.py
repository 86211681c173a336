"""`advisor report`: a study on one page, as HTML, Markdown or PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import AllowCode, Home, StudyName
from advisor.cli.run import home_of
from advisor.cli.terminal import show


def report(
    study: StudyName,
    out: Annotated[
        str,
        typer.Option(
            help="A file that ends with .html, .md or .pdf, or - for Markdown here; STUDY-report.html."
        ),
    ] = "",
    allow_code: AllowCode = False,  # noqa: ARG001 - see advisor.cli.reading
    home: Home = None,
) -> None:
    """Write all that is known of a study to one file: the answer, why, charts, tables, how to repeat it."""
    from advisor.jobs.reports import reported, write_report

    if out == "-":
        from advisor.study_report.markdown_page import markdown

        show(markdown(reported(home_of(home), study)).rstrip())
        return
    file = Path(out or f"{study}-report.html")
    write_report(home_of(home), study, file)
    show(str(file))
