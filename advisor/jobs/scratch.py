"""Scratch folders: what worker processes map while a search runs; those of killed searches are swept away."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from studies.errors import StoreError
from studies.storage.locks import acquire

PREFIX: Final = "advisor-"
LOCK: Final = "in-use"
"""A file in each, whose lock is held as long as its search lives: the kernel frees it at death."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield an empty folder that is deleted afterwards; delete those that killed searches left.

    Raises:
        StoreError: none can be made.
    """
    sweep(Path(tempfile.gettempdir()))
    try:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = acquire(folder / LOCK)
    except OSError as error:
        raise StoreError(
            f"no temporary folder can be made: {error.strerror}; set TMPDIR to another"
        ) from None
    try:
        yield folder
    finally:
        if lock is not None:
            lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def sweep(directory: Path) -> None:
    """Delete the scratch folders in a directory whose searches live no longer."""
    for lock_file in directory.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError):  # another user's
            if lock := acquire(lock_file):
                lock.release()
                shutil.rmtree(lock_file.parent, ignore_errors=True)
