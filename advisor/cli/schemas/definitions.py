"""Definitions: JSON Schemas of types, each class once by its name."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from advisor.cli.schemas.fields_said import descriptions
from advisor.cli.schemas.statement_classes import statement_classes
from advisor.statements.check import Check
from advisor.statements.statement import Statement
from studies.facts import LATER, Facts
from studies.memory_forecast import Forecast

Schema = dict[str, Any]
SIMPLE: Final[Mapping[Any, Schema]] = {
    Any: {},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"]},
    str: {"type": "string"},
    type(None): {"type": "null"},
}
"""A float that is infinite or no number is written as null."""
OPTIONAL: Final[Mapping[type, tuple[str, ...]]] = {Facts: LATER, Forecast: LATER}
"""Fields that are written only where they are known."""
CHECKED: Final[Mapping[str, Any]] = {
    "name": str, "passed": bool, "message": str, "fix": str, "command": str,
}  # fmt: skip
"""What a check has beside the parts of a statement."""


@dataclass(frozen=True, kw_only=True)
class Definitions:
    """Definitions: the schema of every class that was met, by its name; filled while schemas are made.

    Example:
        >>> Definitions().of(tuple[int, ...])
        {'type': 'array', 'items': {'type': 'integer'}}
    """

    schemas: dict[str, Schema] = field(default_factory=dict)

    def of(self, hint: Any, *, saying: bool = False) -> Schema:
        """Return the schema of a type; that of a class refers to its definition.

        Args:
            hint: a type as annotations have it.
            saying: whether dataclasses say themselves beside their fields, as in a statement's figures.

        Raises:
            TypeError: a type that has no form in JSON.
        """
        if hint in SIMPLE:
            return dict(SIMPLE[hint])
        if isinstance(hint, type) and get_origin(hint) is None:
            return self._of_class(hint, saying=saying)
        return self._of_generic(get_origin(hint), get_args(hint), saying=saying)

    def _of_class(self, hint: type, *, saying: bool) -> Schema:
        if issubclass(hint, Enum):
            return {"enum": [member.value for member in hint]}
        if issubclass(hint, Statement):
            return self._of_statements(hint)
        if is_typeddict(hint) or is_dataclass(hint):
            name = f"{hint.__name__}Said" if saying else hint.__name__
            return self._defined(name, lambda: self._of_fields(hint, saying=saying))
        raise TypeError(f"{hint} has no form in JSON; give the field a plain type, or a dataclass")

    def _of_generic(self, origin: Any, arguments: tuple[Any, ...], *, saying: bool) -> Schema:
        if origin is Annotated:
            return self._joined(arguments[1:])
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in {Union, types.UnionType, NotRequired}:
            return _any_of([self.of(each, saying=saying) for each in arguments])
        return self._of_collection(origin, arguments, saying=saying)

    def _of_collection(self, origin: Any, arguments: tuple[Any, ...], *, saying: bool) -> Schema:
        if isinstance(origin, type) and issubclass(origin, Mapping):
            keys = self.of(arguments[0])
            names = {"propertyNames": keys} if "enum" in keys else {}
            return {"type": "object", **names, "additionalProperties": self.of(arguments[1], saying=saying)}
        if origin is tuple and ... not in arguments:
            parts = [self.of(each, saying=saying) for each in arguments]
            return {"type": "array", "prefixItems": parts, "items": False, "minItems": len(parts)}
        if isinstance(origin, type) and issubclass(origin, Sequence):
            return {"type": "array", "items": self.of(arguments[0], saying=saying)}
        raise TypeError(f"{origin} has no form in JSON; give the field a plain type, or a dataclass")

    def _of_fields(self, owner: type, *, saying: bool = False) -> Schema:
        hints = get_type_hints(owner, include_extras=True)
        names = [each.name for each in fields(owner)] if is_dataclass(owner) else list(hints)
        texts = descriptions(owner)
        properties = {"says": self.of(str)} if saying else {}
        for name in names:
            text = {"description": texts[name]} if name in texts else {}
            properties[name] = self.of(hints[name], saying=saying) | text
        left_out = {name for name in names if get_origin(hints[name]) is NotRequired}
        return _object(properties, optional=left_out.union(OPTIONAL.get(owner, ())))

    def _joined(self, owners: tuple[type, ...]) -> Schema:
        """Return one object with the fields of several classes."""
        parts = [self._of_fields(owner) for owner in owners]
        properties = {name: part for each in parts for name, part in each["properties"].items()}
        required = {name for each in parts for name in each["required"]}
        return _object(properties, optional=properties.keys() - required)

    def _of_statements(self, base: type[Statement]) -> Schema:
        """Return the schema of a kind of statement, or of any below it."""
        kinds = [each for each in statement_classes() if issubclass(each, base)]
        each = [self._defined(kind.__name__, lambda kind=kind: self._of_statement(kind)) for kind in kinds]
        return each[0] if len(each) == 1 else self._defined(f"Any{base.__name__}", lambda: {"anyOf": each})

    def _of_statement(self, kind: type[Statement]) -> Schema:
        written = get_type_hints(kind)
        common = {name: self.of(written[name]) for name in ("subjects", "trials", "source")}
        texts = descriptions(kind)
        figures = {
            name: self.of(hint, saying=True) | ({"description": texts[name]} if name in texts else {})
            for name, hint in kind.figure_types().items()
        }
        properties = {"kind": {"const": kind.kind_name()}, "says": self.of(str), **common}
        checked = {part: self.of(hint) for part, hint in CHECKED.items()} if issubclass(kind, Check) else {}
        return _object(properties | {"figures": _object(figures)} | checked)

    def _defined(self, name: str, make: Any) -> Schema:
        if name not in self.schemas:
            self.schemas[name] = {}  # a class may hold its own kind
            self.schemas[name] = make()
        return {"$ref": f"#/$defs/{name}"}


def _object(properties: dict[str, Schema], *, optional: Any = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _any_of(schemas: list[Schema]) -> Schema:
    """Return the schema of what fits any of some; plain types as a list of their names."""
    if len(schemas) == 1:
        return schemas[0]
    if not all(set(schema) == {"type"} for schema in schemas):
        return {"anyOf": schemas}
    names: list[str] = []
    for schema in schemas:
        names += [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return {"type": list(dict.fromkeys(names))}
