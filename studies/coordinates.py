"""Coordinates of a choice's fields: where they lie in the flat space of a sampler, and the way back.

Fields of the same name share one coordinate across the choices of an axis (`optimizer.lr`), each choice
reading it in its own range; options and regularizers have names of their own. A coordinate that a recipe does
not use is zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from studies.choice import Choice, Scalar
from studies.space import Numeric, OneOf, Range, ranges

Point = dict[str, Scalar]
C = TypeVar("C", bound=Choice)
UNMOVED: Final[Mapping[str, Range]] = {}
"""Ranges that are not those of the fields: none."""


def coordinate(choice: type[Choice], name: str, span: Range) -> str:
    """Return the name of a field's coordinate: shared along an axis for numbers, a choice's own otherwise."""
    shared = not isinstance(span, OneOf) and choice.axis not in {"regularizers", "wrappers"}
    return f"{choice.axis}.{name}" if shared else f"{choice.axis}.{choice.name()}.{name}"


def neutral(span: Range) -> Scalar:
    """Return the coordinate of a field that a recipe does not use."""
    return span.default if isinstance(span, OneOf) else 0.0


def named(choices: tuple[type[C], ...], name: str) -> type[C]:
    """Return the choice of that name."""
    return next(choice for choice in choices if choice.name() == name)


def read_at(choice: type[C], point: Mapping[str, Any], *, moved: Mapping[str, Range] = UNMOVED) -> C:
    """Return the choice whose fields lie at a point; `moved` has the ranges that are not a field's own."""
    return choice.from_fields(values_at(choice, point, moved=moved))


def values_at(
    choice: type[Choice], point: Mapping[str, Any], *, moved: Mapping[str, Range] = UNMOVED
) -> dict[str, Any]:
    """Return the values of a choice's fields at a point."""
    values = {}
    for name, span in {**ranges(choice), **moved}.items():
        position = point[coordinate(choice, name, span)]
        values[name] = span.from_unit(position) if isinstance(span, Numeric) else position
    return values


def coordinates_of(choice: Choice, *, moved: Mapping[str, Range] = UNMOVED) -> Point:
    """Return where the fields of a choice lie."""
    values = choice.fields()
    point: Point = {}
    for name, span in {**ranges(type(choice)), **moved}.items():
        value = values[name]
        numeric = isinstance(span, Numeric) and isinstance(value, (int, float))
        position = span.to_unit(value) if numeric else value  # type: ignore[union-attr,arg-type]
        point[coordinate(type(choice), name, span)] = position
    return point
