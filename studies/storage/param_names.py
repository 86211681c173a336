"""Param names: what a field of a recipe is called where people read it, as in Optuna's tools.

    lr  Momentum.momentum  Cosine.floor  width

The learning rate has one name for all optimizers, so that it is compared over all trials. Fields of the model
are called as the model calls them, those of any other choice after the choice.
"""

from __future__ import annotations

from typing import Final

LR: Final = "lr"


def param_name(axis: str, choice: str, field: str) -> str:
    """Return the name of a field of a choice."""
    bare = axis == "model" or (axis == "optimizer" and field == LR)
    return field if bare else f"{choice}.{field}"
