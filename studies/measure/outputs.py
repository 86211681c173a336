"""Evaluation: a model's outputs on a split, with batch-norm statistics that belong to its weights."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from studies.data.rows import Inputs
from studies.forward import answer, main_output
from studies.own_loss import EVALUATED_ROWS, OwnLoss

EVALUATION_ROWS: Final = 512
"""Rows at a time: what a small net makes of so many stays in a core's cache (600 to 800 rows at once took
1.1 to 2.9 times as long on two of three nets, and as long on the third)."""
SETTLING_BATCHES: Final = 30
"""Batches over which batch-norm statistics are taken anew; the authors of Schedule-Free advise 20 to 50."""


@torch.no_grad()  # not inference_mode: what a model keeps of a pass would not serve its training
def outputs_of(model: nn.Module, inputs: Inputs) -> torch.Tensor:
    """Return the model's outputs, (rows, outputs), in evaluation mode."""
    model.eval()
    return torch.cat(
        [
            main_output(answer(model, inputs[start : start + EVALUATION_ROWS]))
            for start in range(0, len(inputs), EVALUATION_ROWS)
        ]
    )


@torch.no_grad()
def own_evaluation(
    model: nn.Module, loss: OwnLoss, inputs: Inputs, targets: Any, *, keep: bool
) -> tuple[float, torch.Tensor | None]:
    """Return the mean of an own loss over batches of a part, weighed by their rows, and the main outputs.

    Args:
        model: what is measured.
        loss: gets all that the model returns for a batch.
        inputs: of the part.
        targets: of the part.
        keep: whether the main outputs are wanted; they may be large, one for each pixel.
    """
    model.eval()
    total, main = 0.0, []
    for start in range(0, len(inputs), EVALUATED_ROWS):
        span = slice(start, start + EVALUATED_ROWS)
        rows = inputs[span]
        outputs = answer(model, rows)
        total += float(loss(outputs, targets[span])) * len(rows)
        if keep:
            main.append(main_output(outputs))
    return total / len(inputs), torch.cat(main) if keep else None


@torch.no_grad()
def settle(model: nn.Module, inputs: Inputs, batch_size: int) -> None:
    """Take batch-norm statistics anew, for weights that the model was not trained at.

    A model without batch norm stays as it is.
    """
    if not any(isinstance(module, _BatchNorm) for module in model.modules()):
        return
    model.train()
    size = max(batch_size, 2)
    for start in range(0, len(inputs), size)[:SETTLING_BATCHES]:
        rows = inputs[start : start + size]
        if len(rows) > 1:
            answer(model, rows)
