"""Soft targets: training towards the answers of a teacher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch.nn import functional

from studies.distillation import DistillationChoice
from studies.models.copies import copied
from studies.space import log_between, one_of

if TYPE_CHECKING:
    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class SoftTargets(DistillationChoice):
    """Train towards the labels and towards a teacher's probabilities, or its numbers in regression.

    Helps: students much smaller than the teacher that get the whole training; tables and images with few
    rows.
    Hurts: a teacher that is wrong or was trained with label smoothing, a high temperature on a short run;
    costs its forward pass. On the digits, whose students do as well alone, it gained next to nothing: -0.2 to
    0.4 points of accuracy, three seeds.
    Source: Hinton, Vinyals and Dean 2015, arXiv 1503.02531.
    """

    usual: ClassVar[bool] = True

    temperature: float = log_between(1.0, 8.0, default=2.0)
    """What both models' outputs are divided by before the softmax: the higher, the more the unlikely classes
    count."""
    alpha: float = one_of(0.3, 0.5, 0.7, 0.9, default=0.5)
    """Share of the teacher in the loss; the run's own loss has the rest."""
    teacher: str = one_of("source", "ensemble", default="source")
    """The trained model itself, or the mean answer of all finalists."""

    def attach(self, training: TrainingHooks, teachers: tuple[torch.nn.Module, ...]) -> None:
        """Mix the teacher's answer into the loss of every batch."""
        chosen = teachers if self.teacher == "ensemble" else teachers[:1]
        add_soft_targets(training, chosen, temperature=self.temperature, alpha=self.alpha)


def add_soft_targets(
    training: TrainingHooks, teachers: tuple[torch.nn.Module, ...], *, temperature: float, alpha: float
) -> list[torch.nn.Module]:
    """Add the distance from the teachers' mean answer to the loss of a run; return their copies.

    The teachers are asked once a batch, after all that changes it, so that they see the rows that the student
    sees; closures and wrappers that evaluate the loss again hear the same answer.
    """
    regression = training.workload.dataset.task == "regression"
    copies = [copied(teacher).to(training.device).eval() for teacher in teachers]
    run_loss, answers = training.loss, list[torch.Tensor]()

    @torch.no_grad()
    def ask_teachers(inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        outputs = torch.stack([teacher(inputs) for teacher in copies])
        answers[:] = [(outputs if regression else torch.softmax(outputs / temperature, -1)).mean(0)]
        return inputs, targets

    def mixed(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if regression:
            distance = functional.mse_loss(outputs, answers[0])
        else:
            distance = temperature**2 * functional.kl_div(
                torch.log_softmax(outputs / temperature, -1), answers[0], reduction="batchmean"
            )
        return alpha * distance + (1 - alpha) * run_loss(outputs, targets)

    training.on_batch.append(ask_teachers)
    training.loss = mixed
    return copies
