"""Training function of the user's own: the facts of one epoch, and a search over what it reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from advisor.evidence import Finding
from advisor.jobs.batch_sizes import batch_sizes
from advisor.jobs.planning import choose_entrants, epochs_of
from advisor.jobs.request import Request, names
from studies import catalogue
from studies.errors import BadValue, BadWorkload, StudyError
from studies.facts import Facts
from studies.measure.threads import threads_of_function
from studies.optimizers import OptimizerChoice
from studies.optimizers.adamw import AdamW
from studies.recipe import COMPRESSION_AXES, NUMBERS, SET_AXES, SINGLE_AXES, Recipe
from studies.schedules import USUAL, ScheduleChoice
from studies.schedules.constant import Constant
from studies.training_function.run import FunctionRun
from studies.training_function.watched import Uses, watched
from studies.user_code import code_line

if TYPE_CHECKING:
    from studies.plans.plan import Plan
    from studies.training_function.function import Function

BATCH_SIZES: Final = "16..128"
"""Searched when the function reads the recipe's batch size and nobody said a range."""
READ_AS: Final = frozenset({"epochs", "model", *COMPRESSION_AXES, *SET_AXES})
"""Axes that a record keeps though the function never read them: how long the run was, and what says nothing
when empty."""
NOT_FOR_FUNCTIONS: Final = ("target", "model", "regularizers", "wrappers")
"""What our own training loop does, and a function does for itself."""
BUILD: Final = "recipe.optimizer.build(model, total_steps)"
SCHEDULE: Final = "recipe.schedule.build(optimizer, total_steps)"


def profile_function(request: Request, function: Function) -> tuple[Facts, Uses]:
    """Run one epoch of a function; return its facts, and what it did with its recipe.

    An epoch more for each optimizer that is asked for and averages its weights: it has to measure those.

    Raises:
        BadWorkload: it fails, or ends without a report.
        BadValue: something is asked for that only our own training loop does.
    """
    _check_options(request)
    named = [_choice(name) for name in names("optimizer", request.optimizers)]
    averaging = [choice for choice in named if choice.family == "schedule-free"]
    facts, uses = _first_epoch(request, function, AdamW)
    for choice in averaging if uses.runs_optimizer else ():
        _first_epoch(request, function, choice)
    _check_loop(request, function, uses)
    return facts, uses


def _first_epoch(
    request: Request, function: Function, optimizer: type[OptimizerChoice]
) -> tuple[Facts, Uses]:
    recipe, read = watched(
        Recipe(
            optimizer=optimizer.from_fields({}),
            model=function.model,
            epochs=request.epochs or 2,
            batch_size=_batch(request)[1],
        )
    )
    run = FunctionRun(function.fit, recipe, seed=function.seed, direction=function.metric.direction)
    read.clear()  # what was read up to here was read by us
    try:
        run.advance(1)
        uses = Uses.of(run, read)
        _check_length(request, function, known="epochs" in read or run.ended)
        facts = _facts(
            run.measure_outcome(whole=False, test=False)["model_bytes"],
            max(run.steps.values(), default=0),
            run.seconds,
        )
    except StudyError:
        raise
    except Exception as error:
        raise BadWorkload(f"{function.source} failed in its first epoch: {code_line(error)}") from error
    finally:
        run.close()
    return facts, uses


def plan(
    request: Request, function: Function, facts: Facts, uses: Uses
) -> tuple[Plan, Facts, tuple[Finding, ...]]:
    """Return the plan of a search over what the function uses, the facts at its length, and who enters why.

    Raises:
        NothingFeasible: no optimizer fits the limits.
    """
    import torch

    from studies.plans.plan import Plan

    read = uses.axes
    epochs = request.epochs or (epochs_of(facts, request.budget) if "epochs" in read else 1)
    facts = replace(facts, steps=facts.steps * epochs)
    offered = _for_any_loop() if uses.runs_optimizer else (AdamW.name(),)
    optimizers, findings = choose_entrants(request, facts, offered=offered)
    if not uses.runs_optimizer:
        findings = (*findings, _not_compared(function, optimizers[0]))
    return (
        Plan(
            candidates=optimizers,
            schedules=(names("schedule", request.schedules) or USUAL)
            if "schedule" in read
            else (Constant.name(),),
            regularizers=(),
            epochs=epochs,
            batch_size=_batch(request) if "batch_size" in read else (_batch(request)[1],) * 3,
            budget=request.budget,
            limits=request.limits,
            seed=request.seed,
            trial_seconds=request.trial_seconds,
            fair=request.fair,
            exhaust=request.exhaust,
            threads=threads_of_function(torch.get_num_threads(), shared=request.workers != 0),
            unread=_unread(uses, optimizers[0]),
            search_model=_own_settings(function, uses),
        ),
        facts,
        findings,
    )


