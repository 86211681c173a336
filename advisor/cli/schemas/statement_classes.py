"""Classes of statements: every kind of claim that an answer may hold."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from advisor import statements
from advisor.statements.statement import Statement


@cache
def statement_classes() -> tuple[type[Statement], ...]:
    """Return every class of statement that says something, by its name."""
    classes = set()
    for module in pkgutil.iter_modules(statements.__path__):
        named = vars(importlib.import_module(f"{statements.__name__}.{module.name}")).values()
        classes |= {each for each in named if isinstance(each, type) and issubclass(each, Statement)}
    return tuple(
        sorted((each for each in classes if not inspect.isabstract(each)), key=lambda each: each.__name__)
    )
