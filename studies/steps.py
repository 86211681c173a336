"""Steps of a training run: the lr of each, its batch, its gradients, and whatever hooks into it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import torch

from studies.measure.allocations import FOLLOWED_STEPS, Allocations
from studies.measure.model import state_bytes
from studies.optim.composite import Composite

if TYPE_CHECKING:
    from torch import nn

    from studies.data.feed import Draw
    from studies.hooks import Hook, Readout, Transform
    from studies.loaded_workload import LoadedWorkload
    from studies.passes import Passes
    from studies.recipe import Recipe

USUAL: Final = (torch.optim.Optimizer.zero_grad, Composite.zero_grad)
"""What a `zero_grad` is that lets go of all gradients and does nothing else."""


class Steps:
    """Steps of a training run, which `studies.train.Training` counts in epochs."""

    recipe: Recipe
    workload: LoadedWorkload
    model: nn.Module
    optimizer: torch.optim.Optimizer
    loss: Callable[..., torch.Tensor]
    """Of (outputs, targets)."""
    step: int
    """Optimizer steps taken."""
    lr_factor: float
    """The lr of the current step as a share of its peak."""
    allocations: Allocations
    followed: int
    """First steps whose allocations were followed."""
    step_bytes: int
    """The most that one of them held beside weights and state."""
    _peak_lrs: list[float]
    """Of each parameter group."""
    _reaction: float
    """Of the schedule to the learning curve: a factor of the lr."""
    _passes: Passes
    _batch: tuple[Any, Any]

    def _make_hooks(self) -> None:
        """Make the lists that attachments add to, see `studies.hooks.TrainingHooks`."""
        self.on_batch: list[Transform] = []
        self.after_backward: list[Hook] = []
        self.before_step: list[Hook] = []
        self.after_step: list[Hook] = []
        self.readouts: list[Readout] = []
        self.stop_conditions: list[Callable[[], bool]] = []
        self.attachment_state: list[torch.Tensor] = []

    @cached_property
    def steps_per_epoch(self) -> int:
        """Return the optimizer steps in one pass over the rows."""
        return self.workload.steps_per_epoch(self.batch_size)

    @cached_property
    def batch_size(self) -> int:
        """Return the rows a step, at most the whole training set."""
        return min(self.recipe.batch_size, self.workload.rows)

    @cached_property
    def total_steps(self) -> int:
        """Return the optimizer steps of the whole run."""
        return self.steps_per_epoch * self.recipe.epochs

    @property
    def needs_closure(self) -> bool:
        """Tell whether the optimizer computes gradients several times a step."""
        return self.recipe.optimizer.needs_closure

    @property
    def lr(self) -> float:
        """Return the lr of the current step."""
        return self._peak_lrs[0] * self.lr_factor

    def backward(self) -> torch.Tensor:
        """Compute the loss of the current batch and its gradients anew; return the loss."""
        self._forget_gradients()
        inputs, targets = self._batch
        with self._passes.in_precision():
            loss = self.loss(self.workload.for_loss(self._passes(inputs)), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        for hook in self.after_backward:
            hook()
        return loss

    def _forget_gradients(self) -> None:
        """Let go of gradients, as the `zero_grad` of torch does with bookkeeping that takes longer."""
        if type(self.optimizer).zero_grad not in USUAL:
            self.optimizer.zero_grad()
            return
        for group in self.optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    def take_step(self, rows: int, draw: Draw) -> torch.Tensor:
        """Take an optimizer step on a batch; return its loss."""
        return self._followed(draw) if self.follows(rows) else self.step_on(*draw())

    def follows(self, rows: int) -> bool:
        """Tell whether a step on so many rows is one of the first, whose allocations are followed."""
        return self.followed < FOLLOWED_STEPS and rows == self.batch_size

    def begin_step(self, inputs: Any, targets: Any) -> tuple[Any, Any]:
        """Set the lr of the step and change the batch as attachments say; return the batch."""
        # half a step in: neither the first step nor the last one of a schedule from and to zero is wasted
        self.lr_factor = self.recipe.schedule.at((self.step + 0.5) / self.total_steps) * self._reaction
        for group, peak in zip(self.optimizer.param_groups, self._peak_lrs, strict=True):
            group["lr"] = peak * self.lr_factor
        for transform in self.on_batch:
            inputs, targets = transform(inputs, targets)
        self._batch = inputs, targets
        return self._batch

    def end_step(self) -> None:
        """Step the optimizer by the gradients that are there, and whatever hooks into a step."""
        for hook in self.before_step:
            hook()
        self.optimizer.step()
        self._count_step()

    def step_on(self, inputs: Any, targets: Any) -> torch.Tensor:
        """Take an optimizer step on a batch that is drawn, its allocations not followed; return its loss."""
        self.begin_step(inputs, targets)
        if self.needs_closure:
            loss = torch.as_tensor(self.optimizer.step(self.backward))  # type: ignore[arg-type]
            self._count_step()
        else:
            loss = self.backward()
            self.end_step()
        return loss.detach()

    def _count_step(self) -> None:
        for hook in self.after_step:
            hook()
        self.step += 1

    def _followed(self, draw: Draw) -> torch.Tensor:
        """Take a step and note what it allocates: the first makes the state, the second has it beside."""
        with self.allocations, self._passes.uncompiled():
            loss = self.step_on(*draw())
        self.followed += 1
        self.step_bytes = self.allocations.peak_bytes - state_bytes(self.optimizer)
        return loss
