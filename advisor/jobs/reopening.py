"""Reopening of a study: a session of what its journal holds, with more budget if given."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.jobs.engines import Workers, parse_workers, warm_up
from advisor.jobs.fingerprints import changed
from advisor.jobs.request import named_passes, split
from advisor.jobs.session import Session
from advisor.jobs.workloads import reading
from studies.callers_globals import set_aside
from studies.errors import BadValue, StoreError
from studies.limits import Budget
from studies.quantities import format_seconds, several
from studies.record import Record
from studies.storage import journal
from studies.storage.locks import working
from studies.storage.manifest import StudyManifest
from studies.storage.manifest_entries import CompressionEntry
from studies.storage.repair import make_writable
from studies.storage.stop_wish import forget_wish
from studies.tracking.address import OFF, whole

if TYPE_CHECKING:
    import optuna


@set_aside()
def reopen(  # noqa: PLR0913 - what may be asked for, each by its name
    home: Path,
    name: str,
    *,
    budget: Budget | None = None,
    passes: tuple[str, ...] = (),
    exhaust: bool = False,
    workers: Workers | None = None,
    tell: Callable[[str], None] = lambda line: None,
    searching: bool = True,
    answers: bool = True,
) -> Session:
    """Open a study again, with more budget if given.

    Args:
        home: where it lives.
        name: what it is called.
        budget: a larger total.
        passes: names of those that a compression may try from now on; empty for those of the study so far.
        exhaust: whether to go on although the search has ended as that is expected to gain nothing.
        workers: how many trials train at a time; None for the usual number.
        tell: called with a line before anything that takes its time.
        searching: whether the search goes on, which then counts the seconds of reading.
        answers: whether what follows may change the study's answer.

    Raises:
        StudyError: no such study, or its data has changed.
    """
    began, since = time.monotonic(), time.time()
    workers = parse_workers(None) if workers is None else workers
    make_writable(home, name)
    study = journal.open_study(home, name)
    manifest = journal.manifest_of(study)
    tell(reading(manifest.opened.source))
    warm_up(workers)
    from studies.plans.plan import Plan
    from studies.training_function.function import Function
    from studies.workload_opening import reopen_workload

    workload = (Function.from_spec if manifest.is_function else reopen_workload)(manifest.opened)
    Plan.of(manifest).space(workload)  # a choice that is not here is refused before anything is written
    _check_left(manifest, journal.records(study), budget)
    changes: dict[str, Any] = {} if budget is None else _budgets(budget, manifest)
    changes |= _passes(passes, manifest)
    changes |= {"exhaust": True} if exhaust else {}
    with working(home, name):
        if answers:  # until it is concluded again, it is not
            journal.change_manifest(study, recommendation=None, stopped="", **changes)
        forget_wish(home, name, before=since)  # of a search that was killed before it heard of it
        if searching:
            _count(study, time.monotonic() - began)
    plan = Plan.of(journal.manifest_of(study))
    tracking_uri, left_out = _address_again(manifest, name)
    return Session(
        name=name,
        home=home,
        workload=workload,
        plan=plan,
        workers=workers,
        notes=(*changed(manifest, workload), *left_out),
        tracking_uri=tracking_uri,
    )


def _address_again(manifest: StudyManifest, name: str) -> tuple[str | None, tuple[str, ...]]:
    """Return where the runs of a study go, and a note where a password is missing: nobody mirrors it then."""
    try:
        return whole(manifest.tracking_uri), ()
    except StoreError as error:
        return OFF, (f"no runs go to MLflow: {error}; later: advisor sync {name}",)


def _count(study: optuna.Study, seconds: float) -> None:
    """Add the seconds of reading to what a study has spent."""
    manifest = journal.manifest_of(study)
    spent, prepared = manifest.spent_seconds + seconds, manifest.prepared_seconds + seconds
    journal.change_manifest(study, spent_seconds=spent, prepared_seconds=prepared)


def _budgets(budget: Budget, manifest: StudyManifest) -> dict[str, Budget | CompressionEntry]:
    """Return the entries of a study's manifest that a new budget changes."""
    searching, compressing = split(budget, manifest.compression)
    if compressing is None:
        return {"budget": searching}
    entry = replace(manifest.compressing, budget=compressing, finalists=(), ended=False)
    return {"budget": searching, "compression_study": entry}


def _passes(passes: tuple[str, ...], manifest: StudyManifest) -> dict[str, tuple[str, ...]]:
    """Return the entry of a study's manifest that names of passes change.

    Raises:
        BadValue: a name that is no pass, or a study whose passes cannot change.
    """
    if not passes:
        return {}
    if manifest.compression == "joint":
        raise BadValue("passes of a joint search are those that it began with; start a new study")
    if manifest.compression_study is None:
        raise BadValue("passes are those of a compression, and this study has none; see: advisor compress")
    return {"passes": named_passes(passes)}


def _check_left(manifest: StudyManifest, records: tuple[Record, ...], budget: Budget | None) -> None:
    """Raise BadValue when a new budget, which is a total, is spent already."""
    searched = sum(record.searched for record in records)
    if budget is None or budget.spent(seconds=manifest.spent_seconds, trials=searched) < 1:
        return
    spent = f"{format_seconds(manifest.spent_seconds)} and {several(searched, 'trial')}"
    raise BadValue(
        f"a budget of {budget} is spent already, as budgets are totals and {spent} went before; give more"
    )
