"""Run of a command: a study worked on with its progress shown, its answer, and the exit status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from advisor.cli.stops import STOPS, stopped_in_order
from advisor.cli.terminal import (
    DEFECT,
    MOSTLY_FAILED,
    NOTHING_FEASIBLE,
    fail,
    prints_aside,
    say,
    show,
    show_json,
)

if TYPE_CHECKING:
    from advisor.jobs.session import Session
    from studies.storage.follow import StoredStudy

NOTHING_COMPLETED: Final = "no trial was completed, so the advice rests on no measurement"
KEPT: Final = "everything finished is kept, "
NOTHING_COMPRESSED: Final = "nothing could be compressed"


def work_on(session: Session, *, json: bool, searching: bool = True) -> None:
    """Work on a study with its progress shown, print the answer, and end with the exit status."""
    from advisor.cli.progress import progress
    from advisor.decide.failures import failures, mostly_failed
    from advisor.jobs.advice import names_code
    from advisor.jobs.command_lines import at_home
    from advisor.jobs.mirror import finish
    from advisor.jobs.preparation import overdrawn_note
    from advisor.jobs.work import conclude, outcome, work
    from studies.quantities import several
    from studies.storage.follow import read_study
    from studies.storage.held import settle

    display, where = progress(session, searching=searching), at_home(session.home)
    with stopped_in_order() as stop:
        with prints_aside(), display:
            mirror = work(session, listen=display.listen, stop=stop, searching=searching)
        cut_short = stop()
        try:
            recommendation = conclude(session.home, session.name)
            loss = settle(session.home, session.name)
            stored = read_study(session.home, session.name)
            show_json(outcome(session, recommendation, stored)) if json else show(str(recommendation))
        finally:
            if mirror is not None and (unfinished := finish(mirror, session.home, session.name, stop=stop)):
                say(unfinished)
    if searching and (overdrawn := overdrawn_note(stored.manifest)):
        say(overdrawn)
    if loss is not None:
        say(loss.says)
    command = f"advisor {'resume' if searching else 'compress'} {session.name}{where}"
    if cut_short:
        fail(f"interrupted; {'' if loss else KEPT}go on with: {command}", STOPS.status)
    if stored.manifest.stopped:
        _say_stopped(stored, command)
        return
    if STOPS.status:
        fail("interrupted once the answer was made", STOPS.status)
    if loss is not None and loss.of_trials:
        fail("the answer above is all that is left of what was lost", DEFECT)
    tried = [record for record in stored.records if searching or record.stage == "compress"]
    if not any(record.state == "complete" for record in tried):
        last = next((record.error for record in reversed(tried) if record.error), "nothing was tried")
        problem = NOTHING_COMPLETED if searching else NOTHING_COMPRESSED
        fail(f"{problem}; the last one: {last}", NOTHING_FEASIBLE)
    if mostly_failed(tried):
        worst, count = failures(tried)[0], sum(record.state == "failed" for record in tried)
        problem = f"{count} of {several(len(tried), 'trial')} failed, {len(worst.trials)} of them with"
        fail(f"{problem} {worst.reason}; see: advisor list trials {session.name}{where}", MOSTLY_FAILED)

    dashboard = f"trials and curves: advisor dashboard{where}"
    code = " --allow-code" if names_code(stored.manifest) else ""
    say(f"again, or under other limits: advisor recommend {session.name}{where}{code}; {dashboard}")


def _say_stopped(stored: StoredStudy, command: str) -> None:
    """Say that a search ended as somebody asked for that, and how it goes on."""
    from advisor.jobs.budget_left import BudgetLeft

    left = BudgetLeft.of(stored.manifest, stored.records)
    say(f"stopped as asked; {left if not left.spent else 'nothing is left'}; go on with: {command}")


def home_of(home: Path | None) -> Path:
    """Return the home that was named, or the usual one."""
    from studies.storage.home import default_home

    return home or default_home()
