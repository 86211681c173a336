"""Model of a workload: found by its name, and checked on the data.

No trial begins with a model that cannot be built for the data.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from studies import catalogue
from studies.errors import BadWorkload
from studies.imports import load, load_torch
from studies.models import ModelChoice
from studies.models.custom import Custom
from studies.rows.nested import map_leaves, plain
from studies.rows.reading import TURNED, note_reading
from studies.user_code import code_line

if TYPE_CHECKING:
    import torch
    from torch import nn

    from studies.data.dataset import Dataset
    from studies.own_loss import OwnLoss

Reader = Callable[[str, "bool | None"], "Dataset"]
"""Gives the data: how its shapes are taken, "" for the usual way, and whether its targets are free."""
LOOKED_AT: Final = 32
"""Rows whose outputs are looked at."""
CLOSE: Final = 1e-3
"""How near to one the sums of probabilities are, in 16 bits too."""
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


class Fit(NamedTuple):
    """Data and model that fit."""

    dataset: Dataset
    model: ModelChoice
    module: nn.Module
    """The module that was looked at: kept for further looks, as a build may take long."""
    one_tensor: bool
    """Whether the model returns a tensor, and no object, dict or tuple."""


def fitting(read: Reader, model: str | ModelChoice | None, own_loss: OwnLoss | None) -> Fit:
    """Return data and model that fit: the rows taken in the first of the ways there are that the model takes.

    Args:
        read: gives the data, its shapes and its targets taken in a way or in the usual one.
        model: a name or a choice; None for the usual one for the data.
        own_loss: the user's own, if any.

    Raises:
        BadWorkload: the model takes the rows in no way.
    """
    usual = read("", None)
    if (
        not isinstance(model, Custom) and TURNED in usual.other_readings
    ):  # our convolutions have channels first
        usual = _noted(read(TURNED, None))
    try:
        return _fit(model, usual, own_loss)
    except BadWorkload as refusal:
        for reading, free in _other_ways(usual, own_loss):
            with suppress(BadWorkload):
                return _fit(model, _noted(read(reading, free)), own_loss)
        if not usual.other_readings:
            raise
        tried = ", ".join((usual.reading, *usual.other_readings))
        raise BadWorkload(f"{refusal}; the rows were tried as {tried}: kind= or --kind names one") from None


def _is_own(model: str | ModelChoice | None) -> bool:
    return isinstance(model, Custom) or (isinstance(model, str) and ":" in model)


def _noted(dataset: Dataset) -> Dataset:
    """Return data with a note on how its shape was taken."""
    if not dataset.reading:
        return dataset
    return replace(dataset, notes=(*dataset.notes, note_reading(dataset.input_shape, dataset.reading)))


def _other_ways(first: Dataset, own_loss: OwnLoss | None) -> list[tuple[str, bool | None]]:
    """Return the other ways to take the data: shapes, and labels as an own loss gets them that came free."""
    ways: list[tuple[str, bool | None]] = [(reading, None) for reading in first.other_readings]
    if own_loss and first.classes:
        ways += [(reading, True) for reading in ("", *first.other_readings)]
    return ways


def _fit(model: str | ModelChoice | None, dataset: Dataset, own_loss: OwnLoss | None) -> Fit:
    """Return data and model, once two rows went through it.

    Raises:
        BadWorkload: as `check_model`.
    """
    load_torch()
    import torch

    own_form = dataset.kind == "mixed" or (dataset.free and not dataset.countable)
    if own_form and not _is_own(model):
        what = "several inputs a row" if dataset.kind == "mixed" else "targets of this form"
        raise BadWorkload(f"no model of the catalogue takes {what}; give model=, your own torch.nn.Module")
    chosen = find_model(model or USUAL_MODELS[dataset.kind]) if not isinstance(model, ModelChoice) else model
    module, outputs = check_model(chosen, dataset, own_loss)
    return Fit(dataset, chosen, module, isinstance(outputs, torch.Tensor))


def check_model(
    model: ModelChoice, dataset: Dataset, own_loss: OwnLoss | None = None
) -> tuple[nn.Module, Any]:
    """Run two rows through the model, and through the own loss; return the module and all that it returned.

    Raises:
        BadWorkload: it cannot be built for this data, has nothing to train, or returns another shape than
            (rows, outputs); an own loss fails, or gives no number that depends on the model.
    """
    load_torch()
    import torch

    from studies.data.rows import first_rows
    from studies.forward import main_output

    if not model.takes(dataset.inputs):
        raise BadWorkload(
            f"model {model.name()} does not take rows of shape {dataset.input_shape}; try --model mlp"
        )
    with torch.random.fork_rng(devices=[]):
        module = build_module(model, dataset).eval()
        rows = first_rows(dataset.train, 2)
        if not any(parameter.requires_grad for parameter in module.parameters()):
            raise BadWorkload(f"model {_name(model)} has no parameters to train")
        with torch.set_grad_enabled(own_loss is not None):
            outputs = _outputs(model, module, rows)
            if own_loss:
                _check_loss(own_loss, outputs, dataset)
    if dataset.free:
        return module, outputs
    main = main_output(outputs)
    expected = (len(rows), dataset.outputs)
    if tuple(main.shape) != expected:
        raise BadWorkload(
            f"model {_name(model)} returns {tuple(main.shape)} for {len(rows)} rows; "
            f"it must return {expected}, a row of outputs each"
        )
    return module, outputs


def _outputs(model: ModelChoice, module: nn.Module, rows: Any) -> Any:
    from studies.forward import answer

    try:
        return answer(module, rows)
    except Exception as error:
        shapes = plain(map_leaves(rows, lambda tensor: tuple(tensor.shape)))
        raise BadWorkload(
            f"model {_name(model)} fails on inputs of shape {shapes}: {code_line(error)}"
        ) from error


def _check_loss(loss: OwnLoss, outputs: Any, dataset: Dataset) -> None:
    import torch

    from studies.data.rows import first_targets

    targets = first_targets(dataset.train, 2)
    try:
        value = loss(outputs, targets)
    except Exception as error:
        forms = f"it was called with outputs {_form(outputs)} and targets {_form(plain(targets))}"
        raise BadWorkload(f"loss {loss.name} fails: {code_line(error)}; {forms}") from error
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        form = f"shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else type(value).__name__
        raise BadWorkload(
            f"loss {loss.name} returns {form}; it must return one number as a tensor, as .mean() does"
        )
    if not value.requires_grad:
        raise BadWorkload(
            f"loss {loss.name} does not depend on the model: its value has no gradient; "
            "compute it from the outputs with torch"
        )


def _form(values: Any) -> str:
    """Return what a loss was called with: the shape and type of each tensor."""
    return str(map_leaves(values, _leaf_form))


def _leaf_form(leaf: Any) -> str:
    if not hasattr(leaf, "shape"):
        return type(leaf).__name__
    return f"({', '.join(map(str, leaf.shape))}) of {str(leaf.dtype).removeprefix('torch.')}"


def remarks_on(fit: Fit, own_loss: OwnLoss | None) -> tuple[str, ...]:
    """Return what to know of an own model or loss, in sentences."""
    dataset, remarks = fit.dataset, []
    if own_loss and dataset.task == "regression":
        remarks.append("Your loss gets the targets standardised, with mean 0 and deviation 1.")
    if own_loss and dataset.classes and dataset.classes != tuple(map(str, range(len(dataset.classes)))):
        listed = ", ".join(dataset.classes[:10])
        remarks.append(f"Your loss gets the classes as whole numbers from 0 on, in the order {listed}.")
    if isinstance(fit.model, Custom) and (own_loss.takes_logits() if own_loss else dataset.classes):
        outputs, last = first_outputs(fit.module, dataset), list(fit.module.modules())[-1]
        remarks.append(squashed(outputs, last, elementwise=own_loss is not None and own_loss.elementwise()))
    return tuple(remark for remark in remarks if remark)


def first_outputs(module: nn.Module, dataset: Dataset) -> torch.Tensor:
    """Return a module's main outputs for the first validation rows."""
    import torch

    from studies.data.rows import first_rows
    from studies.forward import answer, main_output

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        return main_output(answer(module, first_rows(dataset.valid, LOOKED_AT))).float()


