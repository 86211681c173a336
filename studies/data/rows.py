"""Rows of a split as tensors on a device, dense or kept sparse in memory."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch

from studies.data.dataset import Dataset, Part
from studies.data.mapped_rows import MappedRows, MappedTensors


class SparseRows:
    """Rows kept sparse in memory; those asked for come as a dense tensor on the device."""

    def __init__(self, matrix: Any, device: torch.device) -> None:
        self.matrix, self.device = matrix, device

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    def __getitem__(self, rows: slice | torch.Tensor) -> torch.Tensor:
        chosen = self.matrix[rows.cpu().numpy() if isinstance(rows, torch.Tensor) else rows]
        return torch.from_numpy(chosen.toarray()).to(self.device)


Inputs = torch.Tensor | SparseRows | MappedTensors


@lru_cache(maxsize=6)
def tensors(dataset: Dataset, part: str, device: torch.device) -> tuple[Inputs, torch.Tensor]:
    """Return inputs and targets of a split on the device.

    They are cached, since every trial of a study asks for the same.
    """
    split: Part = getattr(dataset, part)
    targets = torch.from_numpy(split.targets).to(device)
    if isinstance(split.inputs, MappedRows):
        return MappedTensors(split.inputs, device), targets
    if isinstance(split.inputs, np.ndarray):
        return torch.from_numpy(split.inputs).to(device), targets
    return SparseRows(split.inputs, device), targets


def first_rows(part: Part, rows: int) -> torch.Tensor:
    """Return a copy of the first rows of a part as a dense tensor on the CPU."""
    inputs = part.inputs[:rows]
    return torch.from_numpy(inputs.copy() if isinstance(inputs, np.ndarray) else inputs.toarray())
