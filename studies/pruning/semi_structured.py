"""2:4 sparsity: two zeros in every four weights, a pattern that some hardware knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from studies.pruning import PruningChoice

if TYPE_CHECKING:
    import torch
    from torch import nn

    from studies.weights.trained_model import TrainedModel

GROUP: Final = 4
ZEROS: Final = 2


@dataclass(frozen=True, kw_only=True)
class SemiStructured(PruningChoice):
    """Set the two smallest of every four neighbouring weights along the input to zero (2:4 sparsity).

    Helps: GPUs with sparse tensor cores, up to twice as fast with a runtime that uses them; elsewhere only
        bytes after compression, as with any zeros.
    Hurts: on a CPU nothing runs faster; for bytes alone, free zeros cost less quality than this pattern at
    the same half.
    Source: Mishra et al. 2021, arXiv 2104.08378.
    """

    def prune(self, trained: TrainedModel, share: float = 1.0) -> None:
        """Zero half of each matrix and convolution whose input size is a multiple of four.

        Raises:
            CannotCompress: there is no such weight.
        """
        from studies.infeasible import CannotCompress
        from studies.weights.masks import zero_lowest
        from studies.weights.trained_model import weights_of

        weights, multiplied = list(weights_of(trained.model)), _multiplied(trained.model)
        fit = [
            weight
            for weight in weights
            if id(weight.parameter) in multiplied and weight.parameter.shape[1] % GROUP == 0
        ]
        if not fit:
            raise CannotCompress("it has no matrix or convolution with a multiple of four inputs")
        unfit = [weight.name for weight in weights if weight not in fit]
        note = f"no 2:4 pattern fits {', '.join(unfit)}"
        if unfit and note not in trained.notes:
            trained.notes.append(note)
        parameters = [weight.parameter for weight in fit]
        zero_lowest(parameters, [_scores(parameter) for parameter in parameters], ZEROS / GROUP, share=share)


def _multiplied(model: nn.Module) -> set[int]:
    """Return the ids of the weights whose second dimension is what a product sums over."""
    from torch import nn
    from torch.nn.utils.parametrize import is_parametrized

    ids = set()
    for module in model.modules():
        attribute = "in_proj_weight" if isinstance(module, nn.MultiheadAttention) else "weight"
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.MultiheadAttention):
            where: Any = module.parametrizations[attribute] if is_parametrized(module, attribute) else module  # type: ignore[index]
            ids.add(id(where.original if where is not module else getattr(module, attribute)))
    return ids


def _scores(weight: nn.Parameter) -> torch.Tensor:
    """Return the size of the two smallest of each four, and infinity for the other two."""
    import torch

    inputs_last = weight.detach().movedim(1, -1).abs()
    groups = inputs_last.reshape(-1, GROUP)
    largest = torch.argsort(groups, dim=1, stable=True)[:, ZEROS:]
    return groups.scatter(1, largest, torch.inf).view(inputs_last.shape).movedim(-1, 1)
