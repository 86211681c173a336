"""Sophia-G."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.facts import Facts
from studies.optimizers import Decoupled
from studies.space import averaging, log_between

if TYPE_CHECKING:
    import torch
    from torch.optim import Optimizer

    from studies.hooks import TrainingHooks
    from studies.optim.routing import Routes


@dataclass(frozen=True, kw_only=True)
class Sophia(Decoupled):
    """Momentum divided by an estimate of the curvature, refreshed every ten steps and clipped entry by entry.

    Helps: classifiers whose curvature differs much from weight to weight; no step is longer than lr in any
    weight.
    Hurts: language models at tuned settings, where its speed is 0.88 to 1.0 of AdamW's; long runs, where it
    may diverge.
    Source: Liu et al. 2023, arXiv 2305.14342; speed computed from Wen et al. 2025, arXiv 2509.02046.
    """

    family: ClassVar[str] = "quasi-newton"
    offered: ClassVar[bool] = False
    state_floats: ClassVar[float] = 2.0
    counts_steps: ClassVar[bool] = False
    extra_passes: ClassVar[float] = 0.1  # a curvature estimate every tenth step

    lr: float = log_between(1e-4, 1e-1, default=4e-3)
    """Learning rate: the longest step of any weight."""
    beta1: float = averaging(0.8, 0.99, default=0.96)
    """Decay of the running mean of gradients."""
    beta2: float = averaging(0.9, 0.999, default=0.99)
    """Decay of the running mean of curvature estimates."""
    gamma: float = log_between(5e-3, 0.5, default=0.05)
    """Share of the curvature that is divided by: with more, fewer entries are clipped."""
    decay_horizon: float = log_between(0.1, 100.0, default=3.0)
    """How many whole runs the weights average over: weight decay is 1 / (lr x steps x horizon)."""

    @classmethod
    def misfit(cls, facts: Facts) -> str | None:
        """Return why it cannot train this: labels cannot be drawn from a regression's output."""
        return (
            None
            if facts.task == "classification"
            else "its curvature estimate draws labels from the model, which needs classes"
        )

    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return Sophia-G; biases and norms are not decayed.

        Without `attach` the curvature stays zero: its steps are signs of momentum.
        """
        from studies.optim.stepper import SophiaG

        groups = routes.groups(**self.in_torch(total_steps))
        return SophiaG(groups, lr=self.lr, betas=(self.beta1, self.beta2), gamma=self.gamma)

    def attach(self, training: TrainingHooks) -> None:
        """Refresh the curvature on every tenth batch, before its step."""
        from studies.optim.stepper import SophiaG

        batches: list[torch.Tensor] = []
        parts = getattr(training.optimizer, "parts", (training.optimizer,))

        def note_batch(inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            batches[:] = [inputs]
            return inputs, targets

        def refresh() -> None:
            if training.step % EVERY == 0:
                for part in parts:
                    if isinstance(part, SophiaG):
                        part.curve(training.model, batches[0])

        training.on_batch.append(note_batch)
        training.before_step.append(refresh)


EVERY = 10
"""Steps between two curvature estimates; each costs about one more step."""
