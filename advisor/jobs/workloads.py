"""Workload of a request: open what it names or holds, and profile it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from advisor.jobs.batch_sizes import batch_sizes
from advisor.jobs.engines import parse_workers
from advisor.jobs.first_measurement import measured_first
from advisor.jobs.request import Request
from studies.errors import BadValue, BadWorkload, one_line, shown
from studies.imports import uncollected
from studies.limits import Budget, Limits
from studies.plans.switch import AUTO, ON
from studies.precisions import FLOAT32

if TYPE_CHECKING:
    from studies.facts import Facts
    from studies.loaded_workload import LoadedWorkload
    from studies.storage.workload_spec import WorkloadSpec
    from studies.training_function.function import Function

NO_MODEL: Final = "which holds its model to itself; compression needs an advisor.Workload"
"""Why a training function cannot be compressed, as the end of a sentence."""


def check_compressible(spec: WorkloadSpec) -> None:
    """Raise BadWorkload for a workload whose deployed file could not be measured."""
    if not spec.plain:
        raise BadWorkload(
            "compression needs one input a row, a model that returns one tensor, and the usual loss; "
            "leave compression out"
        )


def open_and_profile(
    request: Request, workload: LoadedWorkload | Function | None = None, *, budget: Budget | None = None
) -> tuple[LoadedWorkload, Facts]:
    """Open a workload, unless it is open, and profile one epoch of it at its reference batch size.

    Args:
        request: what was asked for.
        workload: what it names, if that is open already.
        budget: of the search that follows, which limits the probes; None when there is none.

    Raises:
        StudyError: anything wrong with the request.
    """
    from studies.profiling.profile import PROBING_SECONDS, profile
    from studies.training_function.function import Function

    workload = workload or open_workload(request)
    if isinstance(workload, Function):
        raise BadWorkload(
            "a training function holds its data and model to itself, so there is nothing to profile; "
            "search it"
        )
    reference = batch_sizes(request.batch_size, workload.rows)[1]
    device = pick_device(request.device)
    measure = partial(
        profile,
        workload,
        batch_size=reference,
        epochs=1,
        device=device,
        probing=budget or PROBING_SECONDS,
        forecasting=budget is None or needs_forecasts(request),
    )
    facts = measured_first(
        measure,
        f"the model {workload.model.name()}",
        workers=0 if budget is None else parse_workers(request.workers),
        budget=budget,
    )
    return workload, replace(facts, pretrained=request.pretrained, horizon_known=not request.open_ended)


def needs_forecasts(request: Request) -> bool:
    """Tell whether memory decides who enters a search: under a limit, or perhaps a rule of the user's own.

    Else its forecast can wait until the first trial is trained.
    """
    return request.limits != Limits() or any(":" in rule for rule in request.rules)


def reading(source: Any) -> str:
    """Return the line that says what is being read."""
    return f"reading {one_line(source, longest=200) if isinstance(source, str) else 'the workload'} ..."


def open_workload(request: Request) -> LoadedWorkload | Function:
    """Open what a request names, or holds: data, a workload from code, or a training function.

    Raises:
        StudyError: it cannot be trained on.
    """
    with uncollected():
        from studies.training_function.function import Function
        from studies.workload import Workload
        from studies.workload_opening import open_source, workload_from_code

    named, source = _resolve(request.source)
    if isinstance(named, str):
        return open_source(
            named,
            target=request.target,
            model=request.model,
            metric_name=request.metric,
            task=request.task,
            seed=request.seed,
            class_weights=request.class_weights,
            direction=request.direction,
            split_by=request.split_by,
            missing=request.missing,
            kind=request.kind,
        )
    if isinstance(named, Workload):
        return workload_from_code(
            named,
            source=source,
            model=request.model,
            metric_name=request.metric,
            direction=request.direction,
            seed=request.seed,
            split_by=request.split_by,
            kind=request.kind,
        )
    if request.kind is not None:
        raise BadWorkload("a training function holds its data to itself; leave --kind out")
    if request.split_by.way:
        raise BadWorkload(
            f"a training function holds its data to itself; leave {request.split_by.flag} out, "
            "and split inside the function"
        )
    if request.sample_rows not in {None, "none"}:
        raise BadWorkload(
            "a training function holds its data to itself; leave --sample-rows out, "
            "and take a sample inside the function"
        )
    if request.precision not in {AUTO, FLOAT32} or request.compile == ON:
        raise BadWorkload(
            "a training function takes its own passes; leave --precision and --compile out, "
            "and use autocast or torch.compile inside the function"
        )
    if request.lockstep == ON:
        raise BadWorkload("a training function takes its own steps; leave --lockstep out")
    return Function.open(
        named,
        source=source,
        metric=request.metric,
        direction=request.direction,
        space=request.space,
        seed=request.seed,
    )


def _resolve(source: Any) -> tuple[Any, str]:
    """Return the data, workload or function that a source stands for, and the name to open it by again."""
    from studies.datasets.files import names_code
    from studies.imports import load, refer
    from studies.workload import Workload

    named = load(source) if isinstance(source, str) and names_code(source) else source
    if not (isinstance(named, str | Workload) or callable(named)):
        raise BadWorkload(
            f"{source if isinstance(source, str) else 'source'} is {type(named).__name__}; "
            "give a dataset's name or path, an advisor.Workload, or a training function(recipe, report, seed)"
        )
    return named, source if isinstance(source, str) else refer(named)


def pick_device(name: str) -> str:
    """Return the device of that name; auto is the first of cuda, mps and cpu that is there.

    Raises:
        BadValue: there is none such here.
    """
    import torch

    known = [("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available()), ("cpu", True)]
    usable = [kind for kind, available in known if available]
    if name not in {"auto", *usable}:
        raise BadValue(f"device {shown(name)} is not here; allowed: auto, {', '.join(usable)}")
    return usable[0] if name == "auto" else name
