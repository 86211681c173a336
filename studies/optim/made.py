"""Optimizers that choices have made: which they are, and the model that each steps on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from studies.errors import BadValue

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.optim import Optimizer

_MADE: WeakSet[Any] = WeakSet()
_LAST_OF: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""The optimizer that was made last over each model."""


def note(model: nn.Module | None, optimizer: Optimizer) -> Optimizer:
    """Note that a choice made this optimizer over this model, None where it got parameters; return it."""
    _MADE.add(optimizer)
    if model is not None:
        _LAST_OF[model] = optimizer
    return optimizer


def made_by_a_choice(optimizer: Optimizer) -> bool:
    """Tell whether a choice made the optimizer, rather than code of the user's own."""
    return optimizer in _MADE


@contextmanager
def evaluating(model: nn.Module, rows: torch.Tensor | None = None) -> Iterator[None]:
    """Put a model into evaluation mode, with the weights that count, and back after the block.

    Args:
        model: what an optimizer was made over.
        rows: training rows to take batch-norm statistics anew with, where the optimizer averages weights.

    Raises:
        BadValue: no optimizer was made over it, or its batch norm needs rows.
    """
    if (optimizer := _LAST_OF.get(model)) is None:
        raise BadValue(
            "evaluating a model that no optimizer was built over; "
            "hand it the very model that recipe.optimizer.build(model, total_steps) was handed"
        )
    training = model.training
    try:
        with with_averages(optimizer, model, rows) if averages(optimizer) else nullcontext():
            model.eval()
            yield
    finally:
        model.train(training)


@contextmanager
def with_averages(optimizer: Any, model: nn.Module, rows: torch.Tensor | None = None) -> Iterator[None]:
    """Put the averaged weights in place inside the block, of an optimizer that keeps them.

    Args:
        optimizer: of a kind that `averages`.
        model: that it steps on.
        rows: training rows to take batch-norm statistics anew with.

    Raises:
        BadValue: the model has batch norm, and there are no rows.
    """
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    try:
        optimizer.eval()
        _settle(model, rows)
        yield
    finally:
        optimizer.train()
        for buffer, before in buffers:
            buffer.data.copy_(before)


def averages(optimizer: Any) -> bool:
    """Tell whether an optimizer, or a part of it, keeps an average beside the weights that it steps on."""
    return any(hasattr(part, "eval") for part in getattr(optimizer, "parts", (optimizer,)))


def _settle(model: nn.Module, rows: torch.Tensor | None) -> None:
    from torch.nn.modules.batchnorm import _BatchNorm

    from studies.measure.outputs import settle

    if rows is not None:
        settle(model, rows, max(2, len(rows) // 30))
    elif any(isinstance(module, _BatchNorm) for module in model.modules()):
        raise BadValue(
            "the model has batch norm, whose statistics are not those of averaged weights; "
            "give training rows: recipe.optimizer.evaluating(model, rows), or rows= of a callback"
        )
