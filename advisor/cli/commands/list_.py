"""`advisor list`: what there is to choose from, studies, and the trials of one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from advisor.cli import completion
from advisor.cli.options import AllowCode, Home, Json, Kind
from advisor.cli.run import home_of
from advisor.cli.terminal import show, show_json, width


def list_(
    kind: Kind = "",
    study: Annotated[
        str, typer.Argument(help="The study whose trials are listed.", autocompletion=completion.study_name)
    ] = "",
    archived: Annotated[
        bool, typer.Option("--archived", help="Studies that were put away too (advisor note --archive).")
    ] = False,
    allow_code: AllowCode = False,  # noqa: ARG001 - see advisor.cli.reading
    home: Home = None,
    json: Json = False,
) -> None:
    """List what there is to choose from, your studies, or a study's trials."""
    from advisor.cli.columns import text
    from advisor.cli.listing import KINDS, listing

    if not kind:
        lines = (f"advisor list {each}" + (" STUDY" if each == "trials" else "") for each in KINDS)
        show_json(list(KINDS)) if json else show("\n".join(lines))
        return
    rows = listing(kind.lower(), home_of(home), study, archived=archived)
    if json:
        show_json(rows)
        return
    columns = width() if sys.stdout.isatty() else None
    show(text(kind.lower(), rows, columns) if rows else _none(kind.lower(), home_of(home)))


def _none(kind: str, home: Path) -> str:
    """Return the line that stands for no rows: studies that were put away are there all the same."""
    from advisor.cli.listing import listing
    from advisor.jobs.command_lines import at_home

    away = len(listing(kind, home, archived=True)) if kind == "studies" else 0
    if away:
        again = f"advisor list studies --archived{at_home(home)}"
        return f"no studies but {away} in the archive; list them with: {again}"
    return f"no {kind} yet; start with: advisor search digits"
