"""Validation: metric and loss on the validation split, and the weights of the best epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from studies.data.rows import tensors
from studies.direction import Direction
from studies.infeasible import Diverged
from studies.measure.model import latency_seconds, sparsity
from studies.measure.outputs import outputs_of, own_evaluation, settle
from studies.metrics import LOSS
from studies.record import Measurement

if TYPE_CHECKING:
    from typing import Any

    import torch
    from torch import nn

    from studies.loaded_workload import LoadedWorkload


class Reading(NamedTuple):
    """Metric and loss of a model on the validation split."""

    metric: float
    loss: float

    def beats(self, other: Reading | None, direction: Direction) -> bool:
        """Tell whether it is better: by metric, then by loss."""
        if other is None or direction.better(self.metric, other.metric):
            return True
        return self.metric == other.metric and self.loss < other.loss

    def point(self, *, epoch: int, step: int, seconds: float, train_loss: float) -> Measurement:
        """Return it as a point of the learning curve."""
        return Measurement(
            epoch=epoch,
            step=step,
            seconds=seconds,
            train_loss=train_loss,
            valid_loss=self.loss,
            valid_metric=self.metric,
        )


class Best:
    """Best reading of a run so far, with a copy of the weights that it was of; none at first."""

    def __init__(self) -> None:
        self.reading: Reading | None = None
        self.weights: dict[str, torch.Tensor] = {}

    def take(self, reading: Reading, model: nn.Module, direction: Direction) -> None:
        """Take a reading and copy the model's weights, if it is better."""
        if not reading.beats(self.reading, direction):
            return
        self.reading = reading
        weights = {name: tensor.detach() for name, tensor in model.state_dict().items()}
        if _forms(weights) != _forms(self.weights):
            self.weights = {name: tensor.clone() for name, tensor in weights.items()}
            return
        for name, tensor in weights.items():
            self.weights[name].copy_(tensor)


def _forms(weights: dict[str, torch.Tensor]) -> dict[str, Any]:
    """Return what a copy must share with weights to be copied into."""
    return {name: (tensor.shape, tensor.dtype, tensor.layout) for name, tensor in weights.items()}


def read(
    model: nn.Module,
    workload: LoadedWorkload,
    device: torch.device,
    *,
    epoch: int,
    settling_rows: int | None = None,
) -> Reading:
    """Measure the weights as they are on the validation split.

    Args:
        model: what is measured.
        workload: what it is trained on.
        device: where.
        epoch: for the message.
        settling_rows: rows a batch to take batch-norm statistics anew with, for weights that the model was
            not trained at; None leaves them.

    Raises:
        Diverged: loss or metric is no number.
    """
    if settling_rows is not None:
        settle(model, tensors(workload.dataset, "train", device)[0], settling_rows)
    loss, metric = _measured(model, workload, "valid", device)
    if not (math.isfinite(loss) and math.isfinite(metric)):
        name, value = ("metric", f"{metric}") if math.isfinite(loss) else ("validation loss", f"{loss:.4g}")
        raise Diverged(f"diverged in epoch {epoch}: the {name} became {value}")
    return Reading(metric, loss)


def whole_run(
    model: nn.Module, workload: LoadedWorkload, device: torch.device, *, test: bool
) -> dict[str, Any]:
    """Return the fields of a record that only whole runs have: test quality, sparsity, latency.

    Args:
        model: with the weights of its best epoch.
        workload: what it was trained on.
        device: where.
        test: whether the test split may be looked at.
    """
    row = tensors(workload.dataset, "valid", device)[0][:1]
    return {
        "test_quality": _test_quality(model, workload, device) if test else None,
        "sparsity": sparsity(model),
        "latency_seconds": latency_seconds(model, row),
    }


def _test_quality(model: nn.Module, workload: LoadedWorkload, device: torch.device) -> float:
    """Return the metric of the weights as they are on the test split."""
    return _measured(model, workload, "test", device)[1]


def _measured(
    model: nn.Module, workload: LoadedWorkload, part: str, device: torch.device
) -> tuple[float, float]:
    """Return loss and metric on a part."""
    inputs, targets = tensors(workload.dataset, part, device)
    if workload.own_loss is None:
        outputs = outputs_of(model, inputs)
        loss = float(workload.loss(outputs, targets))
        return loss, loss if workload.metric.name == LOSS else workload.score(outputs, targets)
    scored = workload.metric.name != LOSS
    loss, main = own_evaluation(model, workload.own_loss, inputs, targets, keep=scored)
    return loss, loss if main is None else workload.score(main, targets)
