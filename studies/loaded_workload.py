"""A workload: data, model, metric and seed; what is trained on and how it is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from studies import catalogue
from studies.choice import Choice
from studies.data.dataset import Dataset, built_ins, open_dataset
from studies.errors import BadWorkload, one_line
from studies.imports import load
from studies.metrics import Metric, metric
from studies.models import ModelChoice
from studies.models.custom import Custom
from studies.workload import Workload, model_choice
from studies.workload_spec import WorkloadSpec

if TYPE_CHECKING:
    import torch
    from torch import nn


Loss = Callable[..., "torch.Tensor"]

USUAL_MODELS: Final = {"table": "MLP", "image": "CNN", "text": "Bag", "signal": "Conv1D"}
"""The model for each kind of data when none is named."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedWorkload:
    """What is trained on and how it is judged."""

    dataset: Dataset
    model: ModelChoice
    metric: Metric
    seed: int = 0
    """Of the split, the initial weights and the order of the rows in the search; confirmation uses fresh
    ones."""
    source: str = ""
    """What the data was opened from, to open it again."""
    target: str | None = None
    """The target column of a table."""
    task: str = "auto"
    """The task as asked for; what it turned out to be is the dataset's."""
    class_weights: str = "none"
    """none | balanced: each class weighs as much as any other in the training loss."""

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
    ) -> Self:
        """Open data and model by name and check that they fit together.

        Raises:
            BadWorkload: data that cannot be trained on, or a model that does not return (rows, outputs).
            UnknownChoice: a dataset or model that is in no catalogue.
            BadValue: a metric that does not fit the task.
        """
        dataset = open_dataset(source, target=target, task=task, seed=seed)
        asked: dict[str, Any] = {
            "source": source,
            "target": target,
            "task": task,
            "class_weights": class_weights,
            "seed": seed,
        }
        return cls._checked(dataset, model, (metric_name, direction), asked)

    @classmethod
    def take(
        cls, given: Workload, *, source: str, model: Any = None, metric_name: str | None = None, direction: str | None = None,
        seed: int = 0,
    ) -> Self:  # fmt: skip
        """Open a workload that was given from code.

        Args:
            given: data, model and metric as objects.
            source: the name by which `given` is found again.
            model: takes the place of the given one.
            metric_name: takes the place of the given one.
            direction: takes the place of the given one.
            seed: as in `open`.

        Raises:
            StudyError: as in `open`.
        """
        asked: dict[str, Any] = {
            "source": source,
            "task": given.task,
            "class_weights": given.class_weights,
            "seed": seed,
        }
        judged_by = (metric_name or given.metric_name(), direction or given.direction)
        return cls._checked(given.dataset(seed), model or given.model, judged_by, asked)

    @classmethod
    def _checked(
        cls, dataset: Dataset, model: Any, judged_by: tuple[str | None, str | None], asked: dict[str, Any]
    ) -> Self:
        named = model_choice(model) or USUAL_MODELS[dataset.kind]
        chosen = named if isinstance(named, ModelChoice) else find_model(named)
        check_model(chosen, dataset)
        judged = metric(judged_by[0], dataset.task, judged_by[1])
        if asked["class_weights"] != "none" and dataset.task != "classification":
            raise BadWorkload("class weights need classes, and this is regression; leave --class-weights out")
        return cls(dataset=dataset, model=chosen, metric=judged, **asked)

    def spec(self) -> WorkloadSpec:
        """Return what `from_spec` needs to open the same workload again."""
        return WorkloadSpec(
            source=absolute(self.source), target=self.target, task=self.task, seed=self.seed,
            metric=absolute(self.metric.name), direction=self.metric.direction,
            model=self.model.name(), model_fields=self.model.fields(), digest=self.dataset.digest,
            class_weights=self.class_weights,
        )  # fmt: skip

    @classmethod
    def from_spec(cls, spec: WorkloadSpec) -> Self:
        """Open a workload again.

        Raises:
            BadWorkload: the data is not what it was; numbers measured on it could not be compared.
        """
        seed = spec.seed or 0
        own = load(spec.source) if ":" in spec.source else None
        dataset = (
            own.dataset(seed)
            if isinstance(own, Workload)
            else open_dataset(spec.source, target=spec.target, task=spec.task, seed=seed)
        )
        if dataset.digest != spec.digest:
            raise BadWorkload(
                f"{spec.source} has changed since the study began; start a new study, or bring the old file back"
            )
        model: Choice = catalogue.find("model", spec.model).from_fields(spec.model_fields or {})
        if not isinstance(model, ModelChoice):
            raise BadWorkload(f"{spec.model} is no model")
        check_model(model, dataset)
        judged = metric(spec.metric, dataset.task, spec.direction)
        return cls(
            dataset=dataset, model=model, metric=judged, seed=seed, source=spec.source, target=spec.target, task=spec.task,
            class_weights=spec.class_weights,
        )  # fmt: skip

    @property
    def name(self) -> str:
        """Return what the data is called."""
        return self.dataset.name

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the owner of the data should know, in sentences."""
        return self.dataset.notes

    @property
    def rows(self) -> int:
        """Return the number of training rows."""
        return self.dataset.train.rows

    @property
    def valid_rows(self) -> int | None:
        """Return the number of validation rows."""
        return self.dataset.valid.rows

    @property
    def loss(self) -> Loss:
        """Return the plain loss of (outputs, targets): cross-entropy of classes, squared error of numbers."""
        from torch.nn import functional

        return functional.cross_entropy if self.dataset.task == "classification" else functional.mse_loss

    def balance(self) -> NDArray[np.float32] | None:
        """Return the weight of each class in the training loss, 1 on average over the rows; None when all count alike."""
        if self.class_weights == "none":
            return None
        counts = np.bincount(self.dataset.train.targets, minlength=len(self.dataset.classes))
        return np.asarray(counts.sum() / (len(counts) * np.maximum(counts, 1)), dtype=np.float32)

    def build(self, model: ModelChoice) -> nn.Module:
        """Return a fresh module for this data; draws its weights from torch's global generator."""
        return model.build(self.dataset.inputs, self.dataset.outputs)

    def specimen(self, model: ModelChoice) -> nn.Module:
        """Return a module to look at; torch's global generator is left as it was."""
        import torch

        with torch.random.fork_rng(devices=[]):
            return self.build(model)

    def baseline(self) -> float | None:
        """Return the validation metric of a model that answers every row alike: by the classes' shares, or with the mean."""
        import torch

        train, valid = self.dataset.train.targets, torch.from_numpy(self.dataset.valid.targets)
        if self.dataset.task == "regression":
            return self.score(torch.zeros_like(valid), valid)
        counts = np.bincount(train, minlength=len(self.dataset.classes)) + 1e-6
        return self.score(
            torch.from_numpy(np.log(counts / counts.sum())).float().expand(len(valid), -1), valid
        )

    def score(self, outputs: torch.Tensor, targets: torch.Tensor) -> float:
        """Return the metric, in the target's own units."""
        predictions, values = outputs.float().cpu().numpy(), targets.cpu().numpy()
        if self.dataset.task == "regression":
            scale, mean = self.dataset.target_scale, self.dataset.target_mean
            predictions, values = predictions * scale + mean, values * scale + mean
        value = self.metric.score(predictions, values)
        return value if np.isfinite(value) else float("nan")


