"""Journal backend: what Optuna reads and writes a journal with, whatever has happened to the file.

Importing it imports Optuna. Its own backend fails at the first line that is none, and leaves half a line
behind when the disk is full.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from filelock import BaseFileLock
from optuna.storages.journal import BaseJournalBackend

from studies.storage.lines import NOTHING, Line, sealed, whole_lines


class SealedBackend(BaseJournalBackend):
    """Backend of a journal whose lines are sealed.

    Args:
        path: of the file.
        lock: held around every write.
    """

    def __init__(self, path: Path, lock: BaseFileLock) -> None:
        self._path, self._lock = path, lock
        self._line, self._offset = 0, 0
        path.open("ab").close()

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Yield the operations from a line on, the first being 0; for a damaged line, one of no effect."""
        with self._path.open("rb") as file:
            if self._line > log_number_from:
                self._line, self._offset = 0, 0
            file.seek(self._offset)
            for raw in whole_lines(file):
                self._line, self._offset = self._line + 1, self._offset + len(raw)
                if self._line > log_number_from:
                    yield Line.of(raw).operation() or dict(NOTHING)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write operations to the disk, all of them or none; a line that a crash left torn is cut off.

        Raises:
            OSError: they cannot be written.
        """
        content = b"".join(map(sealed, logs))
        with self._lock, self._path.open("r+b", buffering=0) as file:
            end = _end_of_lines(file)
            file.truncate(end)
            file.seek(end)
            try:
                while content:
                    content = content[file.write(content) :]
                os.fsync(file.fileno())
            except BaseException:
                with suppress(OSError):
                    file.truncate(end)
                raise


def _end_of_lines(file: IO[bytes]) -> int:
    """Return where the last whole line of a file ends."""
    size = start = file.seek(0, os.SEEK_END)
    while start > 0:
        start = max(0, size - 2 * max(1, size - start))
        file.seek(start)
        tail = file.read(size - start)
        if b"\n" in tail:
            return start + tail.rindex(b"\n") + 1
    return 0
