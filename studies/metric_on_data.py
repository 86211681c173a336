"""Metric on data: tried before the first trial, and called in the target's own units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from studies.errors import BadValue
from studies.metrics import LOSS
from studies.rows.nested import map_leaves, plain
from studies.workload_model import LOOKED_AT, first_outputs

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import nn

    from studies.data.dataset import Dataset
    from studies.metrics import Metric


def tried(metric: Metric, dataset: Dataset, module: nn.Module) -> Metric:
    """Return a metric as it is called on this data, once it has given a number for its validation rows.

    It is tried on random answers, then on the same answer for every row: there is always a metric that has no
    number for one of the two. Where targets are free, only a module of the model says what an answer is.

    Raises:
        BadValue: it has one for neither; the line is that for random answers.
    """
    import torch

    if metric.name == LOSS:
        return metric
    if dataset.free:
        from studies.data.rows import first_targets

        rows = first_targets(dataset.valid, LOOKED_AT)
        return metric.tried(*in_units(dataset, first_outputs(module, dataset), rows))
    targets = torch.from_numpy(dataset.valid.targets)
    answers = torch.randn((len(targets), dataset.outputs), generator=torch.Generator().manual_seed(0))
    try:
        return metric.tried(*in_units(dataset, answers, targets))
    except BadValue as error:
        try:
            return metric.tried(*in_units(dataset, same_answers(dataset), targets))
        except BadValue:
            raise error from None


def same_answers(dataset: Dataset) -> torch.Tensor:
    """Return outputs that answer every validation row with the classes' shares, or the mean."""
    import torch

    valid = torch.from_numpy(dataset.valid.targets)
    if dataset.task == "regression":
        return torch.zeros_like(valid)
    counts = np.bincount(dataset.train.targets, minlength=len(dataset.classes)) + 1e-6
    return torch.from_numpy(np.log(counts / counts.sum())).float().expand(len(valid), -1)


def in_units(dataset: Dataset, outputs: torch.Tensor, targets: Any) -> tuple[NDArray[Any], Any]:
    """Return copies of outputs and targets as arrays, in the target's own units."""
    predictions = outputs.float().cpu().numpy().copy()
    values = plain(map_leaves(targets, lambda tensor: tensor.cpu().numpy().copy()))
    if dataset.task != "regression":
        return predictions, values
    return (
        predictions * dataset.target_scale + dataset.target_mean,
        values * dataset.target_scale + dataset.target_mean,
    )
