"""Compression of a study's finalists: its request, its trials, and the files that are kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from advisor.jobs.advice import evidence_of
from advisor.jobs.engines import Workers, engine_of
from advisor.jobs.reopening import reopen
from advisor.jobs.request import named_passes
from advisor.jobs.session import Session
from advisor.jobs.workloads import NO_MODEL, check_compressible, reading
from advisor.recommendation import Recommendation
from studies.callers_globals import set_aside
from studies.deployment.unfinished import delete_unfinished
from studies.errors import BadValue, BadWorkload, NothingFeasible
from studies.imports import require
from studies.limits import Budget, Limits
from studies.search.clock import Clock
from studies.storage import journal
from studies.storage.follow import read_study
from studies.storage.locks import working
from studies.storage.manifest import StudyManifest
from studies.storage.manifest_entries import CompressionEntry
from studies.storage.repair import make_writable

if TYPE_CHECKING:
    from torch import nn

    from studies.loaded_workload import LoadedWorkload
    from studies.models import ModelChoice
    from studies.plans.compression_plan import CompressionPlan, Wanted
    from studies.search.event import Event
    from studies.trials.compression_host import CompressionHost

DEFAULT_SECONDS: Final = 300
"""Of a compression whose budget nobody named."""
TOOLS_BYTES: Final = 256 * 2**20
"""Of a worker, for the exporter and the runtime, beside what a training takes: workers that made an MLP small
held 344 to 374 MiB in all (measured over 120 trials)."""


@dataclass(frozen=True, kw_only=True)
class CompressionRequest:
    """Compression request of a user; None leaves a field to the advisor."""

    budget: Budget | None = None
    limits: Limits | None = None
    students: tuple[str, ...] = ()
    """Models by name that may be trained to answer as the finalists do, beside smaller settings of their own
    fields."""
    passes: tuple[str, ...] = ()
    """Names of the passes that may be tried from now on; empty for those of the study so far."""
    teacher: str | None = None
    """`module:name` or `file.py:name` of a function that returns a trained module."""


def write_request(home: Path, name: str, request: CompressionRequest) -> None:
    """Write to a study's manifest what its compression may spend and has to meet.

    Raises:
        StudyNotFound: there is no such study.
        BadValue: the budget is spent already, or a pass, student or teacher cannot be used.
    """
    study = journal.open_study(home, name)
    manifest = journal.manifest_of(study)
    if manifest.is_function:
        raise BadWorkload(f"'{name}' searched a training function, {NO_MODEL}")
    check_compressible(manifest.opened)
    passes = named_passes(request.passes) or manifest.passes
    before = manifest.compression_study or CompressionEntry(budget=Budget(seconds=DEFAULT_SECONDS))
    entry = replace(
        before,
        budget=request.budget or before.budget,
        students=request.students or before.students,
        teacher=request.teacher or before.teacher,
        ended=False,
    )
    tried = sum(record.stage == "compress" for record in journal.records(study))
    if request.budget and entry.budget.spent(seconds=entry.spent_seconds, trials=tried) >= 1:
        raise BadValue(f"a budget of {entry.budget} is spent already, as budgets are totals; give more")
    limits = manifest.limits.replaced_by(request.limits)
    _check_models(entry, manifest)
    with working(home, name):
        journal.change_manifest(
            study, compression_study=entry, limits=limits, passes=passes, recommendation=None
        )


def _check_models(entry: CompressionEntry, manifest: StudyManifest) -> None:
    """Raise a StudyError for a student or teacher that cannot be used, so that it is written nowhere."""
    if entry.students or entry.teacher:
        from studies.workload_opening import reopen_workload

        workload = reopen_workload(manifest.opened)
        _students(entry, workload)
        _teachers(entry.teacher, workload)


@set_aside()
def open_compression(
    home: Path,
    name: str,
    request: CompressionRequest,
    *,
    workers: Workers | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Session:
    """Open a study to be compressed as asked.

    Args:
        home: where it lives.
        name: what it is called.
        request: what was asked for.
        workers: how many models are made small at a time; None for the usual number.
        tell: called with a line before anything that takes its time.

    Raises:
        StudyError: no such study, nothing to compress, or what was asked for cannot be used.
    """
    make_writable(home, name)
    tell(reading(read_study(home, name).manifest.opened.source))
    require("onnxruntime", "compression", "advisor compress")
    write_request(home, name, request)
    return reopen(home, name, workers=workers, searching=False)


def compress(
    session: Session,
    *,
    listen: Callable[[Event], None] = lambda event: None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Work on a study's compression, as its manifest asks, until the budget is spent or `stop` says yes."""
    from studies.compression_search.study import CompressionStudy
    from studies.trials.allowance import CompressionAllowance
    from studies.trials.study_files import StudyFiles

    study = journal.open_study(session.home, session.name)
    manifest = journal.manifest_of(study)
    entry = manifest.compressing
    if not (workload := _workload(session)):
        return
    clock = Clock(budget=entry.budget, spent_before=entry.spent_seconds, stop=stop)

    with engine_of(
        _host(session, entry, workload),
        manifest.profiled,
        session.workers,
        stop=clock.must_stop,
        stage="compress",
        listen=listen,
        beside_bytes=TOOLS_BYTES,
        limits=Limits(),
    ) as (engine, most_bytes):
        CompressionStudy(
            study,
            workload.metric.direction,
            session.plan,
            _plan(session, manifest, workload),
            engine=engine,
            clock=clock,
            listen=listen,
            files=StudyFiles.of(session.home, session.name),
            allowance=CompressionAllowance(most_bytes=most_bytes),
            wanted=_wanted(session),
        ).run()


