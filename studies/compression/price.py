"""Price of a way of making a model small: the seconds that it should take, before it is tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from studies.compression.retraining import retrained

if TYPE_CHECKING:
    from studies.recipe import Recipe
    from studies.record import Record

EVALUATION_SECONDS: Final = 1.0
"""Of deploying a small CNN in one quantization and measuring the file, on one core, about (judged)."""
TEACHING: Final = 1.4
"""Times a training that a teacher's answers are part of: one more forward pass a step (judged)."""


def training_epochs(recipe: Recipe, trained: Recipe) -> int:
    """Return the epochs that a model is trained for on the way: a student's whole run, and fine-tuning.

    Args:
        recipe: what is done to the model.
        trained: what the model was trained with.
    """
    tuning = retrained(recipe.finetuning, trained)
    whole = trained.epochs if recipe.model != trained.model else 0
    return whole + (tuning.epochs if tuning else 0)


def price_seconds(recipe: Recipe, trained: Recipe, run: Record) -> float:
    """Return the seconds that a way should take on the model of a run: an evaluation, and its training.

    Args:
        recipe: what is done to the model.
        trained: what the model was trained with.
        run: the run that trained it; an epoch of it tells the price of one.
    """
    epoch_seconds = (run.train_seconds or 0.0) / max(run.epochs or trained.epochs, 1)
    teaching = TEACHING if recipe.distills else 1.0
    return EVALUATION_SECONDS + teaching * epoch_seconds * training_epochs(recipe, trained)
