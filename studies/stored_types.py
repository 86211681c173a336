"""Types of stored values: whether what a journal holds is of the kind that its field has.

Standard library only, so that whatever reads records stays light.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from types import NoneType
from typing import Any, Final

KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "None": (NoneType,),
    "Mapping": (Mapping,),
    "tuple": (tuple, list),
    "State": (str,),
    "Stage": (str,),
}
"""What JSON may hold for a type, by how the type is written."""


def check_types(cls: type, values: Mapping[str, Any]) -> None:
    """Raise TypeError for the first value that is of no kind that its field has; fields of other types pass.

    A whole number that is too large for a float raises OverflowError.
    """
    for name, kinds in _kinds(cls).items():
        if name not in values:
            continue
        value = values[name]
        if not isinstance(value, kinds):
            raise TypeError(f"{name} is {type(value).__name__}")
        if type(value) is int:
            float(value)


@cache
def _kinds(cls: type) -> dict[str, tuple[type, ...]]:
    """Return the kinds of each field whose type is written in words that are known here."""
    by_field = {}
    for f in fields(cls):
        words = [word.partition("[")[0].strip() for word in str(f.type).split("|")]
        if all(word in KINDS for word in words):
            by_field[f.name] = tuple(kind for word in words for kind in KINDS[word])
    return by_field
