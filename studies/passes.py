"""Passes through a model while it trains: in which precision, and whether torch compiles them.

Weights, gradients and the optimizer's state stay in 32 bits, and validation is measured in them: what is
deployed is the model in 32 bits.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import nn

from studies.errors import StudyWarning, named_line
from studies.forward import answer
from studies.precisions import BF16


class Passes:
    """Passes through a model.

    Args:
        model: what is trained.
        precision: float32 | bf16, in which products are computed where torch's autocast finds that safe.
        compiled: whether torch compiles the model; one that it cannot compile is called as it is, and a
            warning says so.
        device: where it trains.
    """

    def __init__(self, model: nn.Module, *, precision: str, compiled: bool, device: torch.device) -> None:
        self.model = model
        self._called: Any = torch.compile(model) if compiled else model
        self._autocast = torch.autocast(device.type, torch.bfloat16) if precision == BF16 else nullcontext()

    def in_precision(self) -> AbstractContextManager[Any]:
        """Return the context that forward pass and loss are computed in."""
        return self._autocast

    @contextmanager
    def uncompiled(self) -> Iterator[None]:
        """Call the model as it is inside the block: what follows its operations would keep it so for good."""
        called, self._called = self._called, self.model
        try:
            yield
        finally:
            self._called = called

    def __call__(self, inputs: Any) -> Any:
        """Return all that the model returns."""
        if self._called is self.model:
            return answer(self.model, inputs)
        from torch._dynamo.exc import TorchDynamoException

        try:
            return answer(self._called, inputs)
        except TorchDynamoException as error:
            self._called = self.model
            problem = named_line(error, longest=200)
            warnings.warn(
                f"torch cannot compile the model, so it trains uncompiled: {problem}",
                StudyWarning,
                stacklevel=2,
            )
            return answer(self.model, inputs)
