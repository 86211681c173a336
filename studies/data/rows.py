"""Rows of a split as tensors on a device, dense or kept sparse in memory."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch

from studies.data.dataset import Dataset, Part
from studies.data.mapped_rows import MappedRows, MappedTensors
from studies.rows.nested import NestedRows, map_leaves


class SparseRows:
    """Rows kept sparse in memory; those asked for come as a dense tensor on the device."""

    def __init__(self, matrix: Any, device: torch.device) -> None:
        self.matrix, self.device = matrix, device

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    def __getitem__(self, rows: slice | torch.Tensor) -> torch.Tensor:
        chosen = self.matrix[rows.cpu().numpy() if isinstance(rows, torch.Tensor) else rows]
        return torch.from_numpy(chosen.toarray()).to(self.device)


Inputs = Any  # a tensor, sparse rows, or nested rows of tensors; some of them are taken by their positions


@lru_cache(maxsize=6)
def tensors(dataset: Dataset, part: str, device: torch.device) -> tuple[Inputs, Any]:
    """Return inputs and targets of a split on the device.

    They are cached, since every trial of a study asks for the same.
    """
    split: Part = getattr(dataset, part)
    if split.targets is split.inputs:
        inputs = on_device(split.inputs, device)
        return inputs, inputs
    targets = on_device(split.targets, device)
    if isinstance(split.inputs, MappedRows):
        return MappedTensors(split.inputs, device), targets
    if isinstance(split.inputs, np.ndarray | NestedRows):
        return on_device(split.inputs, device), targets
    return SparseRows(split.inputs, device), targets


def first_rows(part: Part, rows: int) -> Any:
    """Return a copy of the first rows of a part as dense tensors on the CPU."""
    inputs = part.inputs[:rows]
    if isinstance(inputs, np.ndarray | NestedRows):
        return on_device(map_leaves(inputs, np.copy), torch.device("cpu"))
    return torch.from_numpy(inputs.toarray())


def first_targets(part: Part, rows: int) -> Any:
    """Return the first targets of a part as tensors on the CPU."""
    return on_device(map_leaves(part.targets[:rows], np.copy), torch.device("cpu"))


def on_device(rows: Any, device: torch.device) -> Any:
    """Return rows of any form as tensors on a device."""
    return map_leaves(rows, lambda array: torch.from_numpy(array).to(device))
