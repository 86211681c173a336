"""Validation: metric and loss on the validation split, and the weights of the best epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from studies.data.rows import tensors
from studies.direction import Direction
from studies.infeasible import Diverged
from studies.measure.model import latency_seconds, sparsity
from studies.measure.outputs import outputs_of, settle

if TYPE_CHECKING:
    from typing import Any

    import torch
    from torch import nn

    from studies.loaded_workload import LoadedWorkload


class Reading(NamedTuple):
    """Metric and loss of a model on the validation split, and a copy of its weights."""

    metric: float
    loss: float
    weights: dict[str, torch.Tensor]

    def beats(self, other: Reading | None, direction: Direction) -> bool:
        """Tell whether it is better: by metric, then by loss."""
        if other is None or direction.better(self.metric, other.metric):
            return True
        return self.metric == other.metric and self.loss < other.loss


def read(model: nn.Module, workload: LoadedWorkload, device: torch.device, *, epoch: int) -> Reading:
    """Measure the weights as they are on the validation split.

    Raises:
        Diverged: loss or metric is no number.
    """
    inputs, targets = tensors(workload.dataset, "valid", device)
    outputs = outputs_of(model, inputs)
    loss = float(workload.loss(outputs, targets))
    metric = workload.score(outputs, targets)
    if not (math.isfinite(loss) and math.isfinite(metric)):
        what = (
            f"the validation loss became {loss:.4g}"
            if not math.isfinite(loss)
            else f"the metric became {metric}"
        )
        raise Diverged(f"diverged in epoch {epoch}: {what}")
    return Reading(metric, loss, {key: value.detach().clone() for key, value in model.state_dict().items()})


def settle_norms(
    model: nn.Module, workload: LoadedWorkload, device: torch.device, *, batch_size: int
) -> None:
    """Take batch-norm statistics anew on training rows, for weights that the model was not trained at."""
    inputs, _ = tensors(workload.dataset, "train", device)
    settle(model, inputs, batch_size)


def whole_run(
    model: nn.Module, workload: LoadedWorkload, device: torch.device, *, test: bool
) -> dict[str, Any]:
    """Return the fields of a record that only a run that went to its end is worth: test quality, sparsity, latency.

    Args:
        model: with the weights of its best epoch.
        workload: what it was trained on.
        device: where.
        test: whether the test split may be looked at.
    """
    row = tensors(workload.dataset, "valid", device)[0][:1]
    return {
        "test_quality": _test_quality(model, workload, device) if test else None,
        "sparsity": sparsity(model), "latency_seconds": latency_seconds(model, row),
    }  # fmt: skip


def _test_quality(model: nn.Module, workload: LoadedWorkload, device: torch.device) -> float:
    """Return the metric of the weights as they are on the test split."""
    inputs, targets = tensors(workload.dataset, "test", device)
    return workload.score(outputs_of(model, inputs), targets)
