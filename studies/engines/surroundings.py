"""Surroundings: what the user's code expects of its process, beside the objects that it is given."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studies.callers_globals import set_torch, torch_settings
from studies.code_consent import REFUSE, refuse_code
from studies.engines.log import Log
from studies.engines.users_modules import UsersModules
from studies.imports import run_file
from studies.process_state import go_to, working_directory

Filter = tuple[str, str, tuple[str, str], str, int]
"""Of warnings: action, message, module and name of the category, module and line; texts are patterns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """Surroundings of the user's code in one process, to be entered in another."""

    directory: str
    """The working directory; empty where it is gone."""
    path: tuple[str, ...]
    """Where modules are imported from."""
    modules: UsersModules
    """Imported from elsewhere than installed packages."""
    files: tuple[str, ...]
    """Files of the user's own that run as modules."""
    arguments: tuple[str, ...]
    """The words on the command line."""
    torch: dict[str, Any]
    """What the user has set of torch for the whole process."""
    filters: tuple[Filter, ...]
    """Of warnings, the first that fits counts."""
    log: Log
    refused: str
    """How code of the user's own would be allowed, where none is imported; else empty."""

    @classmethod
    def here(cls, user_modules: Collection[str]) -> Surroundings:
        """Return those of this process.

        Args:
            user_modules: names of the files that the user's objects are defined in, as they run here.
        """
        modules = [module for name, module in list(sys.modules.items()) if name in user_modules]
        directory = working_directory()
        return cls(
            directory=directory,
            path=tuple(_absolute(entry, directory) for entry in sys.path if isinstance(entry, str)),
            modules=UsersModules.here(),
            files=tuple(module.__file__ for module in modules if module.__file__),
            arguments=tuple(sys.argv),
            torch=torch_settings(),
            filters=tuple(_filters()),
            log=Log.here(),
            refused=os.environ.get(REFUSE, ""),
        )

    def enter(self) -> None:
        """Make this process like that one.

        Raises:
            BadWorkload: a file of the user's own cannot be run again.
        """
        go_to(self.directory)
        sys.path += [entry for entry in self.path if entry not in sys.path]
        self.modules.enter()
        sys.argv[:] = self.arguments
        warnings.resetwarnings()
        for action, message, category, module, line in reversed(self.filters):
            # a module that is not imported here warns of nothing yet
            if kind := getattr(sys.modules.get(category[0]), category[1], None):
                warnings.filterwarnings(action, message, kind, module, line)  # type: ignore[arg-type]
        set_torch(self.torch)
        self.log.enter()
        for file in self.files:
            run_file(Path(file))
        if self.refused:
            refuse_code(self.refused, refused=True)


def _absolute(entry: str, directory: str) -> str:
    """Return a place to import from whatever the directory; an empty one is the working directory."""
    return os.path.join(directory, entry) if entry else directory  # noqa: PTH118 - both are texts


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
