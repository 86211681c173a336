"""Readers of the user's own data, one file a form; imported only when such data is read.

Each is the constant READER of its file: the endings that it reads and a function. A new file is a new reader.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from studies.errors import one_line

if TYPE_CHECKING:
    import pandas as pd

    from studies.datasets import Raw

    Frame = tuple[pd.DataFrame, tuple[str, ...]]
    """A table, and what its owner should know of how it was read."""

PACKINGS: Final = (".gz", ".bz2", ".xz", ".zst", ".zip")
"""Endings of compressed files, behind that of what is in them."""
WILD: Final = frozenset("*?[")
"""What marks a path as a pattern for several files."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Place of data: a file, and what is meant inside it."""

    path: Path
    part: str = ""
    """The sheet of a workbook, or the table or the query of a database; empty where none was named."""
    as_text: frozenset[str] = frozenset()
    """Columns that arrive as they are written, even where all of their values are numbers."""

    @classmethod
    def of(cls, source: str, *, as_text: frozenset[str] = frozenset()) -> Place:
        """Return what a source names: `file`, or `file.ending:part` where the reader knows parts."""
        path = expanded(source)
        folded = source.lower()
        marks = [
            start + len(ending)
            for ending, reader in readers().items()
            if reader.part and (start := folded.find(f"{ending}:")) >= 0
        ]
        if not marks or holds(path, Path.exists):
            return cls(path=path, as_text=as_text)
        mark = min(marks)
        return cls(path=expanded(source[:mark]), part=source[mark + 1 :].strip(), as_text=as_text)

    @property
    def ending(self) -> str:
        """Return the ending that tells the form, in small letters; empty where none is known."""
        name = self.path.name.lower()
        plain = name.removesuffix(self.packing)
        known = [ending for ending in readers() if plain.endswith(ending)]
        ending = max(known, key=len, default="")
        return ending if ending and (not self.packing or readers()[ending].packed) else ""

    @property
    def packing(self) -> str:
        """Return the ending of a compressed file; empty where it is not compressed."""
        return next((packing for packing in PACKINGS if self.path.name.lower().endswith(packing)), "")

    @property
    def name(self) -> str:
        """Return what the data is called: the file without its endings, and the part that was named."""
        name = self.path.name
        stem = name[: len(name) - len(self.ending + self.packing)] if self.ending else self.path.stem
        plain = stem if not is_pattern(self.path) else "".join(mark for mark in stem if mark not in "*?[]")
        part = f"-{self.part}" if self.part and not self.part.split()[1:] else ""
        return one_line(plain.strip(" -_.") + part, longest=80) or self.path.absolute().parent.name or "data"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reader of one form of file."""

    form: str
    """What it reads, in words for a table of all forms."""
    endings: tuple[str, ...]
    """With the point, in small letters."""
    read: Callable[[Place], Frame | Raw]
    """Returns a frame with its notes, the target among the columns, or data that knows its target."""
    takes_target: bool = True
    """Whether a column of it is the target."""
    part: str = ""
    """What may be named behind a colon: a sheet, a table or a query; empty for nothing."""
    packed: bool = False
    """Whether such a file may be compressed."""


@cache
def readers() -> dict[str, Reader]:
    """Return the reader of each ending; a new file in this folder is a new reader."""
    modules = (
        importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)
    )
    known: list[Reader] = [module.READER for module in modules if hasattr(module, "READER")]
    return {ending: reader for reader in known for ending in reader.endings}


def endings(*, with_target: bool = False) -> tuple[str, ...]:
    """Return the endings that are read, or those of them that need a target column."""
    return tuple(ending for ending, reader in readers().items() if reader.takes_target or not with_target)


def needs_target(source: str) -> bool:
    """Tell whether a source is a file that needs a target column to be named."""
    ending = Place.of(source).ending
    return bool(ending) and readers()[ending].takes_target


def is_pattern(path: Path) -> bool:
    """Tell whether a path stands for several files, as `data/*.parquet` does."""
    return not WILD.isdisjoint(str(path)) and not holds(path, Path.exists)


def names_file(source: str) -> bool:
    """Tell whether a source with a colon in it is data rather than code: a file or a part of one."""
    place = Place.of(source)
    return holds(place.path, Path.exists) or bool(place.part or place.ending)


def names_code(source: str) -> bool:
    """Tell whether a source is `module:name` or `file.py:name`."""
    return ":" in source and not names_file(source)


def expanded(source: str) -> Path:
    """Return a path, its leading ~ as the home directory where it is one."""
    try:
        return Path(source).expanduser()
    except RuntimeError:  # a file whose name begins with ~, which is nobody's home
        return Path(source)


def holds(path: Path, question: Callable[[Path], bool]) -> bool:
    """Tell whether a question such as `Path.is_file` holds of a path; of what can be no path none does."""
    try:
        return question(path)
    except (OSError, ValueError):  # a name too long for any file, or with a zero byte in it
        return False
