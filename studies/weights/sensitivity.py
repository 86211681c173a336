"""Sensitivity: how the loss on the calibration rows rises when one layer alone is pruned or rounded.

    layers = scan(trained)
    bounds(layers, tolerance=0.05)      # the largest amount of each layer that costs no more

A scan takes one forward pass over the calibration rows for each layer and level, and leaves the model bit for
bit as it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import torch

from studies.storage.manifest_entries import Layer
from studies.weights.masks import zero_lowest

if TYPE_CHECKING:
    from torch import nn

    from studies.weights.trained_model import TrainedModel

AMOUNTS: Final = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
BITS: Final = (8, 6, 4, 3, 2)


def scan(trained: TrainedModel, amounts: Sequence[float] = AMOUNTS) -> tuple[Layer, ...]:
    """Return the sensitivity of each layer to pruning, its smallest weights first."""

    def prune(weight: torch.Tensor, amount: float) -> None:
        zero_lowest([weight], [weight.abs()], amount)

    return _scanned(trained, sorted(amounts), prune)


def scan_bits(trained: TrainedModel, bits: Sequence[int] = BITS) -> tuple[Layer, ...]:
    """Return the sensitivity of each layer to fewer bits a number.

    Numbers are rounded evenly on either side of zero, with a scale for each row.
    """
    return _scanned(trained, sorted(bits, reverse=True), rounded)


@torch.no_grad()
def rounded(weight: torch.Tensor, bits: float) -> None:
    """Round a weight, in place, to the whole multiples of a scale of each row that fit into so many bits."""
    rows = weight.flatten(1)
    reach = max(1.0, 2.0 ** (bits - 1) - 1)
    scale = (rows.abs().amax(dim=1, keepdim=True) / reach).clamp(min=torch.finfo(weight.dtype).tiny)
    weight.copy_(((rows / scale).round() * scale).view_as(weight))


def bounds(layers: Sequence[Layer], tolerance: float) -> dict[str, float]:
    """Return the largest amount of each layer up to which the loss never rises by more than the tolerance.

    0 where there is no such amount.
    """
    amounts = {}
    for layer in layers:
        bound = 0.0
        for level, rise in zip(layer.levels, layer.rises, strict=True):
            if rise > tolerance:
                break
            bound = level
        amounts[layer.name] = bound
    return amounts


def _scanned(
    trained: TrainedModel, levels: Sequence[float], treat: Callable[[torch.Tensor, float], None]
) -> tuple[Layer, ...]:
    with _as_it_was(trained.model), torch.no_grad():
        before = _loss(trained)
        layers = []
        for name, weight in trained.weights.items():
            original = weight.parameter.detach().clone()
            losses = []
            for level in levels:
                treat(weight.parameter, level)
                losses.append(_loss(trained))
                weight.parameter.copy_(original)
            layers.append(
                Layer(
                    name=name,
                    size=original.numel(),
                    before=before,
                    levels=tuple(levels),
                    losses=tuple(losses),
                )
            )
    return tuple(layers)


def _loss(trained: TrainedModel) -> float:
    loss = float(trained.loss())
    return loss if math.isfinite(loss) else math.inf


@contextmanager
def _as_it_was(model: nn.Module) -> Iterator[None]:
    """Put each module back into training or evaluation as it was."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
