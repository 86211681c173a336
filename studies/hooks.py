"""Hooks of a training run: what a choice may read and change when it attaches itself to one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch
    from torch import nn

    from studies.loaded_workload import LoadedWorkload
    from studies.record import Measurement

    Hook = Callable[[], None]
    Transform = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
    Readout = Callable[[], AbstractContextManager[None]]


class TrainingHooks(Protocol):
    """Training run as an attachment sees it; `studies.train.Training` is the only one there is."""

    model: nn.Module
    workload: LoadedWorkload
    device: torch.device
    loss: Callable[..., torch.Tensor]
    """Of (outputs, targets); an attachment may put another in its place."""
    optimizer: torch.optim.Optimizer
    """Not there yet while a model is prepared for its run."""
    curve: list[Measurement]
    step: int
    """Optimizer steps taken."""
    lr_factor: float
    """The lr of the current step as a share of its peak."""
    on_batch: list[Transform]
    """Each takes (inputs, targets) and returns them changed."""
    after_backward: list[Hook]
    """Called on every gradient that is computed, those within a closure too."""
    before_step: list[Hook]
    after_step: list[Hook]
    readouts: list[Readout]
    """Contexts in which the model holds other weights that are evaluated too, such as an average."""
    stop_conditions: list[Callable[[], bool]]
    """Asked after every epoch; the first one that says yes ends the run."""
    attachment_state: list[torch.Tensor]
    """State of attachments: saved with the run and restored in place."""

    @property
    def total_steps(self) -> int:
        """Return the optimizer steps of the whole run."""

    @property
    def lr(self) -> float:
        """Return the lr of the current step."""

    @property
    def needs_closure(self) -> bool:
        """Tell whether the optimizer computes gradients several times a step."""

    def backward(self) -> torch.Tensor:
        """Compute the loss of the current batch and its gradients anew; return the loss."""

    def forget_best(self) -> None:
        """Let only epochs from here on count as the best."""
