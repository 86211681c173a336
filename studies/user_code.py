"""Errors in the user's own code, in one line that names their file and line."""

from __future__ import annotations

import os
import sysconfig
import traceback
from pathlib import Path
from typing import Final

from studies.errors import named_line, one_line

_ROOT: Final = Path(__file__).resolve().parents[1]
_OUR_FOLDERS: Final = tuple(f"{_ROOT / package}{os.sep}" for package in ("advisor", "studies", "dashboard"))
_NOT_THEIRS: Final = (
    *_OUR_FOLDERS,
    *(f"{sysconfig.get_path(kind)}{os.sep}" for kind in ("stdlib", "platstdlib", "purelib", "platlib")),
)
"""Folders whose code is a package's, not the user's."""


def code_line(error: BaseException, *, longest: int | None = None) -> str:
    """Return an error in one line: the last line of the user's own code that it passed, type and message.

    An error that passed none has its type and its message alone.
    """
    place = _place(error)
    return f"{place}: {named_line(error, longest=longest)}" if place else named_line(error, longest=longest)


def is_of_user_code(error: BaseException) -> bool:
    """Tell whether an error comes out of the user's own code, with none of ours called by it."""
    frames = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    ends = [file for file in frames if _is_theirs(file) or file.startswith(_OUR_FOLDERS)]
    return bool(ends) and _is_theirs(ends[-1])


def _place(error: BaseException) -> str:
    """Return `file.py, line 3` of the innermost frame in the user's code; empty where there is none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if _is_theirs(frame.filename)]
    return f"{_short(theirs[-1].filename)}, line {theirs[-1].lineno}" if theirs else ""


def _is_theirs(file: str) -> bool:
    if file.startswith("<frozen") or file == "<string>":  # the import system, and what dataclasses make
        return False
    if not file.startswith("<") and not Path(file).exists():  # compiled: its source was elsewhere
        return False
    return not str(Path(file).resolve() if not file.startswith("<") else file).startswith(_NOT_THEIRS)


def _short(file: str) -> str:
    """Return a file as seen from the working directory, where it lies below that."""
    path = Path(file)
    return one_line(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
