"""Pruning masks: make zeros, hold them while a model is trained again, or make them step by step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import torch

from studies.weights.trained_model import weights_of

if TYPE_CHECKING:
    from studies.hooks import Readout, TrainingHooks
    from studies.weights.trained_model import TrainedModel

RAMP: Final = 0.7
"""Share of the steps over which zeros are made; the rest is for recovering."""
TIMES: Final = 20
"""How often zeros are made on the way."""


MOST: Final = 0.98
"""Share of a layer that goes when layers are compared with each other: an empty one lets neither rows nor
gradients through."""


@torch.no_grad()
def zero_lowest(
    weights: Sequence[torch.Tensor],
    scores: Sequence[torch.Tensor],
    amount: float,
    *,
    share: float = 1.0,
    most: Sequence[float] | None = None,
) -> None:
    """Set weights to zero until an amount of them are.

    What is zero already goes first, then the lowest scores, equals in order. torch's own `prune` moves a
    parameter behind the others of its module, which optimizers and files count by their order.

    Args:
        weights: changed in place.
        scores: what each number is worth, at least 0; infinite for what stays.
        amount: share of all numbers that are zero in the end.
        share: of the amount, on the way there.
        most: share of each weight that goes at most; 98 % or the amount by default.
    """
    limits = most or [max(MOST, amount)] * len(weights)
    bounded = [_bounded(score, limit) for score, limit in zip(scores, limits, strict=True)]
    ranks = torch.cat(
        [
            torch.where(weight == 0, -1.0, score).flatten()
            for weight, score in zip(weights, bounded, strict=True)
        ]
    )
    remains = torch.ones_like(ranks, dtype=torch.bool)
    remains[torch.argsort(ranks, stable=True)[: round(share * amount * len(ranks))]] = False
    for weight, mask in zip(
        weights, torch.split(remains, [weight.numel() for weight in weights]), strict=True
    ):
        weight[~mask.view_as(weight)] = 0.0


def _bounded(score: torch.Tensor, limit: float) -> torch.Tensor:
    """Return scores of which the highest, from a share on, are infinite."""
    flat = score.flatten().clone()
    flat[torch.argsort(flat, stable=True)[math.ceil(limit * len(flat)) :]] = torch.inf
    return flat.view_as(score)


class Zeros:
    """The zeros of a model in training, held at zero."""

    def __init__(self, training: TrainingHooks) -> None:
        self._training = training
        self._weights = [weight.parameter for weight in weights_of(training.model)]
        self._masks: list[tuple[torch.nn.Parameter, torch.Tensor]] = []
        self._attached = False
        self.update()
        training.after_backward.append(self._mask_gradients)

    @torch.no_grad()
    def update(self) -> None:
        """Take what is zero now as what is to stay zero."""
        self._masks = [(weight, weight != 0) for weight in self._weights if bool((weight == 0).any())]

    @torch.no_grad()
    def mask(self) -> None:
        """Set back to zero what an optimizer or an average moved."""
        for weight, mask in self._masks:
            weight.mul_(mask)

    @torch.no_grad()
    def clear_optimizer_state(self) -> None:
        """Clear the optimizer's state of what is zero: momentum, averages and curvature."""
        optimizer = self._training.optimizer
        if self._training.needs_closure:
            optimizer.state.clear()
        for weight, mask in self._masks:
            for value in optimizer.state.get(weight, {}).values():
                # a packed one forgets by itself, in time
                if type(value) is torch.Tensor and value.shape == weight.shape:
                    value.mul_(mask)

    @torch.no_grad()
    def _mask_gradients(self) -> None:
        if not self._attached:
            # only now all else is attached: what moves weights after a step comes before `mask`
            self._training.after_step.append(self.mask)
            self._training.readouts[:] = [self._masked(readout) for readout in self._training.readouts]
            self._attached = True
        for weight, mask in self._masks:
            if weight.grad is not None:
                weight.grad = _without(weight.grad, mask)

    def _masked(self, readout: Readout) -> Readout:
        """Return a readout, such as an average from before some zeros were made, with the zeros in it."""

        @contextmanager
        def masked() -> Iterator[None]:
            with readout():
                self.mask()
                yield

        return masked


def _without(gradient: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    if not gradient.is_sparse:
        return gradient.mul_(mask)
    gradient = gradient.coalesce()
    rows = gradient.indices()
    return torch.sparse_coo_tensor(
        rows, gradient.values() * mask[tuple(rows)], gradient.shape, is_coalesced=True
    )


def keep_zeros(training: TrainingHooks) -> None:
    """Hold the weights that are zero now at zero while a run trains.

    Their gradients too, so that no momentum gathers, and the weights themselves after each step.
    """
    Zeros(training)


def gradually(
    training: TrainingHooks, trained: TrainedModel, prune: Callable[[TrainedModel, float], None]
) -> None:
    """Prune along a cubic ramp over the first steps of a run.

    It is fast while much is left to remove, and slow at the end. The run goes to its end, for what it is like
    before the ramp's end says little of what it will be.

    Source: Zhu and Gupta 2017, arXiv 1710.01878.
    """
    ramp = max(1, round(RAMP * training.total_steps))
    stride = max(1, ramp // TIMES)
    zeros = Zeros(training)

    def follow() -> None:
        training.stop_conditions.clear()
        step = training.step + 1
        if step <= ramp and (step % stride == 0 or step == ramp):
            zeros.mask()
            prune(trained, 1 - (1 - step / ramp) ** 3)
            zeros.update()
            zeros.clear_optimizer_state()
            training.model.train()
        if step == ramp:
            training.forget_best()

    training.after_step.append(follow)
