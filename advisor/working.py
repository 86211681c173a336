"""Carry out what a command asks: its arguments as a request, a study worked on in sight of the user, the status it ends with."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from advisor.goals import USUAL
from advisor.terminal import INTERRUPTED, NOTHING_FEASIBLE, fail, say, show, show_json, stop_on_interrupt
from studies.limits import Budget, Limits

if TYPE_CHECKING:
    from advisor.launch import Launched
    from advisor.request import Request

PLAIN: Final = (
    "source", "target", "model", "metric", "direction", "task", "pretrained", "open_ended", "earlier",
    "batch_size", "epochs", "compression", "device", "seed", "tune_model", "study",
    "tracking_uri",
)  # fmt: skip
"""Options that a request takes as they are written."""


def work_on(launched: Launched, *, json: bool, searching: bool = True) -> None:
    """Work on a study with its progress shown, print what it comes to, and end with the status that says how it went."""
    from advisor.commands import at_home
    from advisor.launch import conclude, outcome, work
    from advisor.mirroring import finish
    from advisor.progress import progress
    from studies import store

    study = store.open_study(launched.home, launched.name)
    page = store.plan_of(study) if searching else store.plan_of(study)["compression_study"]
    display = progress(
        launched, records=store.records(study), spent_seconds=float(page["spent_seconds"]), budget=Budget(**page["budget"])
    )  # fmt: skip
    with stop_on_interrupt() as interrupted, redirect_stdout(sys.stderr), display:
        mirror = work(launched, listen=display.listen, stop=interrupted, searching=searching)
    try:
        recommendation = conclude(launched.home, launched.name)
        records = store.records(store.open_study(launched.home, launched.name))
        show_json(outcome(launched, recommendation, records)) if json else show(str(recommendation))
    finally:
        if mirror is not None and (unfinished := finish(mirror, launched.home, launched.name)):
            say(unfinished)
    if interrupted():
        again = "resume" if searching else "compress"
        fail(
            f"interrupted; everything finished is kept, go on with: advisor {again} {launched.name}{at_home(launched.home)}",
            INTERRUPTED,
        )
    tried = [record for record in records if searching or record.stage == "compress"]
    if not any(record.state == "complete" for record in tried):
        last = next((record.error for record in reversed(tried) if record.error), "nothing was tried")
        what = "no trial was completed, so the advice rests on no measurement" if searching else "nothing could be compressed"
        fail(f"{what}; the last one: {last}", NOTHING_FEASIBLE)

    where = at_home(launched.home)
    say(f"again, or under other limits: advisor recommend {launched.name}{where}; trials and curves: advisor dashboard{where}")


def request_from(arguments: dict[str, Any]) -> Request:
    """Return the request that a command's arguments make."""
    from advisor.request import Request

    limits = Limits.parse(**{key: arguments[key] for key in ("memory", "model_size", "latency", "train_time")})
    given: dict[str, Any] = {key: arguments[key] for key in PLAIN if key in arguments}
    given |= {key: _split(arguments[key]) for key in ("optimizers", "schedules") if arguments.get(key)}
    for axis in ("regularizers", "wrappers"):
        if arguments.get(axis):
            given[axis] = () if arguments[axis] == "none" else _split(arguments[axis])
    given["rules"] = tuple(arguments["rule"] or ())
    if "budget" in arguments:
        given["budget"] = Budget.parse(arguments["budget"])
    return Request(limits=limits, goal=arguments["goal"] or USUAL, **given)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def home_of(home: Path | None) -> Path:
    """Return the home that was named, or the usual one."""
    from studies.store import default_home

    return home or default_home()
