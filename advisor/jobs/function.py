"""Training function of the user's own: the facts of one epoch, and a search over what it reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from advisor.jobs.planning import SCHEDULES, batch_sizes, choose_entrants, epochs_of
from advisor.jobs.request import Request, names
from studies import catalogue
from studies.errors import BadValue, BadWorkload, StudyError, named_line
from studies.facts import Facts
from studies.optimizers import OptimizerChoice
from studies.recipe import COMPRESSION_AXES, NUMBERS, SET_AXES, SINGLE_AXES, Recipe
from studies.schedules.constant import Constant
from studies.training_function.function import watched
from studies.training_function.run import FunctionRun

if TYPE_CHECKING:
    from advisor.evidence import Finding
    from studies.search.plan import Plan
    from studies.training_function.function import Function

BATCH_SIZES: Final = "16..128"
"""Searched when the function reads the recipe's batch size and nobody said a range."""
READ_AS: Final = frozenset({"epochs", "model", *COMPRESSION_AXES, *SET_AXES})
"""Axes that a record keeps though the function never read them: how long the run was, and what says nothing
when empty."""
NOT_FOR_FUNCTIONS: Final = ("target", "model", "regularizers", "wrappers")
"""What our own training loop does, and a function does for itself."""


def profile_function(request: Request, function: Function) -> tuple[Facts, frozenset[str]]:
    """Run one epoch of a function; return its facts, and which axes of the recipe it read.

    Raises:
        BadWorkload: it fails, or ends without a report.
        BadValue: something is asked for that only our own training loop does.
    """
    _check_options(request)
    recipe, read = watched(
        Recipe(model=function.model, epochs=request.epochs or 2, batch_size=_batch(request)[1])
    )
    run = FunctionRun(function.fit, recipe, seed=function.seed, direction=function.metric.direction)
    read.clear()  # what was read up to here was read by us
    try:
        run.advance(1)
        _check(request, function, read, known="epochs" in read or run.ended)
        facts = _facts(
            run.measure_outcome(whole=False, test=False)["model_bytes"],
            max(run.steps.values(), default=0),
            run.seconds,
        )
    except StudyError:
        raise
    except Exception as error:
        raise BadWorkload(f"{function.source} failed in its first epoch: {named_line(error)}") from error
    finally:
        run.close()
    return facts, frozenset(read)


def plan(
    request: Request, function: Function, facts: Facts, read: frozenset[str]
) -> tuple[Plan, Facts, tuple[Finding, ...]]:
    """Return the plan of a search over what the function reads, the facts at its length, and who enters why.

    Raises:
        NothingFeasible: no optimizer fits the limits.
    """
    import torch

    from studies.search.plan import Plan

    epochs = request.epochs or (epochs_of(facts, request.budget) if "epochs" in read else 1)
    facts = replace(facts, steps=facts.steps * epochs)
    optimizers, findings = choose_entrants(request, facts, offered=_for_any_loop())
    return (
        Plan(
            candidates=optimizers,
            schedules=(names("schedule", request.schedules) or SCHEDULES)
            if "schedule" in read
            else (Constant.name(),),
            regularizers=(),
            epochs=epochs,
            batch_size=_batch(request) if "batch_size" in read else (_batch(request)[1],) * 3,
            budget=request.budget,
            limits=request.limits,
            seed=request.seed,
            threads=torch.get_num_threads(),
            unread=tuple(
                sorted(axis for axis in (*SINGLE_AXES, *SET_AXES, *NUMBERS) if axis not in READ_AS | read)
            ),
            search_model=bool(function.model.fields()) and bool({"settings", "model"} & read),
        ),
        facts,
        findings,
    )


def _check(request: Request, function: Function, read: set[str], *, known: bool) -> None:
    if "optimizer" not in read:
        raise BadValue(
            f"{function.source} never reads recipe.optimizer, so there is nothing to compare; "
            "build it with: recipe.optimizer.build(model, total_steps)"
        )
    if request.epochs is None and not known:
        raise BadValue(
            f"{function.source} does not read recipe.epochs; say how many epochs it reports: --epochs 10"
        )


def _check_options(request: Request) -> None:
    for option in NOT_FOR_FUNCTIONS:
        if getattr(request, option):
            flag = f"--{option.replace('_', '-')}"
            raise BadValue(
                f"{flag} is for our own training loop; a training function does that itself, so leave it out"
            )
    if request.limits.train_bytes is not None or request.limits.latency_seconds is not None:
        raise BadValue(
            "memory and latency of a training function are not measured; leave --memory and --latency out"
        )


def _batch(request: Request) -> tuple[int, int, int]:
    if request.batch_size and "full" in request.batch_size:
        raise BadValue(
            "how many rows a full batch has is the training function's business; "
            "write --batch-size 64 or 16..256"
        )
    return batch_sizes(request.batch_size or BATCH_SIZES, rows=2**31)


def _facts(weight_bytes: int | None, steps: int, seconds: float) -> Facts:
    parameters = (weight_bytes or 0) // 4
    known = {"parameters": parameters} if parameters else {}
    step_seconds = seconds / max(1, steps)
    return Facts(kind="function", steps=max(1, steps), step_seconds=step_seconds, **known)  # type: ignore[arg-type]


def _for_any_loop() -> tuple[str, ...]:
    """Return the optimizers that work in any loop of zero_grad, backward and step.

    They need no closure, no modes and no hooks of ours.
    """
    plain = []
    for name, choice in catalogue.choices("optimizer").items():
        if not (issubclass(choice, OptimizerChoice) and choice.offered):
            continue
        hooked = choice.attach is not OptimizerChoice.attach
        if not (choice.needs_closure or choice.full_batch or choice.own_schedule or hooked):
            plain.append(name)
    return tuple(plain)
