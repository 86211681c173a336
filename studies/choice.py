"""Choice: a frozen dataclass whose fields are its search space, whose docstring documents it; one method.

The docstring answers, in this order: what it does, when it helps, when it hurts, where it is from. `explain`
reads it back:

    Adam with decoupled weight decay.

    Helps: the safe default nearly everywhere.
    Hurts: tight memory, two floats of state a parameter.
    Source: Loshchilov and Hutter 2019, arXiv 1711.05101.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from studies.errors import BadValue, shown
from studies.space import ranges, unsearched_ranges

Scalar = str | int | float | bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice:
    """Base of every choice on an axis; the base of each folder adds the one method."""

    axis: ClassVar[str]
    offered: ClassVar[bool] = True
    """Whether a search tries it unasked."""
    usual: ClassVar[bool] = False
    """Whether it is the usual one of an axis on which one thing is done at a time."""
    variants: ClassVar[tuple[Mapping[str, Scalar], ...]] = ({},)
    """Settings that a compression study tries by default, as fields; the others are found by searching, or
    asked for."""
    reference: ClassVar[str] = ""
    """Of a choice of the user's own, `module:name` or `file.py:name`."""

    def __post_init__(self) -> None:
        kind = type(self)
        for spans, who in ((ranges(kind), "the search uses"), (unsearched_ranges(kind), "it may be")):
            for name, span in spans.items():
                try:
                    span.check(getattr(self, name))
                except BadValue as error:
                    raise BadValue(f"{kind.__name__}.{name}: {error}; {who} {span}") from None

    @classmethod
    def name(cls) -> str:
        """Return the name it has in recipes, lists and on the command line."""
        return cls.reference or cls.__name__

    def fields(self) -> dict[str, Scalar]:
        """Return the field values by name."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    @classmethod
    def from_fields(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a choice from its field values, or from the text of them; a missing one takes its default.

        Raises:
            BadValue: a field that this choice does not have, or a value that the field cannot mean.
        """
        known = {f.name: f for f in dataclasses.fields(cls)}
        if unknown := sorted(set(values) - set(known)):
            raise BadValue(
                f"{cls.name()} has no field {shown(unknown[0])}; it has {', '.join(sorted(known)) or 'none'}"
            )
        return cls(**{name: _read(known[name], value) for name, value in values.items()})


def _read(field: dataclasses.Field[Any], value: Any) -> Any:
    """Return text as the number or boolean that the field holds: MLflow keeps every param as text."""
    kind = getattr(field.type, "__name__", field.type)
    if not isinstance(value, str) or kind not in {"float", "int", "bool"}:
        return value
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value  # which the field's own check refuses


def summary(choice: type) -> str:
    """Return the first line of the docstring."""
    return (inspect.getdoc(choice) or "").split("\n", 1)[0]


def sections(choice: type) -> dict[str, str]:
    """Return what the docstring says under `Helps`, `Hurts` and `Source`, each as one line of text."""
    text = inspect.getdoc(choice) or ""
    parts = re.split(r"^(Helps|Hurts|Source): ", text, flags=re.MULTILINE)[1:]
    return {label: " ".join(body.split()) for label, body in zip(parts[::2], parts[1::2], strict=True)}
