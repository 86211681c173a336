"""`advisor export`: what a study recommends as a training script, a model and a report in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli import completion
from advisor.cli.options import Home, StudyName
from advisor.cli.run import home_of
from advisor.cli.terminal import prints_aside, say, show


def export(
    study: StudyName,
    out: Annotated[Path, typer.Option(help="The folder to write to; made if it is not there.")],
    style: Annotated[
        str,
        typer.Option(
            help="Whose trainer train.py uses: plain (a loop of its own), lightning or transformers.",
            autocompletion=completion.one_of("plain", "lightning", "transformers"),
        ),
    ] = "plain",
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are in it.")] = False,
    home: Home = None,
) -> None:
    """Write what a study recommends to a folder: train.py, which needs torch alone, recipe, model, report."""
    from advisor.jobs.export import export as write

    with prints_aside():
        exported = write(home_of(home), study, out, style=style, force=force)
    for note in exported.notes:
        say(note)
    show(f"wrote {', '.join(exported.files)} to {exported.folder}")
