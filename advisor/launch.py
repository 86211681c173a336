"""Launch a search: from a request to a study, from the study to trials, from the trials to advice."""

from __future__ import annotations

import platform
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from advisor.evidence import Finding, Recommendation
from advisor.own_code import changed, code_of
from advisor.reading import advice
from advisor.request import Request, batch_sizes, plan_for, planned_trials
from advisor.shrink import NO_MODEL, compress, keep_files, pareto, split
from advisor.wording import several
from studies import store
from studies.clock import Clock
from studies.commit import commit_of
from studies.errors import BadValue, BadWorkload
from studies.extras import require
from studies.limits import Budget
from studies.quantities import format_seconds
from studies.record import Record, count_states

if TYPE_CHECKING:
    from studies.facts import Facts
    from studies.function import Function
    from studies.mirror import Mirror
    from studies.plan import Plan, Start
    from studies.search import Event
    from studies.workload import Workload

OFF: Final = "off"
"""A tracking URI that means no mirror."""


@dataclass(frozen=True, kw_only=True)
class Launched:
    """A study that is ready to be worked on."""

    name: str
    home: Path
    workload: Workload | Function
    plan: Plan
    notes: tuple[str, ...] = ()
    """What the user should know before it starts: of the data, and of which optimizers enter."""


def look(
    request: Request, workload: Workload | Function | None = None, *, budget: Budget | None = None
) -> tuple[Workload, Facts]:
    """Open a workload, unless it is open, and profile one epoch of it at its reference batch size.

    Args:
        request: what was asked for.
        workload: what it names, if that is open already.
        budget: of the search that follows, which limits the probes; None when there is none.

    Raises:
        StudyError: anything wrong with the request.
    """
    from studies.function import Function
    from studies.profile import PROBING_SECONDS, profile

    workload = workload or open_workload(request)
    if isinstance(workload, Function):
        raise BadWorkload("a training function holds its data and model to itself, so there is nothing to profile; search it")
    reference = batch_sizes(request.batch_size, workload.rows)[1]
    device = pick_device(request.device)
    facts = profile(workload, batch_size=reference, epochs=1, device=device, probing=budget or PROBING_SECONDS)
    return workload, replace(facts, pretrained=request.pretrained, horizon_known=not request.open_ended)


def open_workload(request: Request) -> Workload | Function:
    """Open what a request names, or holds: data, a workload from code, or a training function.

    Raises:
        StudyError: it cannot be trained on.
    """
    from studies.function import Function
    from studies.given import Workload as Given
    from studies.workload import Workload

    given, source = _resolve(request.source)
    if isinstance(given, str):
        return Workload.open(
            given, target=request.target, model=request.model, metric_name=request.metric, task=request.task,
            seed=request.seed, class_weights=request.class_weights, direction=request.direction,
        )  # fmt: skip
    if isinstance(given, Given):
        return Workload.take(
            given, source=source, model=request.model, metric_name=request.metric, direction=request.direction, seed=request.seed
        )  # fmt: skip
    return Function.open(
        given, source=source, metric=request.metric, direction=request.direction, space=request.space, seed=request.seed
    )  # fmt: skip


def _resolve(source: Any) -> tuple[Any, str]:
    """Return what a source is, and the name it is found by again."""
    from studies.given import Workload as Given
    from studies.imports import load, refer

    given = load(source) if isinstance(source, str) and ":" in source and not Path(source).exists() else source
    if not (isinstance(given, str | Given) or callable(given)):
        raise BadWorkload(
            f"{source if isinstance(source, str) else 'source'} is {type(given).__name__}; give a dataset's name or path, "
            "an advisor.Workload, or a training function(recipe, report, seed)"
        )
    return given, source if isinstance(source, str) else refer(given)


def prepare(request: Request, home: Path) -> Launched:
    """Profile the workload, decide who enters, and create the study.

    Raises:
        StudyError: anything wrong with the request; nothing is created then.
    """
    store.check_new(home, request.study)
    if request.compression != "off":
        require("onnxruntime", "compression", "--compression")
    workload, plan, facts, findings = _planned(request)
    if request.compression != "off" and workload.spec().get("form") == "function":
        raise BadWorkload(f"--compression {request.compression} of a training function, {NO_MODEL}")
    found = _earlier(request, home, workload, facts, plan) if request.earlier else ()
    plan = replace(plan, starts=found)
    name = request.study or _free_name(home, workload.name)
    store.create_study(home, name, direction=workload.metric.direction, plan=_page(request, workload, facts, plan))
    begun = [f"{start.params['optimizer']} starts also from {start.origin}" for start in found]
    notes = (*workload.notes, *(finding.because for finding in findings), *begun)
    return Launched(name=name, home=home, workload=workload, plan=plan, notes=notes)


def _earlier(request: Request, home: Path, workload: Workload | Function, facts: Facts, plan: Plan) -> tuple[Start, ...]:
    from advisor.earlier import starts

    trials = planned_trials(facts, request.searching)
    return starts(home, model=workload.spec(), facts=facts, candidates=plan.candidates, planned_trials=trials)


def _planned(request: Request) -> tuple[Workload | Function, Plan, Facts, tuple[Finding, ...]]:
    from studies.function import Function

    if not isinstance(function := open_workload(request), Function):
        workload, facts = look(request, function, budget=request.budget)
        return workload, *plan_for(request, workload, facts)
    from advisor import own_loop

    facts, read = own_loop.look(request, function)
    return function, *own_loop.plan(request, function, facts, read)


