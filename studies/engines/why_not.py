"""Why not: what in an object keeps it from going to another process, and where it lies."""

from __future__ import annotations

import functools
import inspect
import io
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any, Final

from studies.engines.pickler import Pickler
from studies.errors import named_line

DEEPEST: Final = 30
"""Steps into an object that are looked at."""
KINDS: Final = {
    "socket": "an open socket",
    "lock": "a lock",
    "RLock": "a lock",
    "Condition": "a lock",
    "Thread": "a thread",
    "generator": "a generator",
    "async_generator": "a generator",
    "coroutine": "a coroutine",
    "TextIOWrapper": "an open file",
    "BufferedReader": "an open file",
    "BufferedWriter": "an open file",
    "BufferedRandom": "an open file",
    "FileIO": "an open file",
    "Connection": "an open connection",
    "Cursor": "an open connection",
    "DuckDBPyConnection": "an open connection",
    "SSLSocket": "an open socket",
    "mmap": "a mapped file",
    "weakref": "a weak reference",
    "ReferenceType": "a weak reference",
}
"""What objects that live in one process alone are called, by the name of their class."""
PLAIN: Final = (tuple, list, dict, set)
Part = tuple[str, Any]
"""Where something lies, and what it is."""


def reason(value: object, error: Exception) -> str:
    """Return in one line what of a value cannot travel, where it lies, and why."""
    place, owner, part = "", None, value
    for _ in range(DEEPEST):
        inner = next(((name, each) for name, each in _inside(part) if _problem(each)), None)
        if inner is None:
            break
        owner, (place, part) = part, inner
    what = KINDS.get(type(part).__name__) or f"{_called(part)} ({_problem(part) or _said(error)})"
    where = f"{place} of {_called(owner)} is {what}" if place and owner is not value else f"it holds {what}"
    return f"the workload cannot go to another process: {where}; make that in the function that uses it"


def _problem(part: object) -> str | None:
    try:
        Pickler(io.BytesIO(), buffers=[]).dump(part)
    except Exception as error:  # noqa: BLE001 - whatever an object of the user's own raises
        return _said(error)
    return None


def _said(error: Exception) -> str:
    return named_line(error, longest=200)


def _called(part: Any) -> str:
    """Return what a user calls an object."""
    if name := getattr(part, "__qualname__", None):
        return f"the {'class' if isinstance(part, type) else 'function'} {name}"
    kind = type(part).__qualname__
    return f"a {kind}" if type(part) in PLAIN else f"an object of {kind}"


def _inside(part: Any) -> Iterator[Part]:
    """Yield what an object is made of, as far as it is pickled with it."""
    if isinstance(part, dict):
        yield from ((f"entry '{key}'", each) for key, each in part.items())
    elif isinstance(part, tuple | list | set | frozenset):
        yield from ((f"part {number}", each) for number, each in enumerate(part, 1))
    elif isinstance(part, MethodType):
        yield from (("function", part.__func__), ("object", part.__self__))
    elif isinstance(part, functools.partial):
        yield from [("function", part.func), *_inside(part.args), *_inside(part.keywords)]
    elif isinstance(part, FunctionType):
        yield from _of_function(part)
    elif isinstance(part, type):
        yield from (
            (f"attribute '{name}'", each) for name, each in vars(part).items() if not _is_dunder(name)
        )
    else:
        yield from ((f"attribute '{name}'", each) for name, each in _attributes(part))
        yield "class", type(part)


def _of_function(function: FunctionType) -> Iterator[Part]:
    closure = inspect.getclosurevars(function) if function.__closure__ else None
    if closure is not None:
        yield from ((f"variable '{name}'", each) for name, each in closure.nonlocals.items())
    for name in sorted(_names(function.__code__)):
        if name in function.__globals__:
            yield f"variable '{name}'", function.__globals__[name]
    yield from _inside(function.__defaults__ or ())
    yield from _inside(function.__kwdefaults__ or {})


def _names(code: CodeType) -> set[str]:
    inner = [_names(each) for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*inner)


def _attributes(part: Any) -> Iterator[Part]:
    names = [*getattr(part, "__dict__", {}), *getattr(type(part), "__slots__", ())]
    yield from ((name, getattr(part, name)) for name in names if hasattr(part, name))


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name != "__init__"
