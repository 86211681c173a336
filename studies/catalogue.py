"""Catalogue: the choices of every folder of them, and what other packages add through entry points.

A choice is found because its file lies in the folder; nothing has to be registered. Another package offers
its own with

    [project.entry-points."optimizer_advisor.optimizers"]
    MyOptimizer = "my_package.my_module:MyOptimizer"
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from studies.choice import Choice
from studies.errors import BadValue, BadWorkload, UnknownChoice, did_you_mean, shown
from studies.imports import load

FOLDERS: Final = {
    "optimizer": "optimizers",
    "schedule": "schedules",
    "regularizers": "regularizers",
    "wrappers": "wrappers",
    "distillation": "distillation",
    "pruning": "pruning",
    "finetuning": "finetuning",
    "quantization": "quantization",
    "model": "models",
    "dataset": "datasets",
}
"""Axis name to folder name."""
LIGHT_AXES: Final = ("optimizer", "schedule", "regularizers", "wrappers", "dataset")
"""Axes whose choices are read without importing torch."""


@cache
def choices(axis: str) -> dict[str, type[Choice]]:
    """Return the choices on an axis by name, sorted.

    Raises:
        BadValue: an entry point that is no choice of this axis.
    """
    by_name: dict[str, type[Choice]] = {}
    for module in shipped(axis):
        by_name |= {choice.name(): choice for choice in _defined_in(module)}
    for point in offered_by_packages()[axis]:
        choice = point.load()
        if not (inspect.isclass(choice) and issubclass(choice, Choice) and choice.axis == axis):
            raise BadValue(
                f"entry point '{point.name}' ({point.value}) is no choice of the {axis} axis; "
                "uninstall or mend it"
            )
        by_name[choice.name()] = choice
    return dict(sorted(by_name.items(), key=lambda item: item[0].lower()))


def shipped(axis: str) -> tuple[str, ...]:
    """Return the names of the modules whose choices ship with this package, by axis."""
    package = importlib.import_module(f"studies.{FOLDERS[axis]}")
    return tuple(module.name for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."))


@cache
def offered_by_packages() -> dict[str, tuple[EntryPoint, ...]]:
    """Return the entry points of other packages, by axis; read once, as each reading looks at all of them."""
    points: Any = entry_points()
    return {
        axis: tuple(points.select(group=f"optimizer_advisor.{folder}")) for axis, folder in FOLDERS.items()
    }


def find(axis: str, name: str) -> type[Choice]:
    """Return the choice of that name, whatever the case of its letters.

    The user's own one is named by `module:name` or `file.py:name`.

    Raises:
        UnknownChoice: no such name; the message offers the nearest one.
        BadWorkload: a reference to something that cannot be imported or is no choice of this axis.
    """
    if ":" in name:
        return _user_choice(axis, name)
    known = choices(axis)
    folded = {candidate.lower(): candidate for candidate in known}
    if name.lower() not in folded:
        noun = axis.removesuffix("s")
        raise UnknownChoice(
            f"unknown {noun} {shown(name)}{did_you_mean(name, known)} See: advisor list {FOLDERS[axis]}"
        )
    return known[folded[name.lower()]]


def _user_choice(axis: str, reference: str) -> type[Choice]:
    choice = load(reference)
    if not (inspect.isclass(choice) and issubclass(choice, Choice) and choice.axis == axis):
        raise BadWorkload(
            f"{shown(reference)} is no choice of the {axis} axis; "
            f"write it like the files of studies/{FOLDERS[axis]}"
        )
    # one that ships here keeps its name, however it was asked for
    if choices(axis).get(choice.name()) is not choice:
        choice.reference = reference
    return choice


def _defined_in(module_name: str) -> list[type[Choice]]:
    module = importlib.import_module(module_name)
    return [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Choice) and member.__module__ == module_name and not inspect.isabstract(member)
    ]
