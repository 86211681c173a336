"""Parts of a script: the source of model, optimizer, schedule, loss, metric and what is attached.

    parts = parts_of(recipe, workload)
    parts.text                 # imports and definitions: build_model, build_optimizer, lr_factor, ...
    parts.attachments          # ("label_smoothing",): functions of the run, to be called in this order

Every style of script puts the same parts into a loop of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studies.imports import load
from studies.loaded_workload import LoadedWorkload
from studies.metrics import LOSS, METRICS
from studies.models.custom import Custom, arguments_of
from studies.optimizers import OptimizerChoice
from studies.precisions import BF16
from studies.rungs import measured_epochs
from studies.script.definitions import OURS, Definitions
from studies.script.literals import CannotWrite, literal
from studies.script.optimizer import write_optimizer

if TYPE_CHECKING:
    from studies.choice import Choice
    from studies.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Parts of one script."""

    imports: tuple[str, ...]
    """Lines, sorted."""
    definitions: str
    """Everything that is defined, in an order in which it can stand."""
    optimizer: str
    """Name of the optimizer's choice."""
    loss: str
    """Expression of the training loss, a function of (outputs, targets)."""
    valid_loss: str
    """Expression of the plain loss, which validation is measured by."""
    metric: str
    """Name of the function of (outputs, targets) as arrays; empty where the loss is the metric."""
    maximize: bool
    attachments: tuple[str, ...] = ()
    """Names of the functions that attach to the run, in their order."""
    uses: frozenset[str] = frozenset()
    """What attachments read and change of the run."""
    reacts: bool = False
    """Whether the schedule looks at validation: `lr_reaction(curve)`."""
    needs_closure: bool = False
    averages: bool = False
    """Whether the optimizer is told when it trains and when it is evaluated."""
    settles: bool = False
    """Whether the model has batch norm, whose statistics are taken anew for averaged weights."""
    bf16: bool = False
    """Whether the products of training passes are in bfloat16."""
    compiled: bool = False
    """Whether torch compiles training passes."""
    measured: tuple[int, ...] = ()
    """Epochs after which the model is measured; empty for each."""
    copies: tuple[Path, ...] = ()
    """Files of the user's own that the script imports from."""

    @property
    def better_sign(self) -> str:
        """Return how a better metric compares with a worse one."""
        return ">" if self.maximize else "<"

    @property
    def follows_curve(self) -> bool:
        """Tell whether something reads what was measured after each epoch."""
        return self.reacts or "curve" in self.uses

    @property
    def packages(self) -> tuple[str, ...]:
        """Return the packages that the script imports, without Python's own and the user's files."""
        import sys

        beside = {path.stem for path in self.copies}
        roots = {re.split(r"[ .]", line)[1] for line in self.imports}
        return tuple(sorted(roots - sys.stdlib_module_names - beside))

    def copy_files(self, folder: Path) -> None:
        """Copy the user's own files into a folder, with those beside them that they import."""
        from studies.bundle.sources import texts_with_neighbours

        for path in self.copies:
            for name, text in texts_with_neighbours(path, path.parent):
                place = folder / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8")


def parts_of(recipe: Recipe, workload: LoadedWorkload) -> Parts:
    """Return the parts of a script that trains a recipe on a workload.

    Raises:
        CannotWrite: something that the recipe or the workload needs cannot be written out.
    """
    _check(recipe, workload)
    definitions = Definitions(workload=workload)
    definitions.imports |= {"import torch", "from torch import nn"}
    _write_model(definitions, recipe, workload)
    steps = workload.steps_per_epoch(min(recipe.batch_size, workload.rows)) * recipe.epochs
    model = definitions.model = workload.specimen(recipe.model)
    optimizer = write_optimizer(definitions, recipe.optimizer, model, steps)
    reacts = _write_schedule(definitions, recipe)
    attached = _write_attachments(definitions, recipe)
    loss, valid_loss = _losses(definitions, workload)
    metric = _write_metric(definitions, workload)
    from torch.nn.modules.batchnorm import _BatchNorm

    return Parts(
        imports=tuple(sorted(definitions.imports)),
        definitions=definitions.text(),
        optimizer=recipe.optimizer.name(),
        loss=loss,
        valid_loss=valid_loss,
        metric=metric,
        maximize=workload.metric.direction.value == "maximize",
        attachments=attached,
        uses=frozenset(definitions.uses),
        reacts=reacts,
        needs_closure=recipe.optimizer.needs_closure,
        averages=hasattr(optimizer, "eval"),
        settles=any(isinstance(module, _BatchNorm) for module in model.modules()),
        bf16=recipe.precision == BF16,
        compiled=recipe.compiled,
        measured=() if reacts or "stop_conditions" in definitions.uses else _measured(recipe),
        copies=tuple(definitions.copies),
    )


