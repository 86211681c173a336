"""Hugging Face Trainer: a callback that reports to a study, and a recipe as `optimizers=` in one line.

Example:
    >>> import advisor
    >>> from transformers import Trainer
    >>> def fit(recipe, report, seed):
    ...     steps = advisor.transformers.steps(arguments, rows=len(train))
    ...     trainer = Trainer(
    ...         model,
    ...         arguments,
    ...         train_dataset=train,
    ...         eval_dataset=valid,
    ...         optimizers=advisor.transformers.optimizers(recipe, model, steps),
    ...         callbacks=[advisor.transformers.Report(report, metric="eval_accuracy")],
    ...     )
    ...     trainer.train()
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studies.errors import BadValue, shown
from studies.imports import require

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer
    from transformers import TrainingArguments

    from advisor.callbacks.trainer_report import Report
    from studies.optim.schedule_lr import ScheduleLR
    from studies.recipe import Recipe

__all__ = ["Report", "optimizers", "steps"]


def optimizers(
    recipe: Recipe, model: nn.Module, steps: int, *, groups: Sequence[Mapping[str, Any]] | None = None
) -> tuple[Optimizer, ScheduleLR]:
    """Return what the Trainer takes as `optimizers=`: the recipe's optimizer and its schedule.

    As in `Recipe.build`, dropout, L2, clipping and weight decay of the recipe work through the optimizer's
    steps, and a line names what does not. The Trainer clips gradients at 1 by itself, unless its arguments
    say `max_grad_norm=0`, and takes `weight_decay` and `learning_rate` for optimizers of its own alone.

    Args:
        recipe: what to train with.
        model: that the Trainer trains.
        steps: optimizer steps of the whole run, see `steps`.
        groups: of its parameters, as in `OptimizerChoice.build`.

    Raises:
        BadValue: a group or a number of steps that cannot be used.

    Example:
        >>> import advisor
        >>> from torch import nn
        >>> optimizer, schedule = advisor.transformers.optimizers(advisor.Recipe(), nn.Linear(4, 3), steps=90)
        >>> type(optimizer).__name__
        'AdamW'
    """
    return recipe.build(model, steps, groups=groups)


def steps(arguments: TrainingArguments, rows: int) -> int:
    """Return the optimizer steps that the Trainer takes: `max_steps`, or batches an epoch x epochs.

    Batches whose gradients are accumulated are one step.

    Args:
        arguments: of the Trainer.
        rows: of the training set.

    Raises:
        BadValue: no rows.

    Example:
        >>> import advisor
        >>> from transformers import TrainingArguments
        >>> arguments = TrainingArguments(num_train_epochs=3, per_device_train_batch_size=32)
        >>> advisor.transformers.steps(arguments, rows=100)
        12
    """
    if rows < 1:
        raise BadValue(f"rows {shown(rows)} must be at least 1: those of the training set")
    if arguments.max_steps > 0:
        return int(arguments.max_steps)
    a_batch: int = arguments.train_batch_size * arguments.world_size
    batches = rows // a_batch if arguments.dataloader_drop_last else math.ceil(rows / a_batch)
    an_epoch = max(1, math.ceil(batches / arguments.gradient_accumulation_steps))
    return math.ceil(float(arguments.num_train_epochs) * an_epoch)


def __getattr__(name: str) -> Any:
    if name != "Report":
        raise AttributeError(f"{__name__} has no {name}; it has {', '.join(__all__)}")
    require("transformers", "transformers", "advisor.transformers")
    from advisor.callbacks.trainer_report import Report

    return Report