def _unread(uses: Uses, optimizer: str) -> tuple[str, ...]:
    """Return the axes that the function leaves alone; and an optimizer's fields, where that never runs."""
    axes = {axis for axis in (*SINGLE_AXES, *SET_AXES, *NUMBERS) if axis not in READ_AS | uses.axes}
    if uses.runs_optimizer:
        return tuple(sorted(axes))
    fields = _choice(optimizer).from_fields({}).fields()
    unread = (
        [] if "fields" in uses.of_optimizer else [name for name in fields if name not in uses.of_optimizer]
    )
    return tuple(sorted({*axes, "optimizer", *(f"optimizer.{optimizer}.{name}" for name in unread)}))


def _not_compared(function: Function, optimizer: str) -> Finding:
    because = (
        f"{function.source} steps no optimizer that {BUILD} makes, so optimizers are not compared: "
        "only what it reads of the recipe is searched"
    )
    return Finding(
        rule="TrainingFunction", subject=optimizer, verdict="note", strength=0.0, because=because, source=""
    )


def _own_settings(function: Function, uses: Uses) -> bool:
    return bool(function.model.fields()) and bool({"settings", "model"} & uses.axes)


def _choice(name: str) -> type[OptimizerChoice]:
    choice = catalogue.find("optimizer", name)
    assert issubclass(choice, OptimizerChoice)  # noqa: S101 - the optimizers' own folder
    return choice


def _check_length(request: Request, function: Function, *, known: bool) -> None:
    if request.epochs is None and not known:
        raise BadValue(
            f"{function.source} does not read recipe.epochs; say how many epochs it reports: --epochs 10"
        )


def _check_loop(request: Request, function: Function, uses: Uses) -> None:
    """Raise BadValue for what is asked for and the function's loop cannot do."""
    optimizers, schedules = (
        names("optimizer", request.optimizers),
        names("schedule", request.schedules),
    )
    if not uses.runs_optimizer:
        _check_without_optimizer(function, uses, optimizers)
    for name in optimizers:
        if reason := _beyond_any_loop(_choice(name), uses):
            raise BadValue(f"{name} {reason}; leave it out of --optimizers")
    if schedules and "schedule" not in uses.axes:
        raise BadValue(
            f"{function.source} never reads recipe.schedule, so --schedules {','.join(schedules)} would do "
            f"nothing; build it with: {SCHEDULE}"
        )
    for name in schedules:
        schedule = catalogue.find("schedule", name)
        if issubclass(schedule, ScheduleChoice) and schedule.reacts() and "build" not in uses.of_schedule:
            raise BadValue(
                f"{name} reacts to validation, of which it hears only through {SCHEDULE}, which "
                f"{function.source} never calls; call it, or leave {name} out of --schedules"
            )


def _check_without_optimizer(function: Function, uses: Uses, optimizers: tuple[str, ...]) -> None:
    """Raise BadValue when optimizers are to be compared, or nothing else varies."""
    if len(optimizers) > 1:
        raise BadValue(
            f"{function.source} steps no optimizer that {BUILD} makes, so {' and '.join(optimizers)} cannot "
            "be compared; step that one, or name a single one in --optimizers"
        )
    fields = {"fields", *AdamW.from_fields({}).fields()} & uses.of_optimizer
    if not fields and not {"batch_size", "schedule"} & uses.axes and not _own_settings(function, uses):
        raise BadValue(
            f"{function.source} never reads recipe.optimizer, so there is nothing to compare; "
            f"build it with: {BUILD}"
        )


def _beyond_any_loop(choice: type[OptimizerChoice], uses: Uses) -> str:
    """Return why an optimizer cannot do its work in a loop of the user's own; empty when it can."""
    if choice.attach is not OptimizerChoice.attach:
        return "hooks into every step of our own training loop, which a training function does not have"
    if choice.full_batch and "batch_size" in uses.axes:
        return "needs all rows in every step, and the function makes batches of recipe.batch_size"
    return ""


def _check_options(request: Request) -> None:
    for option in NOT_FOR_FUNCTIONS:
        if value := getattr(request, option):
            shown = f" {','.join(value)}" if isinstance(value, tuple) else ""
            flag = f"--{option.replace('_', '-')}{shown}"
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
