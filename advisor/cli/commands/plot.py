"""`advisor plot`: one of the dashboard's figures as a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import AllowCode, Home, StudyName
from advisor.cli.run import home_of


class Theme(StrEnum):
    """Theme: the background that a figure is drawn for."""

    LIGHT = "light"
    DARK = "dark"


def plot(
    study: StudyName,
    kind: Annotated[str, typer.Argument(help="Which figure; a wrong name lists them.")],
    out: Annotated[Path, typer.Option(help="A file that ends with .png, .svg or .html.")] = Path("plot.html"),
    theme: Annotated[Theme, typer.Option(help="Of the background, which is opaque.")] = Theme.LIGHT,
    allow_code: AllowCode = False,  # noqa: ARG001 - see advisor.cli.reading
    home: Home = None,
) -> None:
    """Write one of the dashboard's figures to a file."""
    from advisor.cli.serve import plot as draw

    draw(study, kind, out, home_of(home), theme.value)
