"""Passes by name: the ways of making a model small that a user asks for, in place of all that are offered."""

from __future__ import annotations

from collections.abc import Sequence

from studies import catalogue
from studies.choice import Choice
from studies.errors import BadValue, did_you_mean, shown
from studies.recipe import COMPRESSION_AXES

NONE = "none"
"""Choice of each axis that does nothing, which is always in the space."""


def pass_names() -> tuple[str, ...]:
    """Return the names of all passes, sorted."""
    names = {name for axis in COMPRESSION_AXES for name in catalogue.choices(axis)}
    return tuple(sorted(names - {NONE}, key=str.lower))


def choices_named(passes: Sequence[str]) -> dict[str, tuple[type[Choice], ...]]:
    """Return the choices of these names by axis, in the order they were named.

    Args:
        passes: names in any case.

    Raises:
        BadValue: a name that is no pass; the message says which there are.
    """
    chosen: dict[str, list[type[Choice]]] = {axis: [] for axis in COMPRESSION_AXES}
    for name in passes:
        axis, choice = _find(name)
        if choice not in chosen[axis]:
            chosen[axis].append(choice)
    return {axis: tuple(choices) for axis, choices in chosen.items()}


def spelled(passes: Sequence[str]) -> tuple[str, ...]:
    """Return names as the catalogue spells them, each once; a BadValue for one that is no pass."""
    return tuple(dict.fromkeys(_find(name)[1].name() for name in passes))


def _find(name: str) -> tuple[str, type[Choice]]:
    known = pass_names()
    folded = {candidate.lower(): candidate for candidate in known}
    for axis in COMPRESSION_AXES:
        if choice := catalogue.choices(axis).get(folded.get(name.lower(), "")):
            return axis, choice
    raise BadValue(f"no pass {shown(name)}{did_you_mean(name, known)} Passes: {', '.join(known)}")