def absolute(source: str) -> str:
    """Return a path, or the path in `file.py:name`, as it is found from any directory; other names as they are."""
    path, colon, name = source.rpartition(":") if ".py:" in source else (source, "", "")
    where = Path(path).expanduser()
    return (
        f"{where.resolve()}{colon}{name}" if where.exists() and source.lower() not in built_ins() else source
    )


def find_model(name: str) -> ModelChoice:
    """Return a model by name, or the user's own by `module:name` or `file.py:name`."""
    if ":" in name:
        own = load(name)
        is_choice = isinstance(own, type) and issubclass(own, ModelChoice)
        found: Choice = catalogue.find("model", name)() if is_choice else Custom(factory=name)
    else:
        found = catalogue.find("model", name)()
    if not isinstance(found, ModelChoice):
        raise BadWorkload(f"{name} is no model")
    return found


def check_model(model: ModelChoice, dataset: Dataset) -> None:
    """Run two rows through the model.

    Raises:
        BadWorkload: it cannot be built for this data, has nothing to train, or returns another shape than
            (rows, outputs).
    """
    import torch

    from studies.data.rows import first_rows

    if not model.takes(dataset.inputs):
        raise BadWorkload(
            f"model {model.name()} does not take rows of shape {dataset.input_shape}; try --model mlp"
        )
    with torch.random.fork_rng(devices=[]):
        module = model.build(dataset.inputs, dataset.outputs).eval()
        rows = first_rows(dataset.train, 2)
        wanted = (len(rows), dataset.outputs)
        try:
            with torch.inference_mode():
                outputs = module(rows)
        except Exception as error:
            given = tuple(rows.shape)
            raise BadWorkload(
                f"model {model.name()} fails on inputs of shape {given}: {one_line(error)}"
            ) from error
    shape = tuple(outputs.shape) if isinstance(outputs, torch.Tensor) else type(outputs).__name__
    if shape != wanted:
        raise BadWorkload(
            f"model {_called(model)} returns {shape} for {len(rows)} rows; it must return {wanted}, a row of outputs each"
        )
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise BadWorkload(f"model {_called(model)} has no parameters to train")


def _called(model: ModelChoice) -> str:
    return model.factory if isinstance(model, Custom) else model.name()
