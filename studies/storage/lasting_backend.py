"""Lasting backend of a journal: what the disk does not take stays in memory, and is written once it can be.

Importing it imports Optuna.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend

from studies.errors import StoreError, one_line


class LastingBackend(BaseJournalBackend):
    """Backend that keeps in memory what another one cannot write.

    Args:
        path: of the journal.
        inner: what reads and writes the file; it writes all of what it is given, or nothing.
    """

    def __init__(self, path: Path, inner: BaseJournalBackend) -> None:
        self.path, self.inner = path, inner
        self.lasting = False
        """Whether a disk that fails raises nothing: so it is while this process works on the study."""
        self.unwritten: list[dict[str, Any]] = []
        """Operations that are in memory alone, oldest first."""
        self.problem = ""
        """Why the last write or read failed; empty when it did not."""
        self._read_unwritten = 0

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Yield the operations from a line on, the first being 0, then those that are in memory alone."""
        try:
            yield from self.inner.read_logs(log_number_from - self._read_unwritten)
        except OSError as error:
            self._take_problem(error)
        new = self.unwritten[self._read_unwritten :]
        self._read_unwritten = len(self.unwritten)
        yield from new

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write operations, with those that could not be written before.

        Raises:
            StoreError: they cannot be written, and nobody works on the study.
        """
        try:
            self.path.stat()  # else the lock around writes would make anew a folder that somebody deleted
            self.inner.append_logs([*self.unwritten, *logs])
        except OSError as error:
            self._take_problem(error)
            self.unwritten += logs
        else:
            self.problem, self.unwritten, self._read_unwritten = "", [], 0

    def try_again(self) -> None:
        """Write what could not be written before, and look whether the file is still there."""
        if self.unwritten:
            self.append_logs([])
        else:
            there = os.access(self.path, os.R_OK)
            self.problem = "" if there else "it is gone, or may not be read"

    def _take_problem(self, error: OSError) -> None:
        words = one_line(error.strerror or error)
        if not self.lasting:
            raise StoreError(f"journal {self.path} cannot be written or read ({words})") from None
        if not self.problem:
            note = "journal %s cannot be written (%s); what ends meanwhile is kept in memory and tried again"
            logging.getLogger("advisor").warning(note, self.path, words)
        self.problem = words
