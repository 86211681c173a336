"""`advisor export`: the recommended recipe as a training script and files that need nothing of ours."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import Home, StudyName
from advisor.cli.run import home_of
from advisor.cli.terminal import say, show


def export(
    study: StudyName,
    out: Annotated[Path, typer.Option(help="The folder to write to; made if it is not there.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are in it.")] = False,
    home: Home = None,
) -> None:
    """Write the recommended recipe out: train.py, which needs torch alone, and recipe.toml."""
    from advisor.jobs.export import export as write

    with redirect_stdout(sys.stderr):  # whatever the user's own model prints
        exported = write(home_of(home), study, out, force=force)
    for note in exported.notes:
        say(note)
    show(f"wrote {', '.join(exported.files)} to {exported.folder}")
