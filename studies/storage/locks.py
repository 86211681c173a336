"""Locks: one process at a time; the kernel frees them when their holder dies, so that a kill blocks nobody.

A study has three, in files beside its journal: `NAME.lock` around every write, `NAME.search` for the process
that works on it, `NAME.mirror` for the one that mirrors it. Lock polling: a lock that is taken is asked for
again after a short pause. `NAME.holder` names the host and process that work on it: where hosts share a file
system that passes no locks on, it is all that the others see.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname
from typing import Final, Self

from filelock import BaseFileLock, FileLock, Timeout

from studies.errors import StoreError, StudyWarning, plainly

PATIENCE_SECONDS: Final = 0.1
"""How long the lock of a study is asked for: who only looks whether it is taken (`worked_on`) holds it a
moment."""
STUDY_POLL_SECONDS: Final = 0.02
WRITE_POLL_SECONDS: Final = 0.001
"""Between two looks at the lock of a journal, which is held for the time of one write."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """Holder of a study: the process that works on it, or was killed at that."""

    host: str
    pid: int
    since: str
    """When it began, to the minute."""
    worked_seconds: float = 0.0
    """Those that the study had been worked on before."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since}"

    @classmethod
    def here(cls, worked_seconds: float = 0.0) -> Self:
        """Return this process."""
        since = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        return cls(host=gethostname(), pid=os.getpid(), since=since, worked_seconds=worked_seconds)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return who a file names; None where there is none, or it names nobody."""
        try:
            values = json.loads(path.read_bytes())
            host, since = plainly(str(values["host"])), plainly(str(values["since"]))
            before = float(values.get("worked_seconds", 0.0))  # earlier versions did not write it
            return cls(host=host, pid=int(values["pid"]), since=since, worked_seconds=before)
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None

    def write(self, path: Path) -> None:
        """Write it for others to see; a disk that is full keeps nobody from working."""
        with suppress(OSError):
            path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def write_lock(journal: Path) -> BaseFileLock:
    """Return the lock around writes to a journal, not taken yet; acquiring it waits."""
    return FileLock(journal.with_suffix(".lock"), poll_interval=WRITE_POLL_SECONDS)


def acquire(path: Path, *, patience_seconds: float = 0.0) -> BaseFileLock | None:
    """Take the lock of a file and return it, to be released; None when another process has it.

    Raises:
        StoreError: the file cannot be written.
    """
    lock = FileLock(path, poll_interval=STUDY_POLL_SECONDS, thread_local=False)
    try:
        lock.acquire(timeout=patience_seconds)
    except Timeout:
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror or error})") from None
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
def working(home: Path, name: str, *, worked_seconds: float = 0.0) -> Iterator[None]:
    """Hold a study for one process.

    Two that search it at once would try the same recipes and spend its budget twice.

    Args:
        home: where the study lives.
        name: what it is called.
        worked_seconds: those that it was worked on before, for others to see.

    Raises:
        StoreError: another process holds it.
    """
    lock = acquire(_study_lock(home, name), patience_seconds=PATIENCE_SECONDS)
    if lock is None:
        raise _busy(home, name)
    holder_file = holder_path(home, name)
    earlier = Holder.read(holder_file)
    if earlier is not None and earlier.host != gethostname():
        warnings.warn(StudyWarning(_left_by(name, earlier)), stacklevel=3)
    Holder.here(worked_seconds).write(holder_file)
    try:
        yield
    finally:
        with suppress(OSError):  # the home may be gone by now
            holder_file.unlink(missing_ok=True)
        lock.release()


def check_free(home: Path, name: str) -> None:
    """Raise StoreError when a process works on a study."""
    if worked_on(home, name):
        raise _busy(home, name)


def _busy(home: Path, name: str) -> StoreError:
    holder = Holder.read(holder_path(home, name))
    who = f"another process ({holder})" if holder else "another process"
    return StoreError(f"study '{name}' is being searched by {who}; wait for it, or stop it")


def _left_by(name: str, holder: Holder) -> str:
    return (
        f"{holder} was searching study '{name}' and never said that it ended; as its lock is free, it is "
        "taken to have been killed. If it still runs, stop it: this file system does not pass its lock on"
    )


def holder_path(home: Path, name: str) -> Path:
    """Return the file that names who works on a study."""
    return home / "studies" / f"{name}.holder"


def _study_lock(home: Path, name: str) -> Path:
    return home / "studies" / f"{name}.search"
