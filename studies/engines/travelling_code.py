"""Travelling code: functions and classes of the user's own that go along by value and keep their names."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from studies.choice import Choice
from studies.imports import USER_MODULES


@dataclass(kw_only=True)
class TravellingCode:
    """What a pickle holds of the user's code, noted while it is made.

    A worker that has read it can pickle objects of these classes by name, as `torch.save` does with a model.
    """

    defined: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Functions and classes by module and name."""
    references: list[tuple[type[Choice], str]] = field(default_factory=list)
    """Choices of the user's own, and the names that they were asked for by."""
    files: set[str] = field(default_factory=set)
    """Modules that are files of the user's own."""

    def note(self, item: Any) -> None:
        """Note an object if it is code of the user's own."""
        if not isinstance(item, type | FunctionType) or not isinstance(item.__module__, str):
            return
        of_file = item.__module__.startswith(USER_MODULES)
        if of_file:
            self.files.add(item.__module__)
        if isinstance(item, type) and issubclass(item, Choice) and item.reference:
            self.references.append((item, item.reference))
        defined = getattr(sys.modules.get(item.__module__), item.__qualname__, None) is item
        if defined and (of_file or item.__module__ == "__main__"):
            self.defined.setdefault(item.__module__, {})[item.__qualname__] = item

    def settle(self) -> None:
        """Let this process find the code by its names."""
        for module, items in self.defined.items():
            vars(sys.modules.setdefault(module, ModuleType(module))).update(items)
        for choice, reference in self.references:
            choice.reference = reference
