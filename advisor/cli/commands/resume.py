"""`advisor resume`: a study that goes on."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.arguments import names_in
from advisor.cli.options import Exhaust, Full, Home, Json, Passes, StudyName, Workers
from advisor.cli.run import home_of, work_on
from advisor.cli.terminal import prints_aside, say
from studies.limits import Budget


def resume(
    study: StudyName,
    budget: Annotated[str | None, typer.Option(help="A larger total budget; what is spent counts.")] = None,
    passes: Passes = None,
    exhaust: Exhaust = False,
    workers: Workers = None,
    home: Home = None,
    full: Full = False,
    json: Json = False,
) -> None:
    """Go on after a stop, a crash or with more budget."""
    from advisor.jobs.engines import parse_workers
    from advisor.jobs.reopening import reopen

    with prints_aside():
        total = None if budget is None else Budget.parse(budget)
        session = reopen(
            home_of(home),
            study,
            budget=total,
            passes=names_in(passes),
            exhaust=exhaust,
            workers=parse_workers(workers),
            tell=say,
        )
    for note in session.notes:
        say(note)
    work_on(session, json=json, full=full)