def _host(session: Session, entry: CompressionEntry, workload: LoadedWorkload) -> CompressionHost:
    from studies.trials.checkpoints import Checkpoints
    from studies.trials.compression_host import CompressionHost

    return CompressionHost(
        workload=workload,
        plan=session.plan,
        checkpoints=Checkpoints.of(session.home, session.name),
        folder=session.home / "models" / session.name,
        teachers=_teachers(entry.teacher, workload),
    )


def _wanted(session: Session) -> Wanted:
    """Return what names the recipes that may be advised after given records."""
    from advisor.decide.repeats import worth_repeating

    evidence = evidence_of(session.home, session.name)
    return lambda records: [
        model.params for model in worth_repeating(replace(evidence, records=tuple(records)))
    ]


def _workload(session: Session) -> LoadedWorkload | None:
    from studies.loaded_workload import LoadedWorkload

    return session.workload if isinstance(session.workload, LoadedWorkload) else None


def _plan(session: Session, manifest: StudyManifest, workload: LoadedWorkload) -> CompressionPlan:
    from studies.compression.students import students
    from studies.plans.compression_plan import CompressionPlan

    entry = manifest.compressing
    return CompressionPlan(
        budget=entry.budget,
        limits=manifest.limits,
        students=(*_students(entry, workload), *students(workload.model)),
        passes=manifest.passes,
        first=_advised(session),
    )


def _students(entry: CompressionEntry, workload: LoadedWorkload) -> tuple[ModelChoice, ...]:
    """Return the models that the user named to be trained as students.

    Raises:
        StudyError: one is not known, or does not fit the data.
    """
    from studies.workload_model import check_model, find_model

    named = tuple(find_model(name) for name in entry.students)
    for model in named:
        check_model(model, workload.dataset)
    return named


def _advised(session: Session) -> str:
    """Return the optimizer that is advised without limits on size and latency; empty when none fits."""
    from advisor.decide.recommend import recommend

    evidence = evidence_of(session.home, session.name)
    try:
        return recommend(replace(evidence, limits=evidence.limits.while_training)).optimizer
    except NothingFeasible:
        return ""


def _teachers(reference: str, workload: LoadedWorkload) -> tuple[nn.Module, ...]:
    """Return the user's own trained model, if one was named.

    Raises:
        BadWorkload: it cannot be loaded, or does not answer as this workload's models do.
    """
    if not reference:
        return ()
    from studies.models.custom import Custom
    from studies.workload_model import check_model

    choice = Custom(factory=reference)
    check_model(choice, workload.dataset)
    return (workload.specimen(choice).eval(),)


def delete_unused_files(home: Path, name: str, recommendation: Recommendation) -> None:
    """Delete the deployed files that are neither on the Pareto front nor advised.

    They can be made again from their records.
    """
    shown = (
        *recommendation.compressed,
        *([recommendation.compression] if recommendation.compression else []),
    )
    trials = {number for model in shown for number in model.trials}
    records = read_study(home, name).records
    used = {record.footprint.path for record in records if record.footprint and record.number in trials}
    delete_unfinished(home / "models" / name)
    for file in (home / "models" / name).glob("*.onnx"):
        if file.name not in used:
            with suppress(OSError):  # a home that failed in mid-search keeps them
                file.unlink()
                file.with_suffix(".pt2").unlink(missing_ok=True)


def pareto(recommendation: Recommendation) -> list[dict[str, Any]]:
    """Return the Pareto front of what was deployed, as `--json` prints it."""
    return [
        {
            "recipe": dict(model.params),
            "model_bytes": model.model_bytes,
            "latency_seconds": model.latency_seconds,
            "quality": model.quality,
            "sparsity": model.sparsity,
        }
        for model in recommendation.compressed
    ]
