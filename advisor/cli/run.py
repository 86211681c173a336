"""Carry out what a command asks: its arguments as a request, a study worked on in sight of the user, the status it ends with."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.cli.terminal import INTERRUPTED, NOTHING_FEASIBLE, fail, say, show, show_json, stop_on_interrupt

if TYPE_CHECKING:
    from advisor.jobs.session import Session


def work_on(session: Session, *, json: bool, searching: bool = True) -> None:
    """Work on a study with its progress shown, print what it comes to, and end with the status that says how it went."""
    from advisor.cli.progress import progress
    from advisor.jobs.command_lines import at_home
    from advisor.jobs.mirror import finish
    from advisor.jobs.work import conclude, outcome, work
    from studies.storage import journal

    study = journal.open_study(session.home, session.name)
    manifest = journal.manifest_of(study)
    spent_seconds = manifest.spent_seconds if searching else manifest.compressing.spent_seconds
    budget = manifest.searching if searching else manifest.compressing.budget
    display = progress(session, records=journal.records(study), spent_seconds=spent_seconds, budget=budget)
    with stop_on_interrupt() as interrupted, redirect_stdout(sys.stderr), display:
        mirror = work(session, listen=display.listen, stop=interrupted, searching=searching)
    try:
        recommendation = conclude(session.home, session.name)
        records = journal.records(journal.open_study(session.home, session.name))
        show_json(outcome(session, recommendation, records)) if json else show(str(recommendation))
    finally:
        if mirror is not None and (unfinished := finish(mirror, session.home, session.name)):
            say(unfinished)
    if interrupted():
        again = "resume" if searching else "compress"
        fail(
            f"interrupted; everything finished is kept, go on with: advisor {again} {session.name}{at_home(session.home)}",
            INTERRUPTED,
        )
    tried = [record for record in records if searching or record.stage == "compress"]
    if not any(record.state == "complete" for record in tried):
        last = next((record.error for record in reversed(tried) if record.error), "nothing was tried")
        what = (
            "no trial was completed, so the advice rests on no measurement"
            if searching
            else "nothing could be compressed"
        )
        fail(f"{what}; the last one: {last}", NOTHING_FEASIBLE)

    where = at_home(session.home)
    say(
        f"again, or under other limits: advisor recommend {session.name}{where}; trials and curves: advisor dashboard{where}"
    )


def home_of(home: Path | None) -> Path:
    """Return the home that was named, or the usual one."""
    from studies.storage.home import default_home

    return home or default_home()
