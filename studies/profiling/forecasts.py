"""Memory forecasts of all optimizers: each one's first steps followed, on one gradient of the model."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies import catalogue
from studies.errors import named_line
from studies.facts import Facts, Forecast, Moment
from studies.measure.model import model_bytes, tensor_bytes
from studies.optimizers import OptimizerChoice
from studies.profiling.followed_step import NotFollowed, StepBench
from studies.profiling.forecast import Rehearsal, activation_bytes, declared_state, rehearse, with_state
from studies.profiling.probes.bench import Bench
from studies.recipe import Recipe

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload


def forecasts(workload: LoadedWorkload, facts: Facts, *, named: Container[str] = ()) -> tuple[Forecast, ...]:
    """Return the memory forecast of every optimizer in the catalogue, at the facts' batch size.

    Args:
        workload: what would be trained on.
        facts: with the batch size and the device.
        named: optimizers that were asked for.
    """
    forecaster = Forecaster.of(workload, facts)
    return tuple(
        forecaster.forecast(choice.from_fields({}), wanted=choice.offered or name in named)
        for name, choice in catalogue.choices("optimizer").items()
        if issubclass(choice, OptimizerChoice)
    )


@dataclass(frozen=True, kw_only=True)
class Forecaster:
    """What is the same for every optimizer: the passes, and a gradient to step on."""

    workload: LoadedWorkload
    facts: Facts
    bench: StepBench
    plain: Rehearsal
    """Of SGD, which keeps no state."""
    activation_bytes: int

    @classmethod
    def of(cls, workload: LoadedWorkload, facts: Facts) -> Forecaster:
        """Rehearse the passes of a workload, and compute one gradient."""
        bench = Bench(workload, facts)
        rows, targets = bench.batch(facts.batch_size)
        saved = activation_bytes(bench.model(), rows, lambda outputs: bench.criterion(outputs, targets))
        sgd = catalogue.find("optimizer", "SGD").from_fields({})
        recipe = _recipe(sgd, workload, facts)  # type: ignore[arg-type]
        plain = rehearse(recipe, workload, device=facts.device, rows=facts.batch_size)
        return cls(
            workload=workload, facts=facts, bench=StepBench(bench), plain=plain, activation_bytes=saved
        )

    def forecast(self, optimizer: OptimizerChoice, *, wanted: bool) -> Forecast:
        """Return the bytes that training with an optimizer takes.

        Args:
            optimizer: which one.
            wanted: see `StepBench.follow`.
        """
        model, batch = self.bench.model, self.facts.batch_size
        state, skipped = declared_state(optimizer, model), ""
        try:
            state, moments = self._followed(optimizer, state, wanted=wanted)
        except NotFollowed as reason:
            weights = [parameter.nbytes for parameter in model.parameters()]
            moments, skipped = with_state(self.plain, state, max(weights, default=0)), str(reason)
        rows = self.facts.rows if optimizer.full_batch else batch
        return Forecast(
            optimizer=optimizer.name(),
            weight_bytes=model_bytes(model),
            gradient_bytes=tensor_bytes(self.bench.gradients),
            state_bytes=state,
            activation_bytes=round(self.activation_bytes * rows / batch),
            batch_size=rows,
            moments=moments,
            full_batch=optimizer.full_batch,
            followed=not skipped,
            skipped=skipped,
        )

    def _followed(
        self, optimizer: OptimizerChoice, declared: int, *, wanted: bool
    ) -> tuple[int, tuple[Moment, ...]]:
        """Return an optimizer's state and fullest moments.

        State that grows (a history) counts as it will be once all of it is there.
        """
        step = self.bench.follow(optimizer, wanted=wanted)
        state = max(step.state_bytes, declared)
        if not _has_passes(optimizer):
            return state, with_state(self.plain, state, step.borrowed_bytes)
        try:
            rehearsal = rehearse(
                _recipe(optimizer, self.workload, self.facts),
                self.workload,
                device=self.facts.device,
                plain=self.plain,
            )
        except Exception as error:  # a stranger's model; the forecast does without
            raise NotFollowed(named_line(error, longest=100)) from error
        return state, rehearsal.moments


def _has_passes(optimizer: OptimizerChoice) -> bool:
    """Tell whether it does more than step on a gradient: evaluates the loss again, or hooks into the run."""
    return optimizer.needs_closure or type(optimizer).attach is not OptimizerChoice.attach


def _recipe(optimizer: OptimizerChoice, workload: LoadedWorkload, facts: Facts) -> Recipe:
    return Recipe(model=workload.model, optimizer=optimizer, batch_size=facts.batch_size, epochs=1)
