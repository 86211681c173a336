"""Planning of a search: which optimizers enter, the length of a whole run, the batch sizes and the axes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from advisor.decide.rulebook import optimizers_added_by_rules
from advisor.evidence import Evidence, Finding
from advisor.jobs.batch_sizes import at_batch, batch_sizes, quick_batch_sizes, steps_needed
from advisor.jobs.engines import parse_workers
from advisor.jobs.entrants import candidates
from advisor.jobs.request import Request, named_passes, names
from advisor.jobs.room import Room, bytes_of_rows, threads_of
from advisor.jobs.sample_size import rows_to_search_on
from advisor.jobs.workers import worker_count
from studies import catalogue
from studies.errors import BadValue
from studies.measure.threads import threads
from studies.optimizers import OptimizerChoice
from studies.plans.lockstep import SLOWEST_SECONDS, USUAL_SIZE
from studies.plans.measurements import measurements
from studies.plans.switch import AUTO, ON
from studies.precisions import BF16, FLOAT32
from studies.recipe import Recipe
from studies.schedules import USUAL
from studies.step_price import StepPrice

if TYPE_CHECKING:
    from torch import nn

    from studies.choice import Choice
    from studies.facts import Facts
    from studies.limits import Budget, Limits
    from studies.loaded_workload import LoadedWorkload
    from studies.plans.plan import Plan

LENGTHS: Final = (9, 18, 27, 36, 54, 81)
"""Epochs of a whole run; multiples of nine, so that the rungs are whole epochs."""
STEPS: Final = 2000
"""Optimizer steps that a whole run of a small net needs to settle, at the usual batch size."""
WHOLE_RUNS: Final = 30
"""Whole runs' worth of training that a budget in seconds should hold, at the price of shorter runs."""
PAYS: Final = 0.85
"""Seconds of a step as a share of those of a plain one, below which another way to compute it is taken: the
gain outweighs what compiling takes and what less precision may cost (judged)."""
TRAINING_SHARE: Final = 0.6
"""Share of a budget in seconds that is training in the race; the rest is evaluation, proposals and
confirmation."""
TRIAL_SHARE: Final = 0.45
"""What the usual trial costs of a whole run, since most are stopped early."""


def plan_for(
    request: Request, workload: LoadedWorkload, facts: Facts
) -> tuple[Plan, Facts, tuple[Finding, ...]]:
    """Return the plan of a search, the facts at its length of run, and why which optimizers enter.

    Args:
        request: what was asked for.
        workload: what is trained on.
        facts: its profile, with `steps` for a single epoch.

    Raises:
        NothingFeasible: no optimizer fits the limits.
    """
    from studies.plans.plan import Plan

    if request.batch_size is None:
        sizes = quick_batch_sizes(facts, request.searching)
        facts = at_batch(facts, sizes[1], steps=workload.steps_per_epoch(sizes[1]))
    else:
        sizes = batch_sizes(request.batch_size, workload.rows)
    if request.lockstep == ON:
        sizes = (sizes[1],) * 3
    epochs = request.epochs or epochs_of(facts, request.searching)
    sample_rows = rows_to_search_on(request, facts, epochs)
    search_model = type(workload.model).searched if request.tune_model is None else request.tune_model
    latency = None if search_model else facts.latency_seconds  # another width, another latency
    smallest = min(sizes[0], facts.batch_size)
    facts = replace(facts, steps=facts.steps * epochs, latency_seconds=latency, smallest_batch=smallest)
    optimizers, findings = choose_entrants(request, facts, sample_rows=sample_rows)
    plan = Plan(
        candidates=optimizers,
        schedules=names("schedule", request.schedules) or USUAL,
        regularizers=_attachments(request.regularizers, "regularizers", workload),
        wrappers=_attachments(request.wrappers, "wrappers", workload),
        epochs=epochs,
        batch_size=sizes,
        largest_batches=largest_batches(facts, optimizers, request.limits, sizes),
        budget=request.searching,
        limits=request.limits,
        compression=request.compression,
        passes=named_passes(request.passes),
        seed=request.seed,
        trial_seconds=request.trial_seconds,
        fair=request.fair,
        precision=precision_of(request, facts),
        compiled=compiles(request, facts),
        measurements=measurements(workload, facts, epochs=epochs, sample_rows=sample_rows),
        lockstep=USUAL_SIZE if request.lockstep == ON else 0,
        exhaust=request.exhaust,
        device=facts.device,
        search_model=search_model,
        sample_rows=sample_rows,
        lr_scaling=True,
        step_price=StepPrice.of(facts, request.searching),
    )
    room = Room.of(plan, facts, data_bytes=bytes_of_rows(workload))
    workers = parse_workers(request.workers)
    plan = replace(plan, threads=threads_of(room, facts, request.searching, workers))
    count = worker_count(workers, replace(room, threads=plan.threads))
    if request.lockstep == AUTO and _may_stack(plan, facts, workers=count):
        plan = replace(plan, lockstep=_stack_size(workload, plan))
    return plan, facts, findings


def _may_stack(plan: Plan, facts: Facts, *, workers: int) -> bool:
    """Tell whether it is worth measuring that trials train in stacks.

    All must have one batch size and plain passes, and the budget go by the clock: one in trials gives the
    same search on any machine. On a CPU a round fills one stack, for which other workers would wait.
    """
    alike = plan.batch_size[0] == plan.batch_size[2] and plan.compression != "joint"
    plain = plan.precision == FLOAT32 and not plan.compiled
    quick = facts.device != "cpu" or (facts.step_seconds <= SLOWEST_SECONDS and workers <= 1)
    return alike and plain and quick and plan.budget.seconds is not None


