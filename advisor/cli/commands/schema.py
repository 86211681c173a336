"""`advisor schema`: the JSON Schema of what a command prints with `--json`."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.terminal import show, show_json


def schema(
    command: Annotated[
        str, typer.Argument(help="A command that takes --json; without one, all are named.")
    ] = "",
    kind: Annotated[str, typer.Argument(help="Of list, the kind: optimizers, studies, trials, ...")] = "",
) -> None:
    """Print the JSON Schema of what a command prints with --json."""
    from advisor.cli.schemas.outputs import OUTPUTS
    from advisor.cli.schemas.outputs import schema as schema_of

    if not command:
        show("\n".join(f"advisor schema {name}" for name in OUTPUTS))
        return
    show_json(schema_of(" ".join([command, kind]).strip().lower()))
