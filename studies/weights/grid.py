"""Quantization grid: rounded weights are whole numbers times a step of their block.

It is the same in training and in the deployed file. A weight is seen as rows: outputs of a linear layer,
channels of a convolution, words of a table. A row of a matrix is cut into blocks with a step each; a channel
of a convolution is one block. Zero is on every grid, so that pruned weights stay zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize

from studies.weights.trained_model import Weight, weights_of

if TYPE_CHECKING:
    from studies.hooks import TrainingHooks

CLIPS: Final = (1.0, 0.93, 0.86, 0.79, 0.72, 0.65, 0.58, 0.5)
"""Shares of the largest weight that the end of a grid is tried at: with few levels it pays to cut off what
sticks out."""
UNFIT: Final = 1e-3
"""Of a step: weights that come closer than this to whole numbers of it are on the grid already, but for
rounding."""
FROZEN: Final = 0.75
"""Share of the steps after which a grid stands still, so that the weights can settle on it."""
STRIDE: Final = 8
"""Optimizer steps between two fits of a grid: weights move slowly, and a fit costs as much as several
roundings."""


def blocks_of(weight: torch.Tensor, block: int) -> torch.Tensor:
    """Return a weight as (rows, blocks, block).

    Zeros fill the last block of a row; a convolution has one block a row.
    """
    rows = weight.reshape(weight.shape[0], -1)
    size = rows.shape[1] if weight.ndim > 2 else min(block, rows.shape[1])
    return functional.pad(rows, (0, -rows.shape[1] % size)).reshape(len(rows), -1, size)


def unblocked(blocks: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """Return blocks as the weight that they were made from."""
    return blocks.flatten(1)[:, : shape[1:].numel()].reshape(shape)


def codes_of(blocks: torch.Tensor, steps: torch.Tensor, bits: int) -> torch.Tensor:
    """Return the nearest whole numbers of steps that so many bits hold, as floats."""
    half = 2 ** (bits - 1)
    return (blocks / steps).round().clamp(-half, half - 1)


@torch.no_grad()
def fit(blocks: torch.Tensor, bits: int) -> torch.Tensor:
    """Return the step of each block, (rows, blocks, 1): the one with the least squared error among a few.

    A step may be negative: the largest weight then takes the end of the range that reaches further.
    """
    half = 2 ** (bits - 1)
    largest = blocks.gather(-1, blocks.abs().argmax(dim=-1, keepdim=True))
    best = torch.where(largest == 0, torch.ones_like(largest), -largest / half)
    least = torch.full_like(best, torch.inf)
    for clip in CLIPS if bits < 8 else CLIPS[:1]:
        steps = torch.where(largest == 0, torch.ones_like(largest), -clip * largest / half)
        error = (codes_of(blocks, steps, bits) * steps - blocks).square().sum(dim=-1, keepdim=True)
        best, least = torch.where(error < least, steps, best), torch.minimum(error, least)
    return best


@torch.no_grad()
def existing_steps(blocks: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the steps of blocks that lie on a grid already, and which blocks do.

    Where several steps fit, any of them is returned: all give the same weights.
    """
    half = 2 ** (bits - 1)
    largest = blocks.gather(-1, blocks.abs().argmax(dim=-1, keepdim=True))
    steps, known = torch.ones_like(largest), largest == 0
    for level in range(1, half + 1):
        tried = torch.where(largest == 0, torch.ones_like(largest), -largest / level)
        error = (codes_of(blocks, tried, bits) - blocks / tried).abs().amax(dim=-1, keepdim=True)
        fits = (error < UNFIT) & ~known
        steps, known = torch.where(fits, tried, steps), known | fits
    return steps, known


def rounded(weight: torch.Tensor, bits: int, block: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return codes (rows, blocks, block) and steps (rows, blocks, 1).

    A block that lies on a grid already stays as it is.
    """
    blocks = blocks_of(weight.double(), block)
    steps, known = existing_steps(blocks, bits)
    steps = torch.where(known, steps, fit(blocks, bits)).float()
    return codes_of(blocks, steps.double(), bits), steps


class Rounded(nn.Module):
    """A parametrization: the weight on its grid, with the gradient of the weight itself (straight-through).

    Source: Bengio, Leonard and Courville 2013, arXiv 1308.3432; Jacob et al. 2018, arXiv 1712.05877.
    """

    steps: torch.Tensor

    def __init__(self, weight: torch.Tensor, bits: int, block: int) -> None:
        super().__init__()
        self.bits, self.block = bits, block
        self.register_buffer("steps", fit(blocks_of(weight.detach(), block), bits))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the weight on its grid."""
        with torch.no_grad():
            codes = codes_of(blocks_of(weight, self.block), self.steps, self.bits)
            value = unblocked(codes * self.steps, weight.shape)
        return value + (weight - weight.detach())  # adds an exact zero

    def refit(self, weight: torch.Tensor) -> None:
        """Let the grid follow the weight."""
        self.steps.copy_(fit(blocks_of(weight.detach(), self.block), self.bits))


def trainable(weight: Weight) -> bool:
    """Tell whether a weight can be trained on a grid.

    Torch's recurrent layers cannot: they read their weights past a parametrization.
    """
    return not any(isinstance(module, nn.RNNBase) for module, _ in weight.owners)


def train_rounded(training: TrainingHooks, bits: int, block: int) -> None:
    """Put every weight of a run on a grid that follows it, until late in the run."""
    pairs: list[tuple[Rounded, nn.Parameter]] = []
    for weight in filter(trainable, list(weights_of(training.model))):
        parameter = weight.parameter
        grid = Rounded(parameter, bits, block)
        for module, attribute in weight.owners:
            parametrize.register_parametrization(module, attribute, grid)
        pairs.append((grid, parameter))

    def follow() -> None:
        step = training.step + 1
        if step % STRIDE == 0 and step <= FROZEN * training.total_steps:
            for grid, parameter in pairs:
                grid.refit(parameter)

    training.after_step.append(follow)


def leave_rounded(model: nn.Module) -> None:
    """Take the grids out of a model; its weights are then what they were rounded to."""
    for module in list(model.modules()):
        parametrizations = (
            getattr(module, "parametrizations", {}) if parametrize.is_parametrized(module) else {}
        )
        for attribute in [
            name
            for name, grids in parametrizations.items()
            if any(isinstance(grid, Rounded) for grid in grids)
        ]:
            parametrize.remove_parametrizations(module, attribute, leave_parametrized=True)


def on_grid(weight: torch.Tensor, bits: int, block: int) -> bool:
    """Tell whether every block of a weight lies on a grid of so many bits."""
    _, known = existing_steps(blocks_of(weight.double(), block), bits)
    return bool(known.all())
