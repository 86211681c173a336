"""Memory forecasts of all optimizers: each one's first steps followed, on one gradient of the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from studies import catalogue
from studies.errors import named_line
from studies.facts import Facts
from studies.memory_forecast import Forecast, Moment
from studies.optimizers import OptimizerChoice
from studies.profiling.followed_step import NotFollowed, StepBench
from studies.profiling.forecast import (
    Rehearsal,
    activation_bytes,
    declared_bytes,
    rehearse,
    with_state,
)
from studies.profiling.probes.bench import Bench, few_rows
from studies.recipe import Recipe

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload


def forecasts(workload: LoadedWorkload, facts: Facts) -> tuple[Forecast, ...]:
    """Return the memory forecast of every optimizer in the catalogue, at the facts' batch size.

    Args:
        workload: what would be trained on.
        facts: with the batch size and the device.
    """
    forecaster = Forecaster.of(workload, facts)
    return tuple(
        forecaster.forecast(choice.from_fields({}))
        for choice in catalogue.choices("optimizer").values()
        if issubclass(choice, OptimizerChoice)
    )


@dataclass(frozen=True, kw_only=True)
class Forecaster:
    """What is the same for every optimizer: the passes, and a gradient to step on."""

    facts: Facts
    bench: StepBench
    plain: Rehearsal
    """Of SGD, which keeps no state."""
    activation_bytes: int
    passes: Callable[[OptimizerChoice, Rehearsal], Rehearsal]
    """Rehearses an optimizer that does more than step on a gradient, beside the rehearsal of SGD.

    Raises:
        NotFollowed: it cannot be.
    """

    @classmethod
    def of(cls, workload: LoadedWorkload, facts: Facts) -> Forecaster:
        """Rehearse the passes of a workload, and compute one gradient."""
        bench = Bench(workload, facts)
        rows = few_rows(facts)
        inputs, targets = bench.batch(rows)
        saved = activation_bytes(bench.model(), inputs, lambda outputs: bench.criterion(outputs, targets))
        sgd = catalogue.find("optimizer", "SGD").from_fields({})
        recipe = _recipe(sgd, workload, facts)  # type: ignore[arg-type]
        plain = rehearse(recipe, workload, device=facts.device, rows=rows)
        return cls(
            facts=facts,
            bench=StepBench(bench),
            plain=plain,
            activation_bytes=round(saved * facts.batch_size / len(targets)),
            passes=partial(_passes, workload, facts),
        )

    def forecast(self, optimizer: OptimizerChoice) -> Forecast:
        """Return the bytes that training with an optimizer takes."""
        batch = self.facts.batch_size
        state, skipped = declared_bytes(optimizer, self.bench.shapes), ""
        try:
            state, moments = self._followed(optimizer, state)
        except NotFollowed as reason:
            moments = with_state(self.plain, state, self.bench.largest_bytes)
            skipped = str(reason)
        rows = self.facts.rows if optimizer.full_batch else batch
        return Forecast(
            optimizer=optimizer.name(),
            weight_bytes=self.bench.weight_bytes,
            gradient_bytes=self.bench.gradient_bytes,
            state_bytes=state,
            activation_bytes=round(self.activation_bytes * rows / batch),
            batch_size=rows,
            moments=moments,
            full_batch=optimizer.full_batch,
            followed=not skipped,
            skipped=skipped,
        )

    def _followed(self, optimizer: OptimizerChoice, declared: int) -> tuple[int, tuple[Moment, ...]]:
        """Return an optimizer's state and fullest moments.

        State that grows (a history) counts as it will be once all of it is there.
        """
        step = self.bench.follow(optimizer)
        state = max(step.state_bytes, declared)
        if not _has_passes(optimizer):
            return state, with_state(self.plain, state, step.borrowed_bytes)
        return state, self.passes(optimizer, self.plain).moments


def _passes(
    workload: LoadedWorkload, facts: Facts, optimizer: OptimizerChoice, plain: Rehearsal
) -> Rehearsal:
    if few_rows(facts) < facts.batch_size:
        raise NotFollowed(f"a batch takes {facts.macs * facts.batch_size:.0e} multiplications")
    try:
        recipe = _recipe(optimizer, workload, facts)
        return rehearse(recipe, workload, device=facts.device, plain=plain)
    except Exception as error:  # a stranger's model; the forecast does without
        raise NotFollowed(named_line(error, longest=100)) from error


def _has_passes(optimizer: OptimizerChoice) -> bool:
    """Tell whether it does more than step on a gradient: evaluates the loss again, or hooks into the run."""
    return optimizer.needs_closure or type(optimizer).attach is not OptimizerChoice.attach


def _recipe(optimizer: OptimizerChoice, workload: LoadedWorkload, facts: Facts) -> Recipe:
    return Recipe(model=workload.model, optimizer=optimizer, batch_size=facts.batch_size, epochs=1)
