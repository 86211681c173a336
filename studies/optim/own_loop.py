"""Training loop of the user's own: what a recipe's attachments do there, at the optimizer's steps."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import nn

from studies.errors import listed

if TYPE_CHECKING:
    from torch.optim import Optimizer

Hook = Callable[[], None]


class Attachable(Protocol):
    """Choice that hooks into a training run."""

    @classmethod
    def name(cls) -> str:
        """Return its name."""

    def attach(self, training: Any) -> None:
        """Hook into the run."""


class Parts(Protocol):
    """Recipe, as far as it is attached."""

    @property
    def optimizer(self) -> Attachable:
        """Return the optimizer."""

    @property
    def regularizers(self) -> tuple[Attachable, ...]:
        """Return the regularizers."""

    @property
    def wrappers(self) -> tuple[Attachable, ...]:
        """Return the wrappers."""


class NotInThisLoop(Exception):
    """Raised by what an attachment asks for and a loop of somebody else's does not show."""


class OwnLoop:
    """Hooks of a training run in a loop of the user's own, see `studies.hooks.TrainingHooks`."""

    def __init__(self, model: nn.Module, optimizer: Optimizer, total_steps: int) -> None:
        self.model, self.optimizer, self.total_steps = model, optimizer, total_steps
        self.loss = self._plain = torch.nn.functional.mse_loss
        self.step, self.curve = 0, ()
        self.before_step: list[Hook] = []
        self.after_step: list[Hook] = []
        self.attachment_state: list[torch.Tensor] = []
        self.on_batch: list[Any] = []
        self.after_backward: list[Hook] = []
        self.readouts: list[Any] = []
        self.stop_conditions: list[Any] = []

    @property
    def workload(self) -> Any:
        """Refuse: nothing is known of the data."""
        raise NotInThisLoop

    @property
    def lr(self) -> float:
        """Return the lr of the current step."""
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def lr_factor(self) -> float:
        """Return the lr of the current step as a share of its peak."""
        group = self.optimizer.param_groups[0]
        return self.lr / float(group.get("initial_lr", group["lr"]))

    @property
    def served(self) -> bool:
        """Tell whether all that was hooked in happens at the optimizer's steps."""
        elsewhere = (self.on_batch, self.after_backward, self.readouts, self.stop_conditions)
        return not any(elsewhere) and self.loss is self._plain

    def hook_in(self) -> None:
        """Have the optimizer call the hooks at each step, on the gradients of a closure if it takes one."""
        if self.before_step:
            self.optimizer.register_step_pre_hook(self._before)
        if self.after_step:
            self.optimizer.register_step_post_hook(self._after)

    def _before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> Any:  # noqa: ARG002
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None:
            self._call(self.before_step)
            return None

        def with_hooks() -> Any:
            loss = closure()
            self._call(self.before_step)
            return loss

        return (args[0], with_hooks), {}

    def _after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:  # noqa: ARG002
        self._call(self.after_step)
        self.step += 1

    @staticmethod
    def _call(hooks: Iterable[Hook]) -> None:
        for hook in hooks:
            hook()


def attach(recipe: Parts, model: Any, optimizer: Optimizer, total_steps: int) -> None:
    """Attach what of a recipe works at the optimizer's steps; say in a line what does not."""
    is_module = isinstance(model, nn.Module)  # parameters alone have no layers to set
    left = [choice.name() for choice in recipe.wrappers + (() if is_module else recipe.regularizers)]
    left += [
        choice.name()
        for choice in (recipe.optimizer, *(recipe.regularizers if is_module else ()))
        if not _attached(choice, OwnLoop(model, optimizer, total_steps))
    ]
    if left:
        logging.getLogger("advisor").warning(
            "your own loop does without %s, which needs more of it than the model and the optimizer's steps",
            listed(left),
        )


def _attached(choice: Attachable, loop: OwnLoop) -> bool:
    """Tell whether a choice does all its work in a loop, having hooked it in if so."""
    try:
        choice.attach(loop)
    except NotInThisLoop:
        return False
    if loop.served:
        loop.hook_in()
    return loop.served
