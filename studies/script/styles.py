"""Styles of a script: whose trainer it hands the recipe to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from studies.errors import UnknownChoice, did_you_mean, shown
from studies.script.lightning_style import lightning_script
from studies.script.parts import Parts
from studies.script.plain import About, train_script
from studies.script.transformers_style import trainer_script

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload
    from studies.recipe import Recipe

Script = Callable[[Parts, "Recipe", "LoadedWorkload", About], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """Style: the function that writes train.py, and what that needs beyond the parts' own packages."""

    write: Script
    packages: tuple[str, ...] = ()


STYLES: Final = {
    "plain": Style(write=train_script),
    "lightning": Style(write=lightning_script, packages=("lightning",)),
    "transformers": Style(write=trainer_script, packages=("transformers", "accelerate")),
}


def style_of(name: str) -> Style:
    """Return the style of that name.

    Raises:
        UnknownChoice: no such style.
    """
    if name not in STYLES:
        raise UnknownChoice(
            f"unknown style {shown(name)}{did_you_mean(name, STYLES)} Allowed: {', '.join(STYLES)}"
        )
    return STYLES[name]