def _stack_size(workload: LoadedWorkload, plan: Plan) -> int:
    """Return how many trials train as one stack by measurement, 0 for each by itself."""
    from studies.lockstep.measure import stack_size

    recipe = Recipe(model=workload.model, batch_size=plan.batch_size[1])
    with threads(1):
        return stack_size(workload, recipe, device=plan.device)


def precision_of(request: Request, facts: Facts) -> str:
    """Return the precision of training passes: as asked, else the one that is measured to pay."""
    if request.precision != AUTO:
        return request.precision
    return BF16 if _pays(facts.bf16_share) and request.lockstep != ON else FLOAT32


def compiles(request: Request, facts: Facts) -> bool:
    """Tell whether training passes are compiled: as asked, else where that is measured to pay."""
    if request.compile != AUTO:
        return request.compile == ON
    return _pays(facts.compiled_share) and request.lockstep != ON


def _pays(share: float | None) -> bool:
    return share is not None and share < PAYS


def largest_batches(
    facts: Facts, optimizers: Iterable[str], limits: Limits, sizes: tuple[int, int, int]
) -> dict[str, int]:
    """Return the most rows a step that fit in memory, by optimizer, where that is below the largest asked.

    Args:
        facts: with the forecasts.
        optimizers: that enter.
        limits: of the search.
        sizes: smallest, reference, largest rows a step.
    """
    smallest, _, largest = sizes
    if limits.train_bytes is None:
        return {}
    forecasts = [forecast for name in optimizers if (forecast := facts.forecast(name))]
    rows = {
        forecast.optimizer: forecast.rows_within(limits.train_bytes, smallest=smallest, largest=largest)
        for forecast in forecasts
        if not forecast.full_batch
    }
    return {name: most for name, most in rows.items() if most < largest}


def _offered(axis: str) -> list[type[Choice]]:
    return [choice for choice in catalogue.choices(axis).values() if choice.offered]


def choose_entrants(
    request: Request,
    facts: Facts,
    *,
    offered: tuple[str, ...] | None = None,
    sample_rows: int | None = None,
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Return the optimizers that enter, and why the others do not.

    Args:
        request: those it names enter, all of them.
        facts: of the workload.
        offered: to choose from when none is named; None for all that a search tries unasked.
        sample_rows: training rows that the search trains on; None for all.

    Raises:
        NothingFeasible: none fits the limits.
        BadValue: one that is named cannot train this.
    """
    named = names("optimizer", request.optimizers)
    if offered is None:
        offered = tuple(offered_optimizers(request, facts))
    for name in named:
        if reason := _misfit(name, facts):
            raise BadValue(f"{name} cannot train this: {reason}; leave it out of --optimizers")
    plenty = 1000  # whoever names the optimizers gets them all, however small the budget
    return candidates(
        facts,
        request.enforced,
        planned_trials=plenty if named else planned_trials(facts, request.searching, sample_rows),
        offered=named or tuple(name for name in offered if not _misfit(name, facts)),
        rules=request.rules,
    )


def offered_optimizers(request: Request, facts: Facts) -> list[str]:
    """Return the optimizers that are offered by default, and those that a rule adds on such a problem."""
    choices = catalogue.choices("optimizer").values()
    others = tuple(choice.name() for choice in choices if not choice.offered and _installed(choice))
    added = optimizers_added_by_rules(
        Evidence(facts=facts, limits=request.enforced, candidates=others, rules=request.rules)
    )
    return [*(choice.name() for choice in _offered("optimizer")), *added]


def _installed(choice: type[Choice]) -> bool:
    package = str(getattr(choice, "extra", "")).partition(":")[0]
    return not package or find_spec(package) is not None


def _misfit(name: str, facts: Facts) -> str | None:
    choice = catalogue.find("optimizer", name)
    return choice.misfit(facts) if issubclass(choice, OptimizerChoice) else None


def planned_trials(facts: Facts, budget: Budget, sample_rows: int | None = None) -> int:
    """Return about how many recipes a budget can ask for, each trained on so many rows; None for all."""
    if budget.trials is not None:
        return budget.trials
    run_seconds = facts.run_seconds * (1.0 if sample_rows is None else sample_rows / facts.rows)
    return int((budget.seconds or 0.0) * TRAINING_SHARE / max(TRIAL_SHARE * run_seconds, 1e-9))


def epochs_of(facts: Facts, budget: Budget) -> int:
    """Return the epochs of a run: as many as a small net needs, fewer if the seconds hold too few runs."""
    longest = steps_needed(facts, usual=STEPS) / facts.steps
    if budget.seconds is not None:
        longest = min(longest, budget.seconds * TRAINING_SHARE / WHOLE_RUNS / facts.run_seconds)
    return max((length for length in LENGTHS if length <= longest), default=LENGTHS[0])


def _attachments(named: tuple[str, ...] | None, axis: str, workload: LoadedWorkload) -> tuple[str, ...]:
    from studies.attachment import Attachment

    model, inputs = workload.specimen(workload.model), workload.dataset.inputs
    if named is not None:
        chosen = names(axis, named)
        unfit = [name for name in chosen if not workload.usual and not _suits(axis, name, model, workload)]
        if unfit:
            raise BadValue(
                f"{unfit[0]} changes inputs or targets in a way that your own loss, or several inputs a row, "
                f"does not allow; leave it out of --{axis}"
            )
        return chosen
    fitting = [choice for choice in _offered(axis) if issubclass(choice, Attachment)]
    return tuple(choice.name() for choice in fitting if choice.suits(model, workload.loss_task, inputs))


def _suits(axis: str, name: str, model: nn.Module, workload: LoadedWorkload) -> bool:
    from studies.attachment import Attachment

    choice = catalogue.find(axis, name)
    return not issubclass(choice, Attachment) or choice.suits(
        model, workload.loss_task, workload.dataset.inputs
    )
