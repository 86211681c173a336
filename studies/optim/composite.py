"""Several optimizers that step as one: sparse tables under one, the rest under another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.optim import Optimizer

from studies.optim.stepper import evaluated


class Composite(Optimizer):
    """Optimizers over disjoint parameters behind the interface of one.

    Their groups are shared, not copied.
    """

    def __init__(self, parts: Sequence[Optimizer]) -> None:
        self.parts = tuple(parts)
        super().__init__(
            [{"params": group["params"]} for part in self.parts for group in part.param_groups], {}
        )
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    @property
    def state(self) -> defaultdict[torch.Tensor, Any]:
        """Return the state of all parts, by parameter."""
        return defaultdict(
            dict, {parameter: state for part in self.parts for parameter, state in part.state.items()}
        )

    @state.setter
    def state(self, value: object) -> None:
        """Pass over the empty state that the base class sets."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Step every part; a closure is evaluated once."""
        loss = evaluated(closure)
        for part in self.parts:
            part.step()
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:  # noqa: FBT001, FBT002 - torch's signature
        """Clear the gradients of every part."""
        for part in self.parts:
            part.zero_grad(set_to_none=set_to_none)

    def train(self) -> None:
        """Tell the parts that have a training mode."""
        for part in self.parts:
            if hasattr(part, "train"):
                part.train()

    def eval(self) -> None:
        """Tell the parts that have an evaluation mode."""
        for part in self.parts:
            if hasattr(part, "eval"):
                part.eval()

    def state_dict(self) -> dict[str, Any]:
        """Return the parts' own state dicts."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Give each part its own back."""
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self.param_groups = [group for part in self.parts for group in part.param_groups]
