"""Running of a model: its main outputs for encoded rows, a block of rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import nn

BLOCK_ROWS: Final = 4096
"""Rows a pass, as in the evaluation of a training run."""


def outputs_for(module: nn.Module, inputs: Any) -> NDArray[Any]:
    """Return the main outputs, (rows, ...), as float32.

    Args:
        module: in evaluation mode, on the CPU.
        inputs: an array, sparse rows or nested rows.
    """
    import torch

    from studies.forward import answer, main_output

    count = inputs.shape[0]
    with torch.no_grad():
        blocks = [
            main_output(answer(module, _tensors(inputs[start : start + BLOCK_ROWS]))).float().numpy()
            for start in range(0, count, BLOCK_ROWS)
        ]
    return np.concatenate(blocks) if len(blocks) > 1 else blocks[0]


def _tensors(rows: Any) -> Any:
    import torch

    from studies.rows.nested import map_leaves

    return map_leaves(rows.toarray() if hasattr(rows, "nnz") else rows, torch.from_numpy)
