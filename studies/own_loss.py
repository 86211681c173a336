"""Own loss: a function, a module or the name of one that takes the place of the usual training loss."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from studies.errors import BadWorkload, shown
from studies.imports import load, refer
from studies.rows.nested import plain

if TYPE_CHECKING:
    import torch

EVALUATED_ROWS: Final = 256
"""Rows a batch of evaluation: what a model returns for them is not kept, as it may be a number a pixel."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnLoss:
    """Own loss: called with all that the model returns and with the targets in their own form."""

    name: str
    """How it is found again, `module:name` or `file.py:name`."""
    function: Callable[..., Any]

    @classmethod
    def of(cls, loss: Any) -> OwnLoss | None:
        """Return a loss of any form; None for none.

        Raises:
            BadWorkload: nothing that can be called, a class that wants arguments, or a loss with weights to
                train.
        """
        from torch import nn

        if loss is None:
            return None
        if isinstance(loss, str) and ":" not in loss:
            raise BadWorkload(
                f"loss {shown(loss)} is a name without a place; give the loss itself, as torch.nn.MSELoss(), "
                "or where it is found: file.py:name or module:name, as torch.nn:MSELoss"
            )
        name = loss if isinstance(loss, str) else refer(loss)
        function = load(loss) if isinstance(loss, str) else loss
        if isinstance(function, type):
            try:
                function = function()
            except Exception as error:
                raise BadWorkload(
                    f"loss {name} cannot be made without arguments; give an instance of it: loss=Loss(...)"
                ) from error
        if not callable(function):
            raise BadWorkload(
                f"loss is {type(function).__name__}; "
                "give a function of (outputs, targets), a torch.nn.Module, or file.py:name"
            )
        if isinstance(function, nn.Module) and any(weight.requires_grad for weight in function.parameters()):
            raise BadWorkload(f"loss {name} has weights of its own to train; move them into the model")
        return cls(name=name, function=function)

    def on(self, device: torch.device) -> OwnLoss:
        """Return it with the buffers of a module on a device."""
        from torch import nn

        if isinstance(self.function, nn.Module):
            self.function.to(device)
        return self

    def __call__(self, outputs: Any, targets: Any) -> torch.Tensor:
        """Return the loss of a batch.

        A column of outputs is compared with a plain row of numbers one by one: else each would be compared
        with all.
        """
        import torch

        from studies.nn.input_copies import cloned

        # copies: the user's code may work in place, and the metric gets the same outputs and targets
        targets = cloned(plain(targets))
        if isinstance(outputs, torch.Tensor) and not outputs.requires_grad:
            outputs = outputs.clone()
        if (
            isinstance(outputs, torch.Tensor)
            and isinstance(targets, torch.Tensor)
            and targets.is_floating_point()
            and outputs.shape == (*targets.shape, 1)
        ):
            targets = targets.unsqueeze(-1)
        loss: torch.Tensor = self.function(outputs, targets)
        return loss

    def takes_logits(self) -> bool:
        """Tell whether it is torch's own with a softmax or sigmoid inside."""
        from torch import nn
        from torch.nn import functional

        return (
            self.elementwise()
            or isinstance(self.function, nn.CrossEntropyLoss)
            or self.function is functional.cross_entropy
        )

    def elementwise(self) -> bool:
        """Tell whether the sigmoid of each output is inside, not the softmax of all."""
        from torch import nn
        from torch.nn import functional

        return isinstance(self.function, nn.BCEWithLogitsLoss) or (
            self.function is functional.binary_cross_entropy_with_logits
        )


def plain_name(name: str) -> str:
    """Return the name of a loss without the number that tells two of that name in one process apart."""
    return re.sub(r"-\d+$", "", name)
