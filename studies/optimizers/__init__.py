"""Optimizers, one file each. A choice's fields are its own search space; `build` makes the torch optimizer for a model."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.choice import Choice

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer


@dataclass(frozen=True, kw_only=True)
class OptimizerChoice(Choice, ABC):
    """Base of every optimizer."""

    axis: ClassVar[str] = "optimizer"
    family: ClassVar[str]
    """gradient descent | adaptive: a search enters one of each family before a second of either."""
    state_floats: ClassVar[float]
    """Floats of state it keeps for each parameter."""
    counts_steps: ClassVar[bool] = True
    """Whether it keeps a step counter (one float) for each tensor."""
    decays_weights: ClassVar[bool] = False
    """Whether weight decay is part of it; if not, a regularizer can add it."""

    lr: float

    @abstractmethod
    def build(self, model: nn.Module, total_steps: int) -> Optimizer:
        """Return the torch optimizer over the model's parameters.

        Args:
            model: parameters that require no gradient are left out.
            total_steps: optimizer steps of the whole run, for settings that are a share of it.
        """

    def in_torch(self, total_steps: int) -> dict[str, float]:  # noqa: ARG002
        """Return the arguments of the torch optimizer that the fields call otherwise, for a run of so many steps."""
        return {}

    def state_bytes(self, shape: tuple[int, ...]) -> int:
        """Return the bytes of state for one parameter of this shape once it has been stepped, in 32-bit floats."""
        return 4 * (round(self.state_floats * math.prod(shape)) + self.counts_steps)
