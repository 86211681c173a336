"""Wrappers around an optimizer, one file each; a recipe holds a set of them.

`attach` hooks one into a training run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.attachment import Attachment

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class WrapperChoice(Attachment):
    """Base of every wrapper."""

    axis: ClassVar[str] = "wrappers"
    state_floats: ClassVar[float] = 0.0
    """Floats of state it keeps for each parameter, beside the optimizer's."""


@contextmanager
def holding(
    model: nn.Module, weights: Sequence[torch.Tensor], values: Sequence[torch.Tensor]
) -> Iterator[None]:
    """Set these weights to other values inside the block.

    Their own values come back after it, and those of the buffers too.
    """
    changing: list[torch.Tensor] = [*weights, *model.buffers()]
    original = [tensor.detach().clone() for tensor in changing]
    put(weights, values)
    try:
        yield
    finally:
        put(changing, original)


def put(tensors: Sequence[torch.Tensor], values: Sequence[torch.Tensor]) -> None:
    """Overwrite tensors in place, outside of autograd."""
    import torch

    with torch.no_grad():
        for tensor, value in zip(tensors, values, strict=True):
            tensor.copy_(value)