def reopen(home: Path, name: str, *, budget: Budget | None = None) -> Launched:
    """Open a study again, with more budget if given.

    Raises:
        StudyError: no such study, or its data has changed.
    """
    from studies.function import Function
    from studies.plan import Plan
    from studies.workload import Workload

    study = store.open_study(home, name)
    page = store.plan_of(study)
    spec = page["workload"]
    workload = (Function if spec.get("form") == "function" else Workload).from_spec(spec)
    _check_left(page, store.records(study), budget)
    changes = {} if budget is None else _budgets(budget, page)
    with store.working(home, name):
        store.write_plan(study, recommendation=None, **changes)  # until it is concluded again, it is not
    plan = Plan.from_dict(store.plan_of(study))
    return Launched(name=name, home=home, workload=workload, plan=plan, notes=changed(page, workload))


def _budgets(budget: Budget, page: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of a study's page that a new budget changes."""
    searching, compressing = split(budget, page.get("compression", "off"))
    changes: dict[str, Any] = {"budget": asdict(searching)}
    if compressing is not None:
        changes["compression_study"] = page["compression_study"] | {"budget": asdict(compressing)}
    return changes


def _check_left(page: Mapping[str, Any], records: tuple[Record, ...], budget: Budget | None) -> None:
    """Raise BadValue when a new budget, which is a total, is spent already."""
    searched = sum(record.searched for record in records)
    if budget is None or budget.spent(seconds=float(page["spent_seconds"]), trials=searched) < 1:
        return
    spent = f"{format_seconds(float(page['spent_seconds']))} and {several(searched, 'trial')}"
    raise BadValue(f"a budget of {budget} is spent already, as budgets are totals and {spent} went before; give more")


def work(
    launched: Launched,
    *,
    listen: Callable[[Event], None] = lambda event: None,
    stop: Callable[[], bool] = lambda: False,
    searching: bool = True,
) -> Mirror | None:
    """Work on a study until its budget is used up or `stop` says yes.

    Args:
        launched: the study.
        listen: told of every event; must be quick.
        stop: whether to stop now.
        searching: no goes straight to the compression of what was found.

    Returns:
        The MLflow mirror, which is still writing; None when the study has none.
    """
    from studies.compression.checkpoints import Checkpoints
    from studies.search import Search

    study = store.open_study(launched.home, launched.name)
    page = store.plan_of(study)
    clock = Clock(budget=launched.plan.budget, spent_before=float(page["spent_seconds"]), stop=stop)
    with store.working(launched.home, launched.name):
        mirror = _mirror(launched, page["tracking_uri"])
        checkpoints = Checkpoints.of(launched.home, launched.name)
        if searching:
            Search(study, launched.workload, launched.plan, clock=clock, listen=listen, checkpoints=checkpoints).run()
        if not stop() and (launched.plan.compression == "after" or not searching):
            compress(launched, listen=listen, stop=stop)
    return mirror


def conclude(home: Path, name: str) -> Recommendation:
    """Return a study's recommendation and write it to the journal, where the mirror finds it."""
    recommendation = advice(home, name)
    pages = {"markdown": recommendation.to_markdown(), "json": store.dump(recommendation.to_dict())}
    store.write_plan(store.open_study(home, name), recommendation=pages)
    if recommendation.compressed:
        keep_files(home, name, recommendation)
    return recommendation


def outcome(launched: Launched, recommendation: Recommendation, records: tuple[Record, ...]) -> dict[str, Any]:
    """Return what `search --json` and `compress --json` print."""
    found = {
        "study": launched.name, "trials": count_states(records), "budget": asdict(launched.plan.budget),
        "recommendation": recommendation.to_dict(),
    }  # fmt: skip
    return found | ({"pareto": pareto(recommendation)} if recommendation.compressed else {})


def pick_device(name: str) -> str:
    """Return the device of that name; auto is the first of cuda, mps and cpu that is there.

    Raises:
        BadValue: there is none such here.
    """
    import torch

    there = [("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available()), ("cpu", True)]
    usable = [kind for kind, here in there if here]
    if name not in {"auto", *usable}:
        raise BadValue(f"device '{name}' is not here; allowed: auto, {', '.join(usable)}")
    return usable[0] if name == "auto" else name


def _mirror(launched: Launched, tracking_uri: str | None) -> Mirror | None:
    from studies.mirror import Mirror

    return None if tracking_uri == OFF else Mirror.start(launched.home, launched.name, tracking_uri)


def _free_name(home: Path, dataset: str) -> str:
    taken = store.study_names(home)
    stem = (
        "".join(character if character.isalnum() or character in "._-" else "-" for character in dataset).strip("._-") or "study"
    )
    return next(name for number in range(1, len(taken) + 2) if (name := f"{stem}-{number}") not in taken)


def _page(request: Request, workload: Workload | Function, facts: Facts, plan: Plan) -> dict[str, Any]:
    """Return everything about a study that is not a trial, in plain values."""
    packages = ("optimizer-advisor", "torch", "optuna", "scikit-learn", "numpy")
    compressing = split(request.budget, request.compression)[1]
    asked = {} if compressing is None else {
        "compression_study": {"budget": asdict(compressing), "spent_seconds": 0.0, "students": [], "teacher": ""}
    }  # fmt: skip
    return plan.to_dict() | asked | {
        "id": uuid.uuid4().hex, "workload": workload.spec(), "facts": facts.to_dict(), "goal": request.goal,
        "metric": workload.metric.name, "dataset": workload.name, "model": workload.model.name(),
        "valid_rows": workload.valid_rows, "baseline": workload.baseline(), "notes": list(workload.notes),
        "tracking_uri": request.tracking_uri, "versions": {package: version(package) for package in packages},
        "python": platform.python_version(), "spent_seconds": 0.0, "code": code_of(workload), "rules": list(request.rules),
        "git": commit_of((str(getattr(workload.model, "factory", "")), workload.source)),
    }  # fmt: skip
