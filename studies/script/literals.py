"""Literals: values as Python source, and what cannot be written out."""

from __future__ import annotations

import enum
import math
import re
from typing import Any, Final

from studies.errors import BadWorkload

PLAIN: Final = (bool, int, str, bytes, type(None))


class CannotWrite(BadWorkload):
    """Part of a recipe or a workload that no script can hold."""


def literal(value: Any) -> str:  # noqa: PLR0911 - a kind of value a line
    """Return a value as source that gives the same value, bit for bit.

    Raises:
        CannotWrite: it is no number, text, truth, or tuple, list or dict of such.
    """
    if isinstance(value, PLAIN):
        return _quoted(repr(value)) if isinstance(value, str) else repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, frozenset | set):
        return f"{{{', '.join(sorted(map(literal, value)))}}}" if value else "set()"
    if isinstance(value, re.Pattern):
        return f"re.compile({value.pattern!r}, {value.flags})"
    raise CannotWrite(f"a value of the type {type(value).__name__} cannot be written into a script")


def is_plain(value: Any) -> bool:
    """Tell whether a value is a number, text or truth."""
    return isinstance(value, (*PLAIN, float)) and not isinstance(value, enum.Enum)


def in_place(value: Any) -> str:
    """Return a value as it stands inside an expression: a negative number in brackets."""
    text = literal(value)
    return f"({text})" if text.startswith("-") else text


def _quoted(text: str) -> str:
    """Return a text's source in double quotes, where it holds none."""
    return f'"{text[1:-1]}"' if text.startswith("'") and '"' not in text else text
