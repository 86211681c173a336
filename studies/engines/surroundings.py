"""Surroundings: what the user's code expects of its process, beside the objects that it is given."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from studies.callers_globals import set_torch, torch_settings
from studies.imports import REFUSE, run_file

Filter = tuple[str, str, tuple[str, str], str, int]
"""Of warnings: action, message, module and name of the category, module and line; texts are patterns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """Surroundings of the user's code in one process, to be entered in another."""

    directory: str
    """The working directory; empty where it is gone."""
    path: tuple[str, ...]
    """Where modules are imported from."""
    places: dict[str, str]
    """Of modules that were imported from elsewhere than installed packages: where from, by name."""
    files: tuple[str, ...]
    """Files of the user's own that run as modules."""
    arguments: tuple[str, ...]
    """The words on the command line."""
    torch: dict[str, Any]
    """What the user has set of torch for the whole process."""
    filters: tuple[Filter, ...]
    """Of warnings, the first that fits counts."""
    refused: bool
    """Whether no code of the user's own is imported."""

    @classmethod
    def here(cls, user_modules: Iterable[str]) -> Surroundings:
        """Return those of this process.

        Args:
            user_modules: names of the files that the user's objects are defined in, as they run here.
        """
        modules = [sys.modules[name] for name in sys.modules if name in set(user_modules)]
        directory = _directory()
        return cls(
            directory=directory,
            path=tuple(_absolute(entry, directory) for entry in sys.path if isinstance(entry, str)),
            places=dict(_places()),
            files=tuple(module.__file__ for module in modules if module.__file__),
            arguments=tuple(sys.argv),
            torch=torch_settings(),
            filters=tuple(_filters()),
            refused=bool(os.environ.get(REFUSE)),
        )

    def enter(self) -> None:
        """Make this process like that one.

        Raises:
            BadWorkload: a file of the user's own cannot be run again.
        """
        if self.directory:
            with contextlib.suppress(OSError):
                os.chdir(self.directory)
        sys.path += [entry for entry in self.path if entry not in sys.path]
        sys.meta_path[:] = [_Places(self.places), *(f for f in sys.meta_path if not isinstance(f, _Places))]
        sys.argv[:] = self.arguments
        warnings.resetwarnings()
        for action, message, category, module, line in reversed(self.filters):
            # a module that is not imported here warns of nothing yet
            if kind := getattr(sys.modules.get(category[0]), category[1], None):
                warnings.filterwarnings(action, message, kind, module, line)  # type: ignore[arg-type]
        set_torch(self.torch)
        for file in self.files:
            run_file(Path(file))
        if self.refused:
            os.environ[REFUSE] = "1"


class _Places(MetaPathFinder):
    """Finder of the modules that another process had imported from the user's own folders.

    These folders come last here: a file of theirs named as a package is of the standard library is not taken
    for it. One that they had imported in the place of an installed package is theirs here too.
    """

    def __init__(self, places: dict[str, str]) -> None:
        self.places = places

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return where a module is; None for one that was not imported from there."""
        if path is not None or fullname not in self.places:
            return None
        return PathFinder.find_spec(fullname, [self.places[fullname]], target)


def _directory() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a text
    except OSError:
        return ""


def _absolute(entry: str, directory: str) -> str:
    """Return a place to import from whatever the directory; an empty one is the working directory."""
    return os.path.join(directory, entry) if entry else directory  # noqa: PTH118 - both are texts


def _places() -> Iterator[tuple[str, str]]:
    installed = tuple({sys.prefix, sys.base_prefix, sys.exec_prefix})
    for name, module in list(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        if "." in name or name in sys.stdlib_module_names or not isinstance(spec, ModuleSpec):
            continue
        folders = spec.submodule_search_locations
        where = next(iter(folders or ()), spec.origin if spec.has_location else None)
        if where and spec.name == name and not where.startswith(installed):
            yield name, str(Path(where).absolute().parent)


def _filters() -> Iterator[Filter]:
    for action, message, category, module, line in warnings.filters:
        if isinstance(category, type):
            kind = (category.__module__, category.__qualname__)
            yield action, _pattern(message), kind, _pattern(module), line


def _pattern(text: Any) -> str:
    """Return the pattern of a filter's text: compiled, given as a text that is to be met whole, or none."""
    if text is None:
        return ""
    return re.escape(text) + r"\Z" if isinstance(text, str) else str(text.pattern)
