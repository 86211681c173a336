"""A model's outputs on a split, with batch-norm statistics that belong to its weights."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from studies.data import Dataset, Part

EVALUATION_ROWS: Final = 4096
SETTLING_BATCHES: Final = 30
"""Batches over which batch-norm statistics are taken anew; the authors of Schedule-Free advise 20 to 50."""


class SparseRows:
    """Rows kept sparse in memory; those asked for come as a dense tensor on the device."""

    def __init__(self, matrix: Any, device: torch.device) -> None:
        self.matrix, self.device = matrix, device

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    def __getitem__(self, rows: slice | torch.Tensor) -> torch.Tensor:
        chosen = self.matrix[rows.cpu().numpy() if isinstance(rows, torch.Tensor) else rows]
        return torch.from_numpy(chosen.toarray()).to(self.device)


Inputs = torch.Tensor | SparseRows


@lru_cache(maxsize=6)
def tensors(dataset: Dataset, part: str, device: torch.device) -> tuple[Inputs, torch.Tensor]:
    """Return inputs and targets of a split on the device; kept, since every trial of a study asks for the same."""
    split: Part = getattr(dataset, part)
    targets = torch.from_numpy(split.targets).to(device)
    if isinstance(split.inputs, np.ndarray):
        return torch.from_numpy(split.inputs).to(device), targets
    return SparseRows(split.inputs, device), targets


def first_rows(part: Part, rows: int) -> torch.Tensor:
    """Return the first rows of a part as a dense tensor on the CPU, whatever the form they are kept in."""
    inputs = part.inputs[:rows]
    return torch.from_numpy(inputs if isinstance(inputs, np.ndarray) else inputs.toarray())


@torch.inference_mode()
def outputs_of(model: nn.Module, inputs: Inputs) -> torch.Tensor:
    """Return the model's outputs, (rows, outputs), in evaluation mode."""
    model.eval()
    return torch.cat([model(inputs[start : start + EVALUATION_ROWS]) for start in range(0, len(inputs), EVALUATION_ROWS)])


@torch.no_grad()
def settle(model: nn.Module, inputs: Inputs, batch_size: int) -> None:
    """Take batch-norm statistics anew, for weights that the model was not trained at; nothing without batch norm."""
    if not any(isinstance(module, _BatchNorm) for module in model.modules()):
        return
    model.train()
    size = max(batch_size, 2)
    for start in range(0, len(inputs), size)[:SETTLING_BATCHES]:
        rows = inputs[start : start + size]
        if len(rows) > 1:
            model(rows)
