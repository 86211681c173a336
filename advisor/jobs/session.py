"""Session: an open study, new from a request or again from its journal, ready to be worked on.

Here it is made of a request; `advisor.jobs.reopening` opens one again.
"""

from __future__ import annotations

import platform
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.evidence import Finding
from advisor.jobs.command_lines import options_of
from advisor.jobs.engines import AUTO, Workers, parse_workers, warm_up
from advisor.jobs.fingerprints import code_of
from advisor.jobs.first_measurement import measured_first
from advisor.jobs.planning import plan_for, planned_trials
from advisor.jobs.portfolio import note, portfolio_starts
from advisor.jobs.preparation import after_reading, preparation_note
from advisor.jobs.request import Request, split
from advisor.jobs.sample_size import sample_notes
from advisor.jobs.workloads import (
    NO_MODEL,
    check_compressible,
    open_and_profile,
    open_workload,
    reading,
)
from studies.callers_globals import set_aside
from studies.errors import BadWorkload
from studies.imports import require
from studies.storage import journal
from studies.storage.home import NameTaken, check_new, free_name
from studies.storage.manifest import StudyManifest
from studies.storage.manifest_entries import CompressionEntry
from studies.tracking.address import address_of, stored
from studies.tracking.commit import commit_of

if TYPE_CHECKING:
    from studies.facts import Facts
    from studies.loaded_workload import LoadedWorkload
    from studies.plans.plan import Plan
    from studies.storage.manifest_entries import Start
    from studies.training_function.function import Function


@dataclass(frozen=True, kw_only=True)
class Session:
    """Session: a study that is ready to be worked on."""

    name: str
    home: Path
    workload: LoadedWorkload | Function
    plan: Plan
    workers: Workers = AUTO
    """How many trials train at a time; 0 trains them in this process."""
    notes: tuple[str, ...] = ()
    """What the user should know before it starts: of the data, and of which optimizers enter."""
    tracking_uri: str | None = field(default=None, repr=False)
    """As the manifest has it, with the secrets that a journal must not hold."""


@set_aside()
def prepare(request: Request, home: Path, *, tell: Callable[[str], None] = lambda line: None) -> Session:
    """Profile the workload, decide who enters, and create the study.

    Args:
        request: what was asked for.
        home: where the study lives.
        tell: called with a line before anything that takes its time.

    Raises:
        StudyError: anything wrong with the request; nothing is created then.
    """
    began = time.monotonic()
    check_new(home, request.study)
    tracking_uri, where = address_of(request.tracking_uri)
    request = replace(request, tracking_uri=tracking_uri)
    workers = parse_workers(request.workers)
    tell(reading(request.source))
    warm_up(workers)
    if request.compression != "off":
        require("onnxruntime", "compression", "--compression")
    workload, plan, facts, findings = _planned(request, began)
    if request.compression != "off":
        if workload.spec().is_function:
            raise BadWorkload(f"--compression {request.compression} of a training function, {NO_MODEL}")
        check_compressible(workload.spec())
    named, left_out = _named_starts(request, plan)
    earlier = (*named, *_earlier(request, home, workload, facts, plan))
    recorded = _recorded(request, workload, facts, plan)
    plan = replace(plan, starts=(*earlier, *recorded))
    manifest = _manifest(request, workload, facts, plan, seconds=time.monotonic() - began)
    name = _created(home, request.study, workload, manifest)
    begun = [f"{start.params['optimizer']} starts also from {start.origin}" for start in earlier]
    notes = (
        *manifest.notes, *(finding.because for finding in findings), *begun, *left_out,
        *filter(None, [note(recorded), where]),
    )  # fmt: skip
    return Session(
        name=name,
        home=home,
        workload=workload,
        plan=plan,
        workers=workers,
        notes=notes,
        tracking_uri=tracking_uri,
    )


def _created(
    home: Path, name: str | None, workload: LoadedWorkload | Function, manifest: StudyManifest
) -> str:
    """Create the study and return its name: unnamed, the next that no other process takes at this moment."""
    while True:
        try_name = name or free_name(home, workload.name)
        try:
            journal.create_study(home, try_name, direction=workload.metric.direction, manifest=manifest)
        except NameTaken:
            if name:
                raise
        else:
            return try_name


