"""Retraining: the recipe that a compressed model is trained with again, made from the one it was trained with."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studies.compression.tail import Tail
from studies.regularizers.early_stopping import EarlyStopping
from studies.schedules.onecycle import OneCycle

if TYPE_CHECKING:
    from studies.finetuning import FinetuningChoice
    from studies.recipe import Recipe


def retrained(finetuning: FinetuningChoice, trained: Recipe) -> Recipe | None:
    """Return what a fine-tuning trains with; None where it does not train at all."""
    retraining = finetuning.retraining()
    if retraining is None:
        return None
    short = _shortened(trained, share=retraining.share, lr_factor=retraining.lr_factor)
    return _rewound(short, trained) if retraining.schedule == "rewind" else _restarted(short)


def _shortened(trained: Recipe, *, share: float, lr_factor: float) -> Recipe:
    """Return a recipe over a share of its epochs, rounded up, at a share of its lr; nothing else about it changes.

    A decay horizon is stated in whole runs: it is lengthened so that the optimizer's weight decay stays the number it was, and a
    short run does not pull the weights to zero as far as a whole one does.
    """
    epochs = math.ceil(round(share * trained.epochs, 9))
    changes: dict[str, Any] = {"lr": trained.optimizer.lr * lr_factor}
    if (horizon := trained.optimizer.fields().get("decay_horizon")) is not None:
        changes["decay_horizon"] = float(horizon) * trained.epochs / (epochs * lr_factor)
    return replace(trained, epochs=epochs, optimizer=replace(trained.optimizer, **changes))


def _restarted(short: Recipe) -> Recipe:
    """Return a run over which the lr climbs and falls; an optimizer of its own schedule keeps what stood beside it.

    Without early stopping: validation gets worse while the lr climbs, and the best epochs are the last ones.
    """
    lasting = tuple(choice for choice in short.regularizers if not isinstance(choice, EarlyStopping))
    return replace(short, regularizers=lasting, schedule=short.schedule if short.optimizer.own_schedule else OneCycle())


def _rewound(short: Recipe, trained: Recipe) -> Recipe:
    """Return a run over the last share of the schedule, at the very lrs that it had."""
    return replace(short, schedule=Tail(schedule=trained.schedule, share=short.epochs / trained.epochs))
