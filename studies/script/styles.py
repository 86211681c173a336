"""Styles of a script, by name."""

from __future__ import annotations

from typing import Final

from studies.errors import UnknownChoice, did_you_mean, shown
from studies.script.frame import Style
from studies.script.lightning_style import LIGHTNING
from studies.script.plain import PLAIN
from studies.script.transformers_style import TRANSFORMERS

STYLES: Final = {"plain": PLAIN, "lightning": LIGHTNING, "transformers": TRANSFORMERS}


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
