"""`advisor mcp`: the tools for agents, over the Model Context Protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import Home
from advisor.cli.run import home_of


def mcp(
    allow: Annotated[
        list[Path] | None,
        typer.Option(help="A file, or a folder whose files may be read, beside the home; again for another."),
    ] = None,
    max_budget: Annotated[
        str, typer.Option(help="The largest budget of a search, in its unit: 10m, 2h or 200trials.")
    ] = "10m",
    allow_code: Annotated[
        bool,
        typer.Option("--allow-code", help="Let it run your own models, metrics, data (file.py:name)."),
    ] = False,
    home: Home = None,
) -> None:
    """Serve agents on stdin and stdout (Model Context Protocol)."""
    from advisor.agents.server import serve

    serve(home_of(home), tuple(allow or ()), allow_code=allow_code, most=max_budget)
