"""Option values: what people write for an option, read and checked against the type of its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from numbers import Integral
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin, get_type_hints

from studies.errors import BadValue, shown
from studies.limits import Budget, Limits

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

NAMES: Final = ("optimizers", "schedules", "regularizers", "wrappers", "rules", "passes")
"""Options that are lists of names."""
WORDS: Final[Mapping[Any, str]] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    tuple[str, ...]: "names",
    type(None): "None",
    Mapping[str, Any]: "a dict",
    Budget: "an advisor.Budget",
    Limits: "an advisor.Limits",
}
"""What is said of a field's type."""


def read(name: str, value: Any) -> Any:
    """Return what an option means that is written more plainly than its field is typed."""
    from studies.imports import refer

    if name in {*NAMES, "missing", "start"}:
        return _read_several(name, value)
    if name == "budget" and isinstance(value, str):
        return Budget.parse(value)
    if name == "metric" and callable(value):
        return refer(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, Integral):  # also one of NumPy's
        return shown(value) if name in {"batch_size", "sample_rows"} else int(value)
    return value


def words_of(value: Any) -> Any:
    """Return words between commas, which may hold blanks, or a sequence of them as a tuple."""
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(word for part in value.split(",") if (word := " ".join(part.split())))
    if not isinstance(value, Iterable):
        return value
    return tuple(word for each in value for word in (words_of(each) if isinstance(each, str) else (each,)))


def _read_several(name: str, value: Any) -> Any:
    if name == "start":
        return (value,) if isinstance(value, str) else tuple(map(str, value))
    return words_of(value) if name == "missing" else _read_names(name, value)


def _read_names(axis: str, value: Any) -> Any:
    if isinstance(value, str):
        return (
            ()
            if value == "none" and axis in {"regularizers", "wrappers"}
            else tuple(value.replace(",", " ").split())
        )
    return tuple(value) if isinstance(value, Iterable) else value


def check_types(options: DataclassInstance) -> None:
    """Raise BadValue for the first field whose value is of another type than the field's."""
    hints = get_type_hints(type(options))
    for f in fields(options):
        value = getattr(options, f.name)
        allowed = get_args(hints[f.name]) if get_origin(hints[f.name]) is UnionType else (hints[f.name],)
        if not any(_fits(value, kind) for kind in allowed):
            meant = " or ".join(WORDS.get(kind, str(kind)) for kind in allowed)
            raise BadValue(f"{f.name} is {type(value).__name__}; give {meant}")


def _fits(value: object, kind: Any) -> bool:
    if kind is Any:
        return True
    if kind in (int, float):
        return isinstance(value, int | kind) and not isinstance(value, bool)
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    return isinstance(value, get_origin(kind) or kind)
