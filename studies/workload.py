"""Workload: data, model and metric as they come from code, before anything is split, encoded or built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studies import catalogue
from studies.errors import BadWorkload
from studies.imports import refer

if TYPE_CHECKING:
    from studies.data.dataset import Dataset
    from studies.models import ModelChoice
    from studies.split_by import SplitBy


@dataclass(frozen=True, kw_only=True, eq=False)
class Workload:
    """Workload from objects in memory.

    In a file of its own the same value is a command line's source: `advisor search work.py:workload`.

    Example:
        >>> import advisor
        >>> from sklearn.datasets import load_iris
        >>> from torch import nn
        >>> workload = advisor.Workload(
        ...     train=load_iris(return_X_y=True),
        ...     model=lambda inputs, outputs: nn.Linear(inputs, outputs),
        ...     metric="f1",
        ... )
        >>> study = advisor.search(workload, budget="2trials", epochs=3, tracking_uri="off")
    """

    train: Any
    """(inputs, targets) as arrays, tensors, pandas objects or scipy's sparse rows; a torch Dataset or
    DataLoader, read anew in every epoch where its rows change at each reading; a DataFrame or a Hugging Face
    dataset with a column called label, labels, target, targets or y. Inputs may be a dict or a tuple of
    arrays: the model is called with them by name or in order."""
    valid: Any = None
    """The same, to validate on, without augmentation; None draws it from `train`."""
    test: Any = None
    """The same, for the last word; None draws it from `train`."""
    model: Any = None
    """A built-in model's name; a torch.nn.Module class or a function that returns a module, called with
    (inputs, outputs) when it takes two arguments; a module, of which every trial trains a copy; None takes
    the usual one for the data. What `torch.compile` or DataParallel wrap is trained without them; a module of
    another float type keeps it, is called with it and answers in float32."""
    loss: Any = None
    """Your own training loss: a function of (outputs, targets), a torch.nn.Module or its class, or the name
    of one. It gets all that the model returns, and targets of any form as they came; the inputs where the
    targets are None. Where these are no classes, the usual metric is its mean over the validation rows."""
    metric: Any = None
    """A name such as "f1" or "recall_macro"; your own function of (outputs, targets) or (y_true, y_pred); an
    object of torchmetrics."""
    direction: str | None = None
    """maximize | minimize, of an own metric whose name or attribute `direction` does not say."""
    task: str = "auto"
    """auto | classification | regression"""
    kind: str | None = None
    """table | image | text | signal; None tells it from the shape, and from what the model takes."""
    class_weights: str = "none"
    """none | balanced"""
    missing: str | tuple[str, ...] = ()
    """Words of a table that mean a gap, beside None and an empty text; one, or several."""
    name: str = "data"
    steps_per_epoch: int | None = None
    """Of a stream, an IterableDataset: how many steps an epoch has. Its first rows are kept to validate on,
    unless `valid` is given; None reads it to its end."""

    def dataset(
        self,
        seed: int,
        split_by: SplitBy | None = None,
        *,
        centre_sparse: bool = False,
        metric: str | None = None,
        kind: str | None = None,
        free: bool | None = None,
    ) -> Dataset:
        """Split, by a column where one is named, and encode the data.

        Args:
            seed: of the split.
            split_by: the column that the split goes by; None for a random one.
            centre_sparse: whether sparse inputs are centred too, as studies of earlier versions were encoded.
            metric: takes the place of the workload's own.
            kind: takes the place of the workload's; "" reads shapes as versions did that wrote no kind.
            free: whether the targets reach the loss as they came; None where there is a loss and they are no
                classes.

        Raises:
            BadWorkload: data that cannot be trained on.
        """
        from studies.data.opening import from_arrays

        if free is None and (self.loss is None or self.task != "auto"):
            free = False

        return from_arrays(
            self.train,
            self.valid,
            self.test,
            task=self.task,
            kind=self.kind if kind is None else kind,
            free=free,
            seed=seed,
            name=self.name,
            centre_sparse=centre_sparse,
            split_by=split_by,
            steps_per_epoch=self.steps_per_epoch,
            missing=(self.missing,) if isinstance(self.missing, str) else self.missing,
            metric=metric or self.metric_name(),
        )

    def metric_name(self) -> str | None:
        """Return the metric's name, one for an own function made up where need be."""
        return self.metric if self.metric is None or isinstance(self.metric, str) else refer(self.metric)


def model_choice(model: Any) -> str | ModelChoice | None:
    """Return a model of any form as a name or a choice; None for none.

    Raises:
        BadWorkload: neither a name, a choice, a module, nor something that makes one.
    """
    from studies.models import ModelChoice

    if model is None or isinstance(model, (str, ModelChoice)):
        return model
    from torch import nn

    from studies.models.custom import Custom, copies_of

    if isinstance(model, nn.Module):
        return Custom(factory=refer(copies_of(model)))
    if isinstance(model, type) and issubclass(model, ModelChoice):
        if catalogue.choices("model").get(model.name()) is not model:
            model.reference = refer(model)
        return model()
    if callable(model):
        return Custom(factory=refer(model))
    raise BadWorkload(
        f"model is {type(model).__name__}; "
        "give a built-in model's name, a torch.nn.Module, its class, or a function of it"
    )
