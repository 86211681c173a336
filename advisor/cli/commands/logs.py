"""`advisor logs`: what your code printed while a trial trained."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import Home, StudyName
from advisor.cli.run import home_of
from advisor.cli.terminal import say, show


def logs(
    study: StudyName,
    trial: Annotated[int | None, typer.Argument(help="Its number; without it, those that printed.")] = None,
    home: Home = None,
) -> None:
    """Show what your code printed in a trial."""
    from advisor.jobs.logs import last_lines, printed

    where = home_of(home)
    if trial is not None:
        show(printed(where, study, trial))
        return
    lines = last_lines(where, study)
    for number, line in lines.items():
        show(f"{number}  {line}")
    if not lines:
        say("no trial printed anything")
