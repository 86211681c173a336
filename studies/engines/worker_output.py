"""Worker output: what a worker prints goes to its coordinator, whatever a task closes."""

from __future__ import annotations

import os
import sys
from typing import TextIO


class Output:
    """Output of a worker, which goes where it went at first even if a task closes it."""

    def __init__(self) -> None:
        self._copies = {number: os.dup(number) for number in (0, 1, 2)}

    def put_back(self) -> None:
        """Open again what was closed."""
        for number, copy in self._copies.items():
            if not _same_file(number, copy):
                os.dup2(copy, number)
        if sys.stdout.closed:
            sys.stdout = stream(1)
        if sys.stderr.closed:
            sys.stderr = stream(2)


def _same_file(number: int, copy: int) -> bool:
    try:
        return os.path.sameopenfile(number, copy)
    except OSError:
        return False


def stream(number: int) -> TextIO:
    """Return a stream that writes line by line, and leaves its descriptor open when it is closed."""
    return os.fdopen(number, "w", buffering=1, errors="backslashreplace", closefd=False)
