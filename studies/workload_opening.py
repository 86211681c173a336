"""Opening of workloads: by names and paths, from code, or again from a study's journal."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from studies import catalogue
from studies.choice import Choice
from studies.data.columns import READING
from studies.data.dataset import Dataset
from studies.data.opening import open_dataset
from studies.datasets.files import names_code
from studies.errors import BadValue, BadWorkload
from studies.imports import load
from studies.loaded_workload import LoadedWorkload, absolute
from studies.metric_on_data import tried
from studies.metrics import metric, metric_task
from studies.models import ModelChoice
from studies.own_loss import OwnLoss, plain_name
from studies.split_by import SplitBy
from studies.storage.workload_spec import WorkloadSpec
from studies.workload import Workload, model_choice
from studies.workload_model import Reader, check_model, fitting, remarks_on

USUAL_LOSS: Final = "the usual one"


def open_source(  # noqa: PLR0913 - what a command line says of a workload
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
) -> LoadedWorkload:
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
    return _checked(
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


def workload_from_code(  # noqa: PLR0913 - what a command line may say of it too
    workload: Workload,
    *,
    source: str,
    model: Any = None,
    metric_name: str | None = None,
    direction: str | None = None,
    seed: int = 0,
    split_by: SplitBy | None = None,
    kind: str | None = None,
) -> LoadedWorkload:
    """Load a workload from code.

    Args:
        workload: data, model and metric as objects.
        source: the name by which it is found again.
        model: takes the place of the workload's.
        metric_name: takes the place of the workload's.
        direction: takes the place of the workload's.
        seed: as in `open_source`.
        split_by: as in `open_source`.
        kind: takes the place of the workload's.

    Raises:
        StudyError: as in `open_source`.
    """
    return _checked(
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


def _checked(
    read: Reader,
    model: Any,
    metric_and_direction: tuple[str | None, str | None],
    **settings: Any,
) -> LoadedWorkload:
    """Choose the model and the metric, and check that they fit the data."""
    own_loss = settings.get("own_loss")
    fit = fitting(read, model_choice(model), own_loss)
    dataset = fit.dataset
    metric_name, direction = metric_and_direction
    _check_task(metric_name, dataset, settings["task"])
    if settings["class_weights"] != "none" and (dataset.task != "classification" or own_loss):
        why = "your own loss weighs nothing by them" if own_loss else "this is regression"
        raise BadWorkload(f"class weights need classes, and {why}; leave --class-weights out")
    chosen_metric = tried(metric(metric_name, dataset.task, direction), dataset, fit.module)
    return LoadedWorkload(
        dataset=dataset,
        model=fit.model,
        metric=chosen_metric,
        plain=fit.one_tensor and own_loss is None and dataset.kind != "mixed",
        remarks=remarks_on(fit, own_loss),
        **settings,
    )


def reopen_workload(spec: WorkloadSpec) -> LoadedWorkload:
    """Open a workload again.

    Raises:
        BadWorkload: the data is not what it was; numbers measured on it could not be compared.
    """
    named = load(spec.source) if names_code(spec.source) else None
    workload = named if isinstance(named, Workload) else None
    dataset = _dataset_again(spec, workload)
    if dataset.digest != spec.digest and spec.reading != READING and dataset.columns:
        raise BadWorkload(
            f"this version reads the columns of {spec.source} otherwise than the one "
            "that began the study, or the file has changed; start a new study"
        )
    if dataset.digest != spec.digest:
        raise BadWorkload(
            f"{spec.source} has changed since the study began; start a new study, or bring the old file back"
        )
    model: Choice = catalogue.find("model", spec.model).from_fields(spec.model_fields or {})
    if not isinstance(model, ModelChoice):
        raise BadWorkload(f"{spec.model} is no model")
    own_loss = _loss_again(spec, workload)
    module, _ = check_model(model, dataset, own_loss)
    return LoadedWorkload(
        dataset=dataset,
        model=model,
        metric=tried(metric(spec.metric, dataset.task, spec.direction), dataset, module),
        own_loss=own_loss,
        plain=spec.plain,
        seed=spec.seed or 0,
        source=spec.source,
        target=spec.target,
        task=spec.task,
        class_weights=spec.class_weights,
        split_by=spec.split_by,
        missing=spec.missing,
    )


def _dataset_again(spec: WorkloadSpec, workload: Workload | None) -> Dataset:
    """Read the data again, as it was read first."""
    settings: dict[str, Any] = {
        "seed": spec.seed or 0,
        "split_by": spec.split_by,
        "centre_sparse": spec.centre_sparse,
        "metric": spec.metric,
        "kind": spec.kind,
    }
    if workload:
        return workload.dataset(free=spec.free, **settings)
    return open_dataset(spec.source, target=spec.target, task=spec.task, missing=spec.missing, **settings)


def _loss_again(spec: WorkloadSpec, workload: Workload | None) -> OwnLoss | None:
    """Return the own loss, if any.

    Raises:
        BadWorkload: it is another one than the study began with.
    """
    own_loss = OwnLoss.of(workload.loss) if workload else None
    name = absolute(own_loss.name) if own_loss else ""
    if plain_name(name) != plain_name(spec.loss):
        raise BadWorkload(
            f"the loss is {name or USUAL_LOSS}, and the study began with {spec.loss or USUAL_LOSS}; "
            "start a new study, or bring the old loss back"
        )
    return own_loss


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
