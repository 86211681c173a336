"""Recipe of a run in flat form: a field of one of our optimizers goes under its name, the rest stays."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final

from advisor.jobs.runs.cells import finite
from advisor.jobs.runs.optimizer_names import optimizer_of, schedule_of
from studies import catalogue
from studies.recipe import NUMBERS, OPTIONS, SET_AXES, SINGLE_AXES

WHOLE: Final = ("batch_size", "epochs")
OURS: Final = frozenset({*SET_AXES, *SINGLE_AXES, *NUMBERS, *OPTIONS})
"""Keys of a recipe that mean something of ours: a setting of that name has to be called otherwise."""


def params_of(meanings: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flat form of what a run was trained with.

    Args:
        meanings: values by a key of `MEANINGS`, with `optimizer`.
        settings: all others, by name.
    """
    optimizer = optimizer_of(meanings["optimizer"], meanings)
    fields = _fields(optimizer)
    params: dict[str, Any] = {"optimizer": optimizer}
    for name, value in (_apart(meanings) | dict(settings)).items():
        if name in fields and finite(value) is not None:
            params[f"optimizer.{optimizer}.{name}"] = value
        elif name == "schedule" and (schedule := schedule_of(value)):
            params["schedule"] = schedule
        elif name in WHOLE and finite(value) is not None and float(value).is_integer() and value > 0:
            params[name] = int(value)
        elif name != "optimizer" and not _said_by_name(name, optimizer, value):
            params[f"own.{name}" if name in OURS else name] = value
    return params


def _said_by_name(name: str, optimizer: str, value: Any) -> bool:
    """Tell whether a setting says no more than the optimizer's name does: Nesterov's, or no momentum."""
    return (name == "nesterov" and (not value or optimizer == "Nesterov")) or (
        name == "momentum" and value == 0
    )


def _apart(meanings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with `betas`, a pair, as beta1 and beta2."""
    pair = re.findall(r"[0-9.eE+-]+", str(meanings.get("betas", "")))
    values = {name: value for name, value in meanings.items() if name != "betas" or len(pair) != 2}
    try:
        return values | dict(zip(("beta1", "beta2"), map(float, pair), strict=True))
    except ValueError:
        return values


def _fields(optimizer: str) -> frozenset[str]:
    known = catalogue.choices("optimizer")
    return (
        frozenset(field.name for field in dataclasses.fields(known[optimizer]))
        if optimizer in known
        else frozenset()
    )