def _measured(recipe: Recipe) -> tuple[int, ...]:
    measured = measured_epochs(recipe.epochs, recipe.measurements)
    return () if len(measured) == recipe.epochs else tuple(sorted(measured))


def _check(recipe: Recipe, workload: LoadedWorkload) -> None:
    if recipe.compresses:
        raise CannotWrite("a script trains a model and does not compress it; take the compressed file itself")
    if workload.dataset.fresh is not None:
        raise CannotWrite("the rows are read anew by your own code in every epoch, which a script cannot do")


# model


def _write_model(definitions: Definitions, recipe: Recipe, workload: LoadedWorkload) -> None:
    dataset = workload.dataset
    if isinstance(recipe.model, Custom):
        name = _imported(definitions, recipe.model.factory)
        values = arguments_of(load(recipe.model.factory), dataset.inputs, dataset.outputs)
        arguments = ", ".join(map(literal, values))
        definitions.blocks["build_model"] = (
            f'def build_model():\n    """Return a fresh model."""\n    return {name}({arguments})'
        )
        return
    definitions.inside = OURS | {type(recipe.model).__module__}
    known = {"inputs": dataset.inputs, "outputs": dataset.outputs}
    definitions.method(recipe.model, "build", "build_model", known)


def _imported(definitions: Definitions, reference: str) -> str:
    """Return the name of something of the user's own, imported from its file, which is copied beside."""
    source, _, name = reference.rpartition(":")
    if source.endswith(".py"):
        path = Path(source).resolve()
        definitions.copies += [path] if path not in definitions.copies else []
        definitions.imports.add(f"from {path.stem} import {name}")
        return name
    target = load(reference)
    if source == "__main__" or "<" in name or " " in name:
        definitions.inside |= {getattr(target, "__module__", "")}
        if not hasattr(target, "__name__"):
            raise CannotWrite(f"{name} was given as an object; name the file that makes it, as in net.py:Net")
        return definitions.add(target)
    definitions.imports.add(f"from {source} import {name}")
    return name


# schedule, attachments


def _write_schedule(definitions: Definitions, recipe: Recipe) -> bool:
    from studies.schedules import ScheduleChoice

    schedule = recipe.schedule
    plain = type(schedule).at is ScheduleChoice.at and schedule.warmup == 0
    definitions.method(schedule, "factor" if plain else "at", "lr_factor")
    if type(schedule).reacts():
        definitions.method(schedule, "reaction", "lr_reaction")
    return type(schedule).reacts()


def _write_attachments(definitions: Definitions, recipe: Recipe) -> tuple[str, ...]:
    attached: list[Choice] = [*recipe.regularizers, *recipe.wrappers]
    if type(recipe.optimizer).attach is not OptimizerChoice.attach:
        attached.insert(0, recipe.optimizer)
    return tuple(definitions.method(choice, "attach", _snake(type(choice).__name__)) for choice in attached)


# loss and metric


def _losses(definitions: Definitions, workload: LoadedWorkload) -> tuple[str, str]:
    if workload.own_loss is not None:
        name = _loss_name(definitions, workload.own_loss.name, workload.own_loss.function)
        return name, name
    definitions.imports.add("from torch.nn import functional")
    if workload.dataset.task != "classification":
        return "functional.mse_loss", "functional.mse_loss"
    balance = workload.balance()
    if balance is None:
        return "functional.cross_entropy", "functional.cross_entropy"
    definitions.imports.add("from functools import partial")
    weights = ", ".join(repr(float(weight)) for weight in balance)
    definitions.blocks["CLASS_WEIGHTS"] = f"CLASS_WEIGHTS = torch.tensor([{weights}])"
    return "partial(functional.cross_entropy, weight=CLASS_WEIGHTS.to(device))", "functional.cross_entropy"


def _loss_name(definitions: Definitions, reference: str, function: Any) -> str:
    """Return an own loss as an expression: of torch, or of the user's file."""
    kind = type(function)
    if kind.__module__.startswith("torch.nn.") and not reference.endswith(".py"):
        if list(function.buffers()) or reference.startswith("__main__:"):
            raise CannotWrite(f"the loss {kind.__name__} was given as an object; name a file that makes it")
        return f"nn.{kind.__name__}()"
    if getattr(function, "__module__", "").startswith("torch.nn.functional"):
        definitions.imports.add("from torch.nn import functional")
        return f"functional.{function.__name__}"
    name = _imported(definitions, reference)
    return f"{name}()" if isinstance(load(reference), type) else name


def _write_metric(definitions: Definitions, workload: LoadedWorkload) -> str:
    metric = workload.metric
    if metric.name == LOSS:
        return ""
    if metric.name in METRICS:
        definitions.imports.add("import numpy as np")
        return definitions.add(METRICS[metric.name].score, name=metric.name)
    if ":" in metric.name and metric.name.rpartition(":")[0].endswith(".py"):
        return _imported(definitions, metric.name)
    raise CannotWrite(f"the metric {metric.name} cannot be written out")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
