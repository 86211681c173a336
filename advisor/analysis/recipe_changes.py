"""Recipe changes: what differs between two recipes, setting by setting, and what lies between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from advisor.report.numbers import number
from studies.recipe import SET_AXES

Params = Mapping[str, Any]
"""A recipe in flat form."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipeChange:
    """Recipe change: what is set otherwise at once, as a value of a choice, or a choice with its values."""

    label: str
    """In words, as `lr 0.001 -> 0.0042`."""
    drops: tuple[str, ...]
    """Keys of the flat form that go."""
    sets: tuple[tuple[str, Any], ...]
    """Keys with their new values."""
    joins: tuple[str, str] | None = None
    """Of a set of choices, as regularizers: the axis, and the choice that joins it or leaves it."""

    def applied(self, params: Params) -> dict[str, Any]:
        """Return a recipe with this change made, which comes out the same in whatever order changes are."""
        changed = {key: value for key, value in params.items() if key not in self.drops} | dict(self.sets)
        if self.joins:
            axis, name = self.joins
            changed[axis] = "+".join(sorted(set(members(params, axis)) ^ {name}))
        return changed


def changes(start: Params, end: Params) -> tuple[RecipeChange, ...]:
    """Return what makes one recipe the other, a setting each.

    Another optimizer or schedule comes with all of its values, since the other one has none of them.

    Example:
        >>> start = {"optimizer": "AdamW", "optimizer.AdamW.lr": 0.001, "batch_size": 32}
        >>> [change.label for change in changes(start, start | {"batch_size": 64})]
        ['batch size 32 -> 64']
    """
    steps: list[RecipeChange] = []
    covered: set[str] = set()
    axes = [key for key in dict.fromkeys((*start, *end)) if "." not in key]
    for axis in axes:
        if axis in SET_AXES:
            names = sorted(set(members(start, axis)) ^ set(members(end, axis)))
            steps += [_membership(axis, name, start, end) for name in names]
        elif start.get(axis) != end.get(axis):
            steps.append(_replacement(axis, start, end))
        covered |= {key for step in steps for key in (*step.drops, *(name for name, _ in step.sets))}
    fields = [key for key in dict.fromkeys((*start, *end)) if "." in key and key not in covered]
    steps += [_field(key, start, end) for key in fields if start.get(key) != end.get(key)]
    return tuple(steps)


def members(params: Params, axis: str) -> list[str]:
    """Return the choices of an axis that takes several; none where the recipe does not have it."""
    return [name for name in str(params.get(axis) or "").split("+") if name]


def _fields_of(params: Params, axis: str, name: object) -> dict[str, Any]:
    return {key: value for key, value in params.items() if key.startswith(f"{axis}.{name}.")}


def _replacement(axis: str, start: Params, end: Params) -> RecipeChange:
    left = {axis: start[axis]} | _fields_of(start, axis, start[axis]) if axis in start else {}
    right = {axis: end[axis]} | _fields_of(end, axis, end[axis]) if axis in end else {}
    words = f"{axis.replace('_', ' ')} {_word(start.get(axis))} -> {_word(end.get(axis))}"
    drops = tuple(key for key in left if key not in right)
    return RecipeChange(label=words, drops=drops, sets=tuple(right.items()))


def _membership(axis: str, name: str, start: Params, end: Params) -> RecipeChange:
    joins = name in members(end, axis)
    fields = _fields_of(end if joins else start, axis, name)
    return RecipeChange(
        label=f"{'with' if joins else 'without'} {name}",
        drops=() if joins else tuple(fields),
        sets=tuple(fields.items()) if joins else (),
        joins=(axis, name),
    )


def _field(key: str, start: Params, end: Params) -> RecipeChange:
    axis, name, field = key.split(".", 2) if key.count(".") > 1 else ("", "", key)
    words = field.replace("_", " ") if axis in {"", "optimizer", "model"} else f"{name} {field}"
    label = f"{words.replace('_', ' ')} {_word(start.get(key))} -> {_word(end.get(key))}"
    gone = (key,) if key not in end else ()
    return RecipeChange(label=label, drops=gone, sets=() if gone else ((key, end[key]),))


def _word(value: object) -> str:
    if value is None:
        return "none"
    return number(value) if isinstance(value, float) else str(value)
