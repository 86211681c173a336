"""Hints: soft targets, and features pulled towards the teacher's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from studies.data.rows import tensors
from studies.distillation import DistillationChoice
from studies.distillation.soft_targets import add_soft_targets
from studies.infeasible import CannotCompress
from studies.space import log_between, one_of

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

    from studies.hooks import TrainingHooks


@dataclass(frozen=True, kw_only=True)
class Hints(DistillationChoice):
    """Soft targets, and the last linear layer's inputs are pulled to the teacher's by a linear map.

    Helps: students of the teacher's own kind: on the digits a CNN of half the channels gained 0.5 points of
    accuracy, at weight 1 0.9, one of a quarter -0.3 and 0.6 (three seeds); classes too few to tell much in
    their probabilities.
    Hurts: runs too short for the student: at an untuned lr the same CNNs lost 1 to 7 points. Listens to the
    trained model alone.
    Source: Romero et al. 2015, arXiv 1412.6550, who match a layer in the middle.
    """

    temperature: float = log_between(1.0, 8.0, default=2.0)
    """What both models' outputs are divided by before the softmax: the higher, the more the unlikely classes
    count."""
    alpha: float = one_of(0.3, 0.5, 0.7, 0.9, default=0.5)
    """Share of the teacher's answers in the loss; the run's own loss has the rest."""
    weight: float = log_between(0.03, 3.0, default=0.3)
    """Of the hint, added to that loss: times the squared distance of the features over the teacher's own
    squares."""

    def attach(self, training: TrainingHooks, teachers: tuple[nn.Module, ...]) -> None:
        """Mix the teacher's answers and its features into the loss of every batch.

        Raises:
            CannotCompress: student or teacher calls no linear layer.
        """
        [teacher] = add_soft_targets(training, teachers[:1], temperature=self.temperature, alpha=self.alpha)
        _hint(training, teacher, self.weight)


class _Features:
    """What entered the last linear layer that a model called, (rows, width), while it was watched."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.value: torch.Tensor | None = None
        self._hooks: list[RemovableHandle] = []

    def watch(self) -> None:
        layers = [module for module in self.model.modules() if isinstance(module, nn.Linear)]
        self._hooks = [layer.register_forward_pre_hook(self._note) for layer in layers]

    def unwatch(self) -> None:
        for hook in self._hooks:
            hook.remove()

    @torch.no_grad()
    def of(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the features of some rows, in the mode the model is in."""
        self.clear()
        self.watch()
        try:
            self.model(inputs)
        finally:
            self.unwatch()
        return self.latest()

    def latest(self) -> torch.Tensor:
        """Return the features of the rows that were last seen."""
        if self.value is None:
            raise CannotCompress(
                f"hints need a linear layer, and {type(self.model).__name__} calls none; try SoftTargets"
            )
        return self.value

    def clear(self) -> None:
        self.value = None

    def _note(self, layer: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:  # noqa: ARG002
        features = inputs[0]
        self.value = features if features.ndim == 2 else features.flatten(1, -2).mean(1)  # tokens: their mean


def _hint(training: TrainingHooks, teacher: nn.Module, weight: float) -> None:
    """Add to the loss the distance between mapped features and the teacher's.

    The map steps on its own, once a step of the run: down the squared distance by 1 over the features' mean
    squared length, the longest step that is sure to be stable, so that it needs no learning rate. To the
    run's loss it is a constant, so that a line search compares like with like. The student is watched for a
    step at a time: evaluation does not meet the hooks, nor does what is made of the model afterwards.
    """
    student_features, teacher_features = _Features(training.model), _Features(teacher)
    start, _ = tensors(training.workload.dataset, "train", training.device)
    training.model.eval()
    linear = _zero_map(student_features.of(start[:2]), teacher_features.of(start[:2]))
    teacher_features.watch()
    run_loss, hint = training.loss, list[torch.Tensor]()

    def watch_student(inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hint[:] = [teacher_features.latest()]  # the teacher has just been asked about the same rows
        student_features.watch()
        return inputs, targets

    def mixed(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        mapped = student_features.latest() if linear is None else student_features.latest() @ linear
        distance = (mapped - hint[0]).square().mean() / hint[0].square().mean().clamp_min(TINY)
        loss: torch.Tensor = run_loss(outputs, targets) + weight * distance
        return loss

    training.on_batch.append(watch_student)
    training.after_step.append(_stepping(student_features, hint, linear))
    training.loss = mixed
    if linear is not None:
        training.attachment_state.append(linear)


def _stepping(
    student_features: _Features, hint: list[torch.Tensor], linear: torch.Tensor | None
) -> Callable[[], None]:
    @torch.no_grad()
    def step() -> None:
        student_features.unwatch()
        if linear is not None and student_features.value is not None:
            error = hint[0] - student_features.value @ linear
            linear.add_(
                student_features.value.T @ error / student_features.value.square().sum().clamp_min(TINY)
            )
        student_features.clear()

    return step


def _zero_map(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor | None:
    """Return a map from one width to another, (mine, its), that has yet to learn; None for equal widths.

    From zeros it learns as fast whatever the scale of the features.
    """
    return (
        None
        if student.shape[1] == teacher.shape[1]
        else teacher.new_zeros(student.shape[1], teacher.shape[1])
    )


TINY = 1e-12
"""Keeps features that are all zero from a division by zero."""
