"""Locks: one process at a time; the kernel frees them when their holder dies, so that a kill blocks nobody.

A study has three, in files beside its journal: `NAME.lock` around every write, `NAME.search` for the process
that works on it, `NAME.mirror` for the one that mirrors it. Lock polling: a lock that is taken is asked for
again after a short pause.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import BaseFileLock, FileLock, Timeout

from studies.errors import StoreError

PATIENCE_SECONDS: Final = 0.1
"""How long the lock of a study is asked for: who only looks whether it is taken (`worked_on`) holds it a
moment."""
STUDY_POLL_SECONDS: Final = 0.02
WRITE_POLL_SECONDS: Final = 0.001
"""Between two looks at the lock of a journal, which is held for the time of one write."""


def write_lock(journal: Path) -> BaseFileLock:
    """Return the lock around writes to a journal, not taken yet; acquiring it waits."""
    return FileLock(journal.with_suffix(".lock"), poll_interval=WRITE_POLL_SECONDS)


def acquire(path: Path, *, patience_seconds: float = 0.0) -> BaseFileLock | None:
    """Take the lock of a file and return it, to be released; None when another process has it."""
    lock = FileLock(path, poll_interval=STUDY_POLL_SECONDS, thread_local=False)
    try:
        lock.acquire(timeout=patience_seconds)
    except Timeout:
        return None
    return lock


def worked_on(home: Path, name: str) -> bool:
    """Tell whether a process works on a study."""
    path = _study_lock(home, name)
    if not path.exists():
        return False
    if lock := acquire(path):
        lock.release()
    return lock is None


@contextmanager
def working(home: Path, name: str) -> Iterator[None]:
    """Hold a study for one process.

    Two that search it at once would try the same recipes and spend its budget twice.

    Raises:
        StoreError: another process holds it.
    """
    lock = acquire(_study_lock(home, name), patience_seconds=PATIENCE_SECONDS)
    if lock is None:
        raise _busy(name)
    try:
        yield
    finally:
        lock.release()


def check_free(home: Path, name: str) -> None:
    """Raise StoreError when a process works on a study."""
    if worked_on(home, name):
        raise _busy(name)


def _busy(name: str) -> StoreError:
    return StoreError(f"study '{name}' is being searched by another process; wait for it, or stop it")


def _study_lock(home: Path, name: str) -> Path:
    return home / "studies" / f"{name}.search"
