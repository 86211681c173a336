"""Parts alone: the choices of the catalogue as names of a module, those of other packages too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studies import catalogue
from studies.choice import Choice
from studies.errors import did_you_mean


def choices_of(axis: str, module: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return what a module needs to offer the choices of an axis by name: `__getattr__` and `__dir__`.

    A name that is not there raises AttributeError, with the nearest one.
    """

    def named(name: str) -> type[Choice]:
        known = {} if name.startswith("__") else catalogue.choices(axis)
        if name not in known:
            raise AttributeError(f"{module} has no {name}{did_you_mean(name, known)}")
        return known[name]

    return named, lambda: sorted(catalogue.choices(axis))
