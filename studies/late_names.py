"""Late names: what a library imports as it is imported, and never uses here, waits until it is asked for.

pytorch_optimizer imports torch's distributed tensors and, where it is installed, transformers. Both together
take longer than torch itself, in every worker, and no training on one device ever asks for them.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def late(modules: Sequence[str]) -> Iterator[None]:
    """Let names that are imported inside the block from some modules be imported once they are used.

    A module that is there already is used as it is. After the block all is as if none had been imported.

    Args:
        modules: their full names; one that is not installed says so when a name of it is used.

    Example:
        >>> with late(["xml.dom.pulldom"]):
        ...     from xml.dom.pulldom import PullDOM
        >>> isinstance(1, PullDOM), "xml.dom.pulldom" in sys.modules
        (False, False)
        >>> PullDOM().startDocument.__name__, "xml.dom.pulldom" in sys.modules
        ('startDocument', True)
    """
    standing_in = {name: _LateModule(name) for name in modules if name not in sys.modules}
    sys.modules.update(standing_in)
    try:
        yield
    finally:
        for name, module in standing_in.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


class _LateModule(ModuleType):
    """Stands for a module while others import names from it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by the import itself
            raise AttributeError(name)
        return _LateName(name, (), {"__module__": self.__name__})


class _LateName(type):
    """Stands for a class or function: it is imported once it is called, or something is read off it."""

    def _imported(cls) -> Any:
        return getattr(importlib.import_module(cls.__module__), cls.__name__)

    def __instancecheck__(cls, instance: object) -> bool:
        """Tell whether it is one: of a class that was never imported there is none."""
        return cls.__module__ in sys.modules and isinstance(instance, cls._imported())

    def __subclasscheck__(cls, subclass: type) -> bool:
        """Tell whether a class is derived from it."""
        return cls.__module__ in sys.modules and issubclass(subclass, cls._imported())

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        return cls._imported()(*arguments, **named)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(cls._imported(), name)
