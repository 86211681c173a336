"""Memory of a model and an example batch, by optimizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from advisor.jobs.option_values import words_of
from advisor.report.memory_by_optimizer import MemoryByOptimizer
from studies import catalogue
from studies.callers_globals import set_aside
from studies.errors import BadWorkload
from studies.limits import Limits
from studies.optimizers import OptimizerChoice

if TYPE_CHECKING:
    from torch import nn


@set_aside()
def memory_by_optimizer(
    model: nn.Module,
    batch: Any,
    *,
    loss: Callable[[Any, Any], Any] | None,
    optimizers: str | Sequence[str | OptimizerChoice | type[OptimizerChoice]],
    limits: Limits,
) -> MemoryByOptimizer:
    """Return what a step of the model on the batch takes with each optimizer.

    Raises:
        BadWorkload: no module, or one that does not take the batch.
        UnknownChoice: an optimizer that is not there.
    """
    from torch import nn

    from studies.profiling.example_batch import ExampleBatch, forecast_facts

    if not isinstance(model, nn.Module):
        raise BadWorkload(f"memory is of a torch module, not of {type(model).__name__}; hand over the model")
    if isinstance(optimizers, str):
        optimizers = words_of(optimizers)
    wanted = optimizers or tuple(catalogue.choices("optimizer"))
    facts = forecast_facts(ExampleBatch(model, batch, loss), [_choice(each) for each in wanted])
    return MemoryByOptimizer(facts=facts, limit_bytes=limits.train_bytes)


def _choice(optimizer: str | OptimizerChoice | type[OptimizerChoice]) -> OptimizerChoice:
    if isinstance(optimizer, OptimizerChoice):
        return optimizer
    kind = catalogue.find("optimizer", optimizer) if isinstance(optimizer, str) else optimizer
    choice = kind.from_fields({})
    assert isinstance(choice, OptimizerChoice)  # noqa: S101 - the optimizers' own folder
    return choice