def squashed(outputs: torch.Tensor, last: nn.Module, *, elementwise: bool) -> str:
    """Return that outputs are no logits where logits are expected, and what follows; nothing for logits.

    Args:
        outputs: of real rows, (rows, outputs, ...).
        last: the module that returned them.
        elementwise: whether the loss has a sigmoid inside, not a softmax.
    """
    import torch

    if elementwise:
        if not isinstance(last, torch.nn.Sigmoid):
            return ""
        return (
            "The model ends in a Sigmoid, and the loss applies one more: it trains slowly; return the logits."
        )
    if outputs.ndim < 2 or outputs.shape[1] < 2:
        return ""
    if _sum_to_one(outputs):
        return (
            "The model returns probabilities, each row sums to one, and cross-entropy applies a softmax once "
            "more: it trains slowly; return the logits, without a Softmax at the end."
        )
    if _sum_to_one(outputs.exp()):
        return "The model returns log-probabilities; cross-entropy expects logits, but takes these as well."
    return ""


def _sum_to_one(outputs: torch.Tensor) -> bool:
    return bool((outputs >= 0).all() and (outputs.sum(dim=1) - 1).abs().max() < CLOSE)


def _name(model: ModelChoice) -> str:
    return model.factory if isinstance(model, Custom) else model.name()
