"""Model of a workload: found by its name, and checked on the data.

No trial begins with a model that cannot be built for the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from studies import catalogue
from studies.errors import BadWorkload, one_line
from studies.imports import load
from studies.models import ModelChoice
from studies.models.custom import Custom

if TYPE_CHECKING:
    from torch import nn

    from studies.data.dataset import Dataset

USUAL_MODELS: Final = {"table": "MLP", "image": "CNN", "text": "Bag", "signal": "Conv1D"}
"""The model for each kind of data when none is named."""


def find_model(name: str) -> ModelChoice:
    """Return a model by name, or the user's own by `module:name` or `file.py:name`."""
    if ":" in name:
        target = load(name)
        if not (isinstance(target, type) and issubclass(target, ModelChoice)):
            return Custom(factory=name)
    model = catalogue.find("model", name)()
    if not isinstance(model, ModelChoice):
        raise BadWorkload(f"{name} is no model")
    return model


def build_module(model: ModelChoice, dataset: Dataset) -> nn.Module:
    """Return a fresh module of a model for data; draws its weights from torch's global generator.

    Raises:
        BadWorkload: it cannot be made, or has parameters that are no real numbers.
    """
    from studies.data.rows import first_rows
    from studies.models.fitting import fitted

    module = model.build(dataset.inputs, dataset.outputs)
    return fitted(module, _name(model), lambda: first_rows(dataset.train, 2))


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
        module = build_module(model, dataset).eval()
        rows = first_rows(dataset.train, 2)
        expected = (len(rows), dataset.outputs)
        try:
            with torch.no_grad():
                outputs = module(rows)
        except Exception as error:
            raise BadWorkload(
                f"model {model.name()} fails on inputs of shape {tuple(rows.shape)}: {one_line(error)}"
            ) from error
    shape = tuple(outputs.shape) if isinstance(outputs, torch.Tensor) else type(outputs).__name__
    if shape != expected:
        raise BadWorkload(
            f"model {_name(model)} returns {shape} for {len(rows)} rows; "
            f"it must return {expected}, a row of outputs each"
        )
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise BadWorkload(f"model {_name(model)} has no parameters to train")


def _name(model: ModelChoice) -> str:
    return model.factory if isinstance(model, Custom) else model.name()
