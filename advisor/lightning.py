"""Lightning: a callback that reports to a study, and a recipe as `configure_optimizers` in one line.

Example:
    >>> import advisor
    >>> from lightning.pytorch import LightningModule, Trainer
    >>> class Net(LightningModule):
    ...     def configure_optimizers(self):
    ...         return advisor.lightning.optimizers(self.recipe, self)
    >>> def fit(recipe, report, seed):
    ...     reporting = advisor.lightning.Report(report, metric="val_acc")
    ...     Trainer(max_epochs=recipe.epochs, callbacks=[reporting]).fit(Net(recipe), train, valid)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studies.errors import BadValue
from studies.imports import require

if TYPE_CHECKING:
    from lightning.pytorch import LightningModule

    from advisor.callbacks.lightning_report import Report
    from studies.recipe import Recipe

__all__ = ["Report", "optimizers"]


def optimizers(
    recipe: Recipe, module: LightningModule, *, groups: Sequence[Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """Return what `configure_optimizers` returns: the recipe's optimizer, and its schedule after each step.

    The steps of the run are the trainer's: batches an epoch x epochs, divided by `accumulate_grad_batches`.
    As in `Recipe.build`, dropout, L2, clipping and weight decay of the recipe work through the optimizer's
    steps, and a line names what does not.

    Args:
        recipe: what to train with.
        module: with the trainer's loop attached, as in `configure_optimizers`.
        groups: of its parameters, as in `OptimizerChoice.build`.

    Raises:
        BadValue: the trainer has no end, or a group that cannot be used.

    Example:
        >>> import advisor
        >>> from lightning.pytorch import LightningModule
        >>> class Net(LightningModule):
        ...     def configure_optimizers(self):
        ...         return advisor.lightning.optimizers(self.recipe, self)
    """
    steps = module.trainer.estimated_stepping_batches
    if not math.isfinite(steps):
        raise BadValue("the schedule needs the length of the run; give Trainer(max_epochs=recipe.epochs)")
    optimizer, schedule = recipe.build(module, int(steps), groups=groups)
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def __getattr__(name: str) -> Any:
    if name != "Report":
        raise AttributeError(f"{__name__} has no {name}; it has {', '.join(__all__)}")
    require("lightning", "lightning", "advisor.lightning")
    from advisor.callbacks.lightning_report import Report

    return Report
