"""Document: a typed value that is written as JSON and read back.

Entries of a later version stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, is_dataclass
from typing import Any, ClassVar, Self

from studies.stored_types import check_types


@dataclass(frozen=True, kw_only=True)
class Document:
    """Base of values with a field for each entry."""

    LATER: ClassVar[tuple[str, ...]] = ()
    """Entries that a new value lacks until they are set."""
    READERS: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    """What makes the typed value of an entry as it was written, where turning a list into a tuple is not
    all."""

    extra: Mapping[str, Any] = field(default_factory=dict)
    """Entries that this version does not know."""
    written: tuple[str, ...] | None = field(default=None, compare=False, repr=False)
    """Names of the entries as they were written, in their order; None for a new value."""

    @classmethod
    def entries(cls) -> dict[str, Field[Any]]:
        """Return the fields that this version knows, by the name of their entry."""
        return {f.name: f for f in fields(cls) if f.name not in {"extra", "written"}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what was written."""
        known = cls.entries()
        check_types(cls, values)
        typed = {name: cls._read(name, value) for name, value in values.items() if name in known}
        extra = {name: value for name, value in values.items() if name not in known}
        return cls(**typed, extra=extra, written=tuple(values))

    @classmethod
    def _read(cls, name: str, value: Any) -> Any:
        if value is None or name not in cls.READERS:
            return tuple(value) if isinstance(value, list) else value
        return cls.READERS[name](value)

    def to_dict(self) -> dict[str, Any]:
        """Return what is written, ready for JSON: the entries it was read with, and those set since."""
        known = self.entries()
        at_once = tuple(name for name in known if name not in self.LATER)
        first = at_once if self.written is None else self.written
        changed = (name for name, f in known.items() if getattr(self, name) != _default(f))
        names = dict.fromkeys((*first, *changed, *self.extra))
        return {name: plain(getattr(self, name) if name in known else self.extra[name]) for name in names}


def plain(value: Any) -> Any:
    """Return a value as JSON has it: tuples as lists, dataclasses as dicts."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(value.to_dict() if hasattr(value, "to_dict") else asdict(value))
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def _default(f: Field[Any]) -> Any:
    return f.default if f.default_factory is MISSING else f.default_factory()
