"""`advisor dashboard`: the web page."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import Home
from advisor.cli.run import home_of


def dashboard(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8501,
    host: Annotated[
        str,
        typer.Option(
            help="Address to bind. Other machines reach any but 127.0.0.1, with the token that is printed."
        ),
    ] = "127.0.0.1",
    home: Home = None,
    allow_code: Annotated[
        bool,
        typer.Option(
            "--allow-code", help="Let the page run your own models, metrics, data and rules (file.py:name)."
        ),
    ] = False,
) -> None:
    """Open the web page on the studies of this home."""
    from advisor.cli.serve import serve

    serve(host, port, home_of(home), allow_code=allow_code)
