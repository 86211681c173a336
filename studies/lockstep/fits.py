"""Which runs fit one stack: the same shape of model and batch, the same rows, one gradient a step."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Final

from torch import nn

from studies.lockstep.losses import function_of
from studies.train import Training

PLAIN: Final = (bool, int, float, str, type(None))


def stacks(runs: Sequence[object]) -> list[list[Training]]:
    """Return the runs that fit one stack each, in the order of their first; those that fit none are left out.

    Whether a stack gives their numbers too is checked when it trains, see `StackedStep.check`.
    """
    by_shape: dict[Hashable, list[Training]] = {}
    for run in runs:
        if isinstance(run, Training) and can_share(run):
            by_shape.setdefault(_shape(run), []).append(run)
    return [group for group in by_shape.values() if len(group) > 1]


def can_share(run: Training) -> bool:
    """Tell whether a run's passes can be shared: rows in memory, tensors in and out, one gradient a step."""
    parts = run.workload.dataset.train
    in_memory = run.workload.dataset.fresh is None and not run.needs_closure
    return in_memory and _is_array(parts.inputs) and _is_array(parts.targets)


def _shape(run: Training) -> Hashable:
    """Return what runs of one stack have in common."""
    model = run.model
    tensors = (*model.named_parameters(), *model.named_buffers())
    changes_batches = (run.recipe.optimizer, *run.recipe.regularizers, *run.recipe.wrappers)
    return (
        id(run.workload.dataset),
        run.device,
        (run.batch_size, run.recipe.epochs, run.epoch, run.ended, run.followed),
        tuple((name, tensor.shape, tensor.dtype, tensor.requires_grad) for name, tensor in tensors),
        tuple(_plain(name, module) for name, module in model.named_modules()),
        function_of(run.loss),
        # batches that hold other kinds of targets cannot be stacked
        tuple(choice.name() for choice in changes_batches) if run.on_batch else (),
    )


def _plain(name: str, module: nn.Module) -> Hashable:
    """Return the type of a module and its plain attributes."""
    drops = isinstance(module, nn.Dropout)
    values = (
        (key, value)
        for key, value in vars(module).items()
        if isinstance(value, PLAIN) and key != "training" and not (drops and key == "p")
    )
    return name, type(module), tuple(values)


def _is_array(values: Any) -> bool:
    """Tell whether rows are one array: numpy's or a tensor."""
    return hasattr(values, "dtype")
