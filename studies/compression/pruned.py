"""Zeros that stay zero while a pruned model is trained again, and zeros that are made step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from studies.compression.subject import weights_of

if TYPE_CHECKING:
    from studies.compression.subject import Subject
    from studies.pruning import PruningChoice
    from studies.train import Training

RAMP: Final = 0.7
"""Share of the steps over which zeros are made; the rest is for recovering."""
TIMES: Final = 20
"""How often zeros are made on the way."""


def keep_zeros(training: Training) -> None:
    """Hold the weights that are zero now at zero: their gradients before a step, so that no momentum gathers, and they after it.

    For a gradual run the zeros are looked up anew whenever some were made, see `gradually`.
    """
    weights = [weight.parameter for weight in weights_of(training.model)]
    masks = {index: weight != 0 for index, weight in enumerate(weights) if not bool((weight != 0).all())}

    @torch.no_grad()
    def mask_gradients() -> None:
        for index, mask in masks.items():
            if (gradient := weights[index].grad) is not None:
                gradient.mul_(mask)

    @torch.no_grad()
    def mask_weights() -> None:
        for index, mask in masks.items():
            weights[index].mul_(mask)

    if masks:
        training.before_step.append(mask_gradients)
        training.after_step.append(mask_weights)


def gradually(training: Training, subject: Subject, pruning: PruningChoice) -> None:
    """Prune along a cubic ramp over the first steps of a run: fast while much is left to remove, slowly at the end.

    Source: Zhu and Gupta 2017, arXiv 1710.01878.
    """
    ramp = max(1, round(RAMP * training.total_steps))
    stride = max(1, ramp // TIMES)
    hold: list[tuple[torch.nn.Parameter, torch.Tensor]] = []

    @torch.no_grad()
    def follow() -> None:
        step = training.step + 1
        if step <= ramp and (step % stride == 0 or step == ramp):
            pruning.prune(subject, 1 - (1 - step / ramp) ** 3)
            hold[:] = [(weight.parameter, weight.parameter != 0) for weight in subject.weights.values()]
            training.model.train()
        for weight, mask in hold:
            weight.mul_(mask)
        if step == ramp:
            training.forget_best()

    training.after_step.append(follow)
