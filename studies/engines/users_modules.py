"""User's modules: what one process imported from the user's own folders, as another one finds it."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

OURS: Final = ("advisor", "studies", "dashboard")
STANDARD: Final = tuple(sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib"))
INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
"""Folders that packages are installed to, for all users or for one."""
MOST_BYTES: Final = 2**24
"""Of source that goes along; a package of the user's that is larger is read from its files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UsersModules:
    """Modules that were imported from elsewhere than installed packages."""

    places: dict[str, str]
    """The folder that each lies in, by the first part of its name."""
    sources: dict[str, tuple[str, bytes]]
    """File and source of each, by its whole name."""

    @classmethod
    def here(cls) -> UsersModules:
        """Return those of this process."""
        places = dict(_places())
        sources, size = dict[str, tuple[str, bytes]](), 0
        for name, file in _files(places):
            source = file.read_bytes()
            size += len(source)
            if size > MOST_BYTES:
                break
            sources[name] = (str(file), source)
        return cls(places=places, sources=sources)

    def enter(self) -> None:
        """Have them found in this process as they were there, even if their files are changed meanwhile.

        The folders themselves come last: a file there that is named as a package or as one of the standard
        library is not taken for it, unless it was there too.
        """
        others = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
        sys.meta_path[:] = [_Finder(self), *others]


class _Finder(MetaPathFinder):
    def __init__(self, modules: UsersModules) -> None:
        self.modules = modules

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return where a module is; None for one that was not imported from the user's folders."""
        file, source = self.modules.sources.get(fullname, ("", b""))
        if file and _changed(Path(file), source):
            package = [str(Path(file).parent)] if Path(file).name == "__init__.py" else None
            loader = _SourceAsItWas(fullname, file, source)
            return spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=package)
        if path is not None or fullname not in self.modules.places:
            return None
        return PathFinder.find_spec(fullname, [self.modules.places[fullname]], target)


class _SourceAsItWas(SourceFileLoader):
    """Loader of a module from source that its file no longer has."""

    def __init__(self, name: str, file: str, source: bytes) -> None:
        super().__init__(name, file)
        self.source = source

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the source as it was: what is cached beside the file is of another."""
        return self.source_to_code(self.source, self.get_filename(fullname))


def _changed(file: Path, source: bytes) -> bool:
    try:
        return file.read_bytes() != source
    except OSError:
        return True


def _places() -> Iterator[tuple[str, str]]:
    for name, module in list(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        if "." in name or name in sys.stdlib_module_names or not isinstance(spec, ModuleSpec):
            continue
        folders = spec.submodule_search_locations
        where = next(iter(folders or ()), spec.origin if spec.has_location else None)
        if where and spec.name == name and not _is_installed(where):
            yield name, str(Path(where).absolute().parent)


def _is_installed(where: str) -> bool:
    return str(where).startswith(STANDARD) or not INSTALLED.isdisjoint(Path(where).parts)


def _files(places: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """Yield the files of the modules that lie in some places, ours left out."""
    for name, module in list(sys.modules.items()):
        first = name.partition(".")[0]
        file = getattr(module, "__file__", None)
        if first in places and first not in OURS and isinstance(file, str) and file.endswith(".py"):
            path = Path(file).absolute()
            if path.is_file():
                yield name, path
