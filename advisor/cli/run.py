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
    show_answer,
    show_json,
)

if TYPE_CHECKING:
    from advisor.jobs.session import Session
    from studies.storage.follow import StoredStudy
    from studies.storage.held import Loss

NOTHING_COMPLETED: Final = "no trial was completed, so the advice rests on no measurement"
KEPT: Final = "everything finished is kept, "
NOTHING_COMPRESSED: Final = "nothing could be compressed"


def work_on(session: Session, *, json: bool, full: bool = False, searching: bool = True) -> None:
    """Work on a study with its progress shown, print the answer, and end with the exit status."""
    from advisor.cli.progress.display import progress
    from advisor.jobs.mirror import finish
    from advisor.jobs.next_commands import next_commands
    from advisor.jobs.work import conclude, outcome, work
    from studies.storage.follow import read_study
    from studies.storage.held import settle

    display = progress(session, searching=searching)
    with stopped_in_order() as stop:
        with prints_aside(), display:
            mirror = work(session, listen=display.listen, stop=stop, searching=searching)
        cut_short = stop()
        try:
            recommendation = conclude(session.home, session.name)
            loss = settle(session.home, session.name)
            stored = read_study(session.home, session.name)
            if json:
                show_json(outcome(session, recommendation, stored))
            else:
                commands = next_commands(session.home, session.name, stored.manifest, recommendation)
                show_answer(recommendation, commands, full=full)
        finally:
            if mirror is not None and (unfinished := finish(mirror, session.home, session.name, stop=stop)):
                say(unfinished)
    _end(session, stored, loss, cut_short=cut_short, searching=searching)


def _end(
    session: Session, stored: StoredStudy, loss: Loss | None, *, cut_short: bool, searching: bool
) -> None:
    """Say what of the work went wrong or was cut short, and end with its status; else where to look."""
    from advisor.decide.failures import failures, mostly_failed
    from advisor.jobs.command_lines import at_home
    from advisor.jobs.preparation import overdrawn_note
    from studies.quantities import several

    where = at_home(session.home)
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
    say(f"study {session.name}; its trials and curves: advisor dashboard{where}")


def _say_stopped(stored: StoredStudy, command: str) -> None:
    """Say that a search ended as somebody asked for that, and how it goes on."""
    from advisor.jobs.budget_left import BudgetLeft

    left = BudgetLeft.of(stored.manifest, stored.records)
    say(f"stopped as asked; {left if not left.spent else 'nothing is left'}; go on with: {command}")


def home_of(home: Path | None) -> Path:
    """Return the home that was named, or the usual one."""
    from studies.storage.home import default_home

    return home or default_home()
