"""Loaded workload: data, model, metric and seed; what is trained on and how it is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from studies.data.columns import READING
from studies.data.dataset import Dataset, redrawn
from studies.data.opening import built_ins
from studies.datasets.files import Place, expanded, is_pattern
from studies.errors import BadValue, BadWorkload
from studies.forward import main_output
from studies.metric_on_data import in_units, same_answers
from studies.metrics import LOSS, Metric
from studies.models import ModelChoice
from studies.own_loss import OwnLoss
from studies.rows.free import OWN
from studies.split_by import SplitBy
from studies.storage.workload_spec import WorkloadSpec
from studies.workload_model import build_module, check_model

if TYPE_CHECKING:
    import torch
    from torch import nn

    from studies.column_reading import ColumnReading

Loss = Callable[..., "torch.Tensor"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedWorkload:
    """Workload that can be trained on: data, model, metric and seed."""

    dataset: Dataset
    model: ModelChoice
    metric: Metric
    seed: int = 0
    """Of the split, the initial weights and the order of the rows in the search; confirmation uses fresh ones
    for all three."""
    source: str = ""
    """What the data was opened from, to open it again."""
    target: str | None = None
    """The target column of a table."""
    task: str = "auto"
    """The task as asked for; what it turned out to be is the dataset's."""
    class_weights: str = "none"
    """none | balanced: each class weighs as much as any other in the training loss."""
    split_by: SplitBy = field(default_factory=SplitBy)
    """The column that the split goes by, if any."""
    missing: tuple[str, ...] = ()
    """Words of a table that mean a gap, beside an empty field."""
    plain: bool = True
    """Whether it has one input a row, one tensor as output and the usual loss: what compression needs."""
    own_loss: OwnLoss | None = None
    """The user's own training loss; None for the task's usual one."""
    remarks: tuple[str, ...] = ()
    """What the owner of the model should know, in sentences."""

    def spec(self) -> WorkloadSpec:
        """Return what opens the same workload again."""
        return WorkloadSpec(
            source=absolute(self.source),
            target=self.target,
            task=self.task,
            seed=self.seed,
            metric=absolute(self.metric.name),
            direction=self.metric.direction,
            model=self.model.name(),
            model_fields=self.model.fields(),
            digest=self.dataset.digest,
            class_weights=self.class_weights,
            centre_sparse=self.dataset.centre_sparse,
            time=self.split_by.time,
            group=self.split_by.group,
            split=self.split_by.split,
            missing=self.missing,
            reading=READING,
            kind=self.dataset.reading,
            loss=absolute(self.own_loss.name) if self.own_loss else "",
            free=self.dataset.free,
            plain=self.plain,
        )

    def split_seed(self, seed: int) -> int | None:
        """Return the seed if a split can be drawn by it that the model takes, else None.

        A model of the user's own may be made for as many columns as the study's own split has.
        """
        dataset = redrawn(self.dataset, seed)
        if dataset is None:
            return None
        try:
            check_model(self.model, dataset, self.own_loss)
        except BadWorkload:
            return None
        return seed

    def on_split(self, split_seed: int | None) -> Self:
        """Return the workload on the split that `split_seed` allowed; None for the study's own."""
        dataset = None if split_seed is None else redrawn(self.dataset, split_seed)
        return self if dataset is None else replace(self, dataset=dataset)

    def on_all_rows(self) -> Self | None:
        """Return the workload with the rows that validate among those that train; None where it cannot be.

        What its inputs are scaled by is fitted on all of them.
        """
        joined = self.dataset.joined
        return None if joined is None else replace(self, dataset=joined())

    def on_sample(self, rows: int | None) -> Self:
        """Return the workload with so many of its training rows; None for all."""
        if rows is None:
            return self
        from studies.data.sampling import sampled

        return replace(self, dataset=sampled(self.dataset, rows))

    @property
    def name(self) -> str:
        """Return what the data is called."""
        return self.dataset.name

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the owner of the data should know, in sentences."""
        return (*self.dataset.notes, *self.remarks, *filter(None, [self.metric.note]))

    @property
    def columns(self) -> tuple[ColumnReading, ...]:
        """Return what each column of a table became."""
        return self.dataset.columns

    @property
    def resplittable(self) -> bool:
        """Tell whether another seed may draw another split."""
        return self.dataset.redraw is not None

    @property
    def rows(self) -> int:
        """Return the number of training rows."""
        return self.dataset.train.rows

    def steps_per_epoch(self, batch_size: int) -> int:
        """Return the steps in one pass: a last batch of one row is left out, batch norm cannot take it."""
        if (fresh := self.dataset.fresh) and fresh.steps:
            return fresh.steps
        whole, rest = divmod(fresh.epoch_rows if fresh else self.rows, batch_size)
        return whole + (rest > 1 or (rest == 1 and whole == 0))

    @property
    def valid_rows(self) -> int | None:
        """Return the number of validation rows."""
        return self.dataset.valid.rows

    @property
    def loss(self) -> Loss:
        """Return the plain loss of (outputs, targets): cross-entropy of classes, squared error of numbers.

        An own loss takes its place.
        """
        from torch.nn import functional

        if self.own_loss:
            return self.own_loss

        return functional.cross_entropy if self.dataset.task == "classification" else functional.mse_loss

    def training_loss(self, device: torch.device) -> Loss:
        """Return the loss that is trained on: the plain one, classes weighted if they are to be."""
        import torch
        from torch.nn import functional

        if self.own_loss:
            return self.own_loss.on(device)
        if (balance := self.balance()) is None:
            return self.loss
        return partial(functional.cross_entropy, weight=torch.from_numpy(balance).to(device))

    def for_loss(self, outputs: Any) -> Any:
        """Return what the loss gets of a model's outputs: an own loss everything, else the main output."""
        return outputs if self.own_loss else main_output(outputs)

    @property
    def loss_task(self) -> str:
        """Return the task as far as the loss goes: own for an own loss, whatever the targets are."""
        return OWN if self.own_loss else self.dataset.task

    @property
    def usual(self) -> bool:
        """Tell whether it has one input a row and the usual loss: what models beside it need."""
        return self.own_loss is None and self.dataset.kind != "mixed"

    def balance(self) -> NDArray[np.float32] | None:
        """Return the weight of each class in the training loss, 1 on average over the rows.

        None when all count alike.
        """
        if self.class_weights == "none":
            return None
        counts = np.bincount(self.dataset.train.targets, minlength=len(self.dataset.classes))
        return np.asarray(counts.sum() / (len(counts) * np.maximum(counts, 1)), dtype=np.float32)

    def build(self, model: ModelChoice) -> nn.Module:
        """Return a fresh module for this data; draws its weights from torch's global generator.

        One of the user's own works on copies of the rows, which stay as they are whatever it does to them.
        """
        from studies.nn.input_copies import on_copies

        module = build_module(model, self.dataset)
        return on_copies(module) if model.is_users else module

    def specimen(self, model: ModelChoice) -> nn.Module:
        """Return a module to look at; torch's global generator is left as it was."""
        import torch

        with torch.random.fork_rng(devices=[]):
            return self.build(model)

    def baseline(self) -> float | None:
        """Return the validation metric of a model that answers every row alike.

        It answers by the classes' shares, or with the mean; None where the metric has no number for that, and
        for an own loss, of which nothing says what a constant is.
        """
        import torch

        if self.dataset.free or self.metric.name == LOSS:
            return None
        try:
            return self.score(same_answers(self.dataset), torch.from_numpy(self.dataset.valid.targets))
        except BadValue:
            return None

    def score(self, outputs: torch.Tensor, targets: Any) -> float:
        """Return the metric, in the target's own units."""
        value = self.metric.score(*in_units(self.dataset, outputs, targets))
        return value if np.isfinite(value) else float("nan")


def absolute(source: str) -> str:
    """Return a path, or the one in `file.py:name`, as any directory finds it; other names as they are."""
    if source.lower() in built_ins():
        return source
    place = Place.of(source)
    if is_pattern(place.path):
        return str(place.path.absolute()) if place.ending else source
    path, colon, name = source.rpartition(":") if ".py:" in source else (str(place.path), "", "")
    if place.part:
        colon, name = ":", place.part
    file = expanded(path)
    return f"{file.resolve()}{colon}{name}" if file.exists() else source