def _named_starts(request: Request, plan: Plan) -> tuple[tuple[Start, ...], tuple[str, ...]]:
    """Return the recipes in files that the user named, and a note for each whose optimizer does not enter."""
    from studies.recipe import Recipe
    from studies.storage.manifest_entries import Start

    recipes = {path: Recipe.from_toml(path) for path in request.start}
    starts = tuple(
        Start(params=recipe.to_params(), origin=f"{path}, read as near as this search has its settings")
        for path, recipe in recipes.items()
        if recipe.optimizer.name() in plan.candidates
    )
    notes = tuple(
        f"{path} is not started from: {recipe.optimizer.name()} does not enter; --optimizers names it."
        for path, recipe in recipes.items()
        if recipe.optimizer.name() not in plan.candidates
    )
    return starts, notes


def _earlier(
    request: Request, home: Path, workload: LoadedWorkload | Function, facts: Facts, plan: Plan
) -> tuple[Start, ...]:
    from advisor.jobs.history import starts, starts_from

    named = starts_from(home, request.start_from, plan.candidates) if request.start_from else ()
    if not request.earlier:
        return named
    begun = {start.params["optimizer"] for start in named}
    others = tuple(name for name in plan.candidates if name not in begun)
    trials = planned_trials(facts, request.searching, plan.sample_rows)
    similar = starts(home, model=workload.spec(), facts=facts, candidates=others, planned_trials=trials)
    return (*named, *similar)


def _recorded(
    request: Request, workload: LoadedWorkload | Function, facts: Facts, plan: Plan
) -> tuple[Start, ...]:
    """Return the recorded recipes that the search opens with."""
    if not request.portfolio:
        return ()
    trials = planned_trials(facts, request.searching, plan.sample_rows)
    return portfolio_starts(facts, plan, plan.space(workload), planned_trials=trials)


def _planned(
    request: Request, began: float
) -> tuple[LoadedWorkload | Function, Plan, Facts, tuple[Finding, ...]]:
    """Return what is trained on, and the plan of what the budget holds since `began`."""
    workload, facts, plan_it = _profiled(request)
    plan, facts, findings = plan_it(after_reading(request, time.monotonic() - began), workload, facts)
    return workload, replace(plan, budget=request.searching), facts, findings


def _profiled(request: Request) -> tuple[LoadedWorkload | Function, Facts, Callable[..., Any]]:
    """Return what is trained on, its profile, and what plans a search of it."""
    from studies.training_function.function import Function

    if not isinstance(function := open_workload(request), Function):
        return *open_and_profile(request, function, budget=request.budget), plan_for
    from advisor.jobs.function import plan, profile_function

    facts, uses = measured_first(
        partial(profile_function, request, function),
        function.source,
        workers=parse_workers(request.workers),
        budget=request.budget,
        trial_seconds=request.trial_seconds,
    )
    return function, facts, partial(plan, uses=uses)


def _searched_on(workload: LoadedWorkload | Function, plan: Plan) -> LoadedWorkload | Function:
    """Return the workload as search trials train and validate on it."""
    from studies.loaded_workload import LoadedWorkload

    return workload.on_sample(plan.sample_rows) if isinstance(workload, LoadedWorkload) else workload


def _manifest(
    request: Request, workload: LoadedWorkload | Function, facts: Facts, plan: Plan, *, seconds: float
) -> StudyManifest:
    """Return everything about a new study that is not a trial, `seconds` after it was begun."""
    packages = ("optimizer-advisor", "torch", "optuna", "scikit-learn", "numpy")
    compressing = split(request.budget, request.compression)[1]
    return plan.manifest(
        compression_study=None if compressing is None else CompressionEntry(budget=compressing),
        id=uuid.uuid4().hex,
        workload=workload.spec(),
        facts=facts,
        goal=request.goal,
        metric=workload.metric.name,
        dataset=workload.name,
        model=workload.model.name(),
        valid_rows=_searched_on(workload, plan).valid_rows,
        baseline=workload.baseline(),
        notes=_notes(request, workload, facts, plan, seconds=seconds),
        spent_seconds=seconds,
        prepared_seconds=seconds,
        columns=workload.columns,
        tracking_uri=request.tracking_uri and stored(request.tracking_uri),
        versions={package: version(package) for package in packages},
        python=platform.python_version(),
        code=code_of(workload),
        rules=request.rules,
        options=options_of(request),
        git=commit_of((str(getattr(workload.model, "factory", "")), workload.source)),
    )


def _notes(
    request: Request, workload: LoadedWorkload | Function, facts: Facts, plan: Plan, *, seconds: float
) -> tuple[str, ...]:
    """Return what is said of the data, and of the time that reading it took."""
    took = preparation_note(request.searching, seconds)
    sampled = sample_notes(after_reading(request, seconds), plan, facts)
    return (*workload.notes, *filter(None, [took]), *sampled)
