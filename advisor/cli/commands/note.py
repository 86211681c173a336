"""`advisor note`: notes, tags and a title of a study or a trial, and the archive."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import Home, StudyName
from advisor.cli.run import home_of
from advisor.cli.terminal import show


def note(
    study: StudyName,
    text: Annotated[
        str | None,
        typer.Argument(
            help='The note, instead of the one there is; "" takes it away. Without it, none changes.'
        ),
    ] = None,
    trial: Annotated[
        int | None, typer.Option(help="A trial's number: the note and the tags are its.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag to add. Again for another.")] = None,
    untag: Annotated[list[str] | None, typer.Option(help="A tag to take away. Again for another.")] = None,
    title: Annotated[
        str | None,
        typer.Option(help='What the study is called beside its name, which stays; "" for nothing.'),
    ] = None,
    archive: Annotated[
        bool | None,
        typer.Option("--archive/--restore", help="Leave the study out of lists, or bring it back into them."),
    ] = None,
    home: Home = None,
) -> None:
    """Say something of a study or a trial: a note, tags, a title; or put the study away."""
    from advisor.jobs.annotating import Remark, annotate, in_words

    remark = Remark(
        trial=trial,
        note=text,
        tags=tuple(tag or ()),
        untags=tuple(untag or ()),
        title=title,
        archived=archive,
    )
    show(in_words(study, annotate(home_of(home), study, remark)))
