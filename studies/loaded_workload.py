"""Loaded workload: data, model, metric and seed; what is trained on and how it is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from studies import catalogue
from studies.choice import Choice
from studies.data.columns import READING
from studies.data.dataset import Dataset, built_ins, open_dataset, redrawn
from studies.datasets.files import Place, expanded, is_pattern, names_file
from studies.errors import BadValue, BadWorkload
from studies.forward import main_output
from studies.imports import load
from studies.metric_on_data import in_units, same_answers, tried
from studies.metrics import LOSS, Metric, metric, metric_task
from studies.models import ModelChoice
from studies.own_loss import OwnLoss, plain_name
from studies.rows.free import OWN
from studies.split_by import SplitBy
from studies.storage.workload_spec import WorkloadSpec
from studies.workload import Workload, model_choice
from studies.workload_model import Reader, build_module, check_model, fitting, remarks_on

if TYPE_CHECKING:
    import torch
    from torch import nn

    from studies.column_reading import ColumnReading

Loss = Callable[..., "torch.Tensor"]
USUAL_LOSS: Final = "the usual one"


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

    @classmethod
    def open(  # noqa: PLR0913 - what a command line says of a workload
        cls,
        source: str,
        *,
        target: str | None = None,
        model: str | None = None,
        metric_name: str | None = None,
        task: str = "auto",
        class_weights: str = "none",
        direction: str | None = None,
        seed: int = 0,
        split_by: SplitBy | None = None,
        missing: tuple[str, ...] = (),
        kind: str | None = None,
    ) -> Self:
        """Open data and model by name and check that they fit together.

        Raises:
            BadWorkload: data that cannot be trained on, or a model that does not return (rows, outputs).
            UnknownChoice: a dataset or model that is in no catalogue.
            BadValue: a metric that does not fit the task.
        """
        read = partial(
            open_dataset,
            source,
            target=target,
            task=task,
            seed=seed,
            split_by=split_by,
            missing=missing,
            metric=metric_name,
        )
        return cls._checked(
            lambda reading, free: read(kind=reading or kind),
            model,
            (metric_name, direction),
            source=source,
            target=target,
            task=task,
            class_weights=class_weights,
            seed=seed,
            split_by=split_by or SplitBy(),
            missing=missing,
        )

    @classmethod
    def from_workload(  # noqa: PLR0913 - what a command line may say of it too
        cls,
        workload: Workload,
        *,
        source: str,
        model: Any = None,
        metric_name: str | None = None,
        direction: str | None = None,
        seed: int = 0,
        split_by: SplitBy | None = None,
        kind: str | None = None,
    ) -> Self:
        """Load a workload from code.

        Args:
            workload: data, model and metric as objects.
            source: the name by which it is found again.
            model: takes the place of the workload's.
            metric_name: takes the place of the workload's.
            direction: takes the place of the workload's.
            seed: as in `open`.
            split_by: as in `open`.
            kind: takes the place of the workload's.

        Raises:
            StudyError: as in `open`.
        """
        return cls._checked(
            lambda reading, free: workload.dataset(
                seed, split_by, metric=metric_name, kind=reading or kind, free=free
            ),
            model or workload.model,
            (metric_name or workload.metric_name(), direction or workload.direction),
            source=source,
            task=workload.task,
            class_weights=workload.class_weights,
            seed=seed,
            split_by=split_by or SplitBy(),
            own_loss=OwnLoss.of(workload.loss),
        )

    @classmethod
    def _checked(
        cls,
        read: Reader,
        model: Any,
        metric_and_direction: tuple[str | None, str | None],
        **settings: Any,
    ) -> Self:
        """Choose the model and the metric, and check that they fit the data."""
        own_loss = settings.get("own_loss")
        dataset, chosen, one_tensor = fitting(read, model_choice(model), own_loss)
        metric_name, direction = metric_and_direction
        _check_task(metric_name, dataset, settings["task"])
        if settings["class_weights"] != "none" and (dataset.task != "classification" or own_loss):
            why = "your own loss weighs nothing by them" if own_loss else "this is regression"
            raise BadWorkload(f"class weights need classes, and {why}; leave --class-weights out")
        chosen_metric = tried(metric(metric_name, dataset.task, direction), dataset, chosen)
        return cls(
            dataset=dataset,
            model=chosen,
            metric=chosen_metric,
            plain=one_tensor and own_loss is None and dataset.kind != "mixed",
            remarks=remarks_on(chosen, dataset, own_loss),
            **settings,
        )

    def spec(self) -> WorkloadSpec:
        """Return what `from_spec` needs to open the same workload again."""
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

    @classmethod
    def from_spec(cls, spec: WorkloadSpec) -> Self:
        """Open a workload again.

        Raises:
            BadWorkload: the data is not what it was; numbers measured on it could not be compared.
        """
        seed = spec.seed or 0
        workload = load(spec.source) if ":" in spec.source and not names_file(spec.source) else None
        dataset = (
            workload.dataset(
                seed,
                spec.split_by,
                centre_sparse=spec.centre_sparse,
                metric=spec.metric,
                kind=spec.kind,
                free=spec.free,
            )
            if isinstance(workload, Workload)
            else open_dataset(
                spec.source,
                target=spec.target,
                task=spec.task,
                seed=seed,
                centre_sparse=spec.centre_sparse,
                split_by=spec.split_by,
                missing=spec.missing,
                metric=spec.metric,
                kind=spec.kind,
            )
        )
        if dataset.digest != spec.digest and spec.reading != READING and dataset.columns:
            raise BadWorkload(
                f"this version reads the columns of {spec.source} otherwise than the one "
                "that began the study, or the file has changed; start a new study"
            )
        own_loss = OwnLoss.of(workload.loss) if isinstance(workload, Workload) else None
        if dataset.digest != spec.digest:
            raise BadWorkload(
                f"{spec.source} has changed since the study began; "
                "start a new study, or bring the old file back"
            )
        model: Choice = catalogue.find("model", spec.model).from_fields(spec.model_fields or {})
        if not isinstance(model, ModelChoice):
            raise BadWorkload(f"{spec.model} is no model")
        named = absolute(own_loss.name) if own_loss else ""
        if plain_name(named) != plain_name(spec.loss):
            raise BadWorkload(
                f"the loss is {named or USUAL_LOSS}, and the study began with {spec.loss or USUAL_LOSS}; "
                "start a new study, or bring the old loss back"
            )
        check_model(model, dataset, own_loss)
        return cls(
            dataset=dataset,
            model=model,
            metric=tried(metric(spec.metric, dataset.task, spec.direction), dataset, model),
            own_loss=own_loss,
            plain=spec.plain,
            seed=seed,
            source=spec.source,
            target=spec.target,
            task=spec.task,
            class_weights=spec.class_weights,
            split_by=spec.split_by,
            missing=spec.missing,
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


def _check_task(metric_name: str | None, dataset: Dataset, task: str) -> None:
    """Raise BadValue for a metric of the other task, with the option that settles it."""
    if dataset.task == "own" or (wanted := metric_task(metric_name)) in {None, dataset.task}:
        return
    usual = {"classification": "accuracy", "regression": "rmse"}[dataset.task]
    way = f"--task {wanted}" if task != "auto" else f"a target for {wanted}"
    raise BadValue(
        f"metric '{metric_name}' is one for {wanted}, and this is {dataset.task}; "
        f"use {way}, or a metric for {dataset.task} such as --metric {usual}"
    )


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
