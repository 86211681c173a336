"""Launched searches: `advisor` processes that a page or an agent starts and that outlive it.

Each runs in a session of its own. What it says on stderr goes to `HOME/launched/NAME.log`. It holds the
kernel's lock on that file for as long as it lives, so that whoever is started later can tell whether
it runs; `NAME.pid` holds the number of the process, which SIGINT is sent to.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final

from studies.child_process import command_of
from studies.errors import BadValue, StoreError
from studies.storage.home import NAME, journal_of, writable
from studies.storage.locks import worked_on
from studies.storage.stop_wish import wish_to_stop

FOLDER: Final = "launched"
NO_LINKS: Final[int] = getattr(os, "O_NOFOLLOW", 0)
"""For opening a file: a link that took its place is not followed; Windows knows no such flag."""
LOCKS_PASS_ON: Final = find_spec("fcntl") is not None
"""Whether a process that is started shares a lock that it is handed: not so on Windows."""
TAIL_BYTES: Final = 1 << 16
ERROR: Final = "advisor: "
"""How the command line begins the one line that it ends with when something is wrong."""
STOPPED: Final = "interrupted"
"""How that line goes on when nothing is wrong but somebody wanted an end."""


def command(arguments: Sequence[str]) -> str:
    """Return the command that a user would type."""
    return shlex.join(["advisor", *arguments])


def start(home: Path, name: str, arguments: Sequence[str]) -> None:
    """Start `advisor ARGUMENTS`, which works on the study of this name.

    Raises:
        BadValue: a name that no study can have.
        StoreError: such a process runs already, the home cannot be written, or nothing can be started in the
            background here.
    """
    if not LOCKS_PASS_ON:
        raise StoreError(f"nothing can be started in the background here; type it: {command(arguments)}")
    log_path, pid_path = _paths(writable(home), name)
    log_path.parent.mkdir(exist_ok=True)
    with _opened(log_path) as log:
        if not _lock(log):
            raise StoreError(f"study '{name}' was started here and still runs; stop it first")
        log.truncate(0)
        process = subprocess.Popen(  # noqa: S603 - our own command; no shell sees the arguments
            command_of("advisor", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
    pid_path.write_text(f"{process.pid}\n", encoding="ascii")
    _CHILDREN.append(process)


def running(home: Path, name: str) -> bool:
    """Tell whether a process that was started here still works on a study."""
    _reap()
    path = _log(home, name)
    if path is None:
        return False
    with _opened(path) as log:
        return not _lock(log)


def stop(home: Path, name: str) -> None:
    """Ask whoever works on a study to stop, wherever it was started: it answers from what is there, and ends.

    A process of ours that reads the data yet, or writes to MLflow only, is sent SIGINT.

    Raises:
        BadValue: a name that no study can have.
        StudyNotFound: there is none of that name.
        StoreError: nobody works on it.
    """
    _, pid_path = _paths(home, name)
    if worked_on(home, name):
        wish_to_stop(home, name)
        return
    if not running(home, name):
        journal_of(home, name)
        raise StoreError(f"nobody works on study '{name}', so there is nothing to stop")
    try:
        os.kill(int(pid_path.read_text(encoding="ascii")), signal.SIGINT)
    except (ProcessLookupError, FileNotFoundError, ValueError):
        return


def names(home: Path) -> tuple[str, ...]:
    """Return the studies that were started here, newest last."""
    logs = [path for path in (home / FOLDER).glob("*.log") if _log(home, path.stem)]
    return tuple(path.stem for path in sorted(logs, key=lambda path: path.stat().st_mtime))


def log_lines(home: Path, name: str) -> tuple[str, ...]:
    """Return the last lines that a process wrote to its log."""
    path = _log(home, name)
    if path is None:
        return ()
    with _opened(path) as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(0, size - TAIL_BYTES))
        return tuple(log.read().decode(errors="replace").splitlines())


def said_at(home: Path, name: str) -> float:
    """Return when a process last wrote to its log, in seconds since 1970; 0 where none was started here."""
    path = _log(home, name)
    return path.stat().st_mtime if path else 0.0


def failure(home: Path, name: str) -> str:
    """Return the line of error with which a process ended; empty when it runs, or ended well or by a stop."""
    last = _last_error(home, name)
    return "" if last.startswith(STOPPED) else last


def interrupted(home: Path, name: str) -> bool:
    """Tell whether a process was ended by Ctrl-C or a signal, as `stop` sends one."""
    return _last_error(home, name).startswith(STOPPED)


def _last_error(home: Path, name: str) -> str:
    last = next((line for line in reversed(log_lines(home, name)) if line.strip()), "")
    return last.removeprefix(ERROR) if last.startswith(ERROR) else ""


def forget(home: Path, name: str) -> None:
    """Delete what was kept of a process that has ended."""
    if _log(home, name) is not None:
        for path in _paths(home, name):
            path.unlink(missing_ok=True)


def inside(home: Path, path: Path) -> Path:
    """Return a path, links resolved, that lies in the home; a relative one is looked for there.

    Raises:
        BadValue: it lies elsewhere.
    """
    root = home.resolve()
    resolved = (root / path).resolve()  # an absolute path stays itself
    if not resolved.is_relative_to(root):
        raise BadValue(f"'{path}' lies outside the home {root}; upload the file, or copy it there")
    return resolved


_CHILDREN: Final[list[subprocess.Popen[bytes]]] = []


def _reap() -> None:
    """Collect the exit status of our processes that have ended, so that none stays as a zombie."""
    _CHILDREN[:] = [child for child in _CHILDREN if child.poll() is None]


def _paths(home: Path, name: str) -> tuple[Path, Path]:
    """Return the log and the file with the process's number.

    Raises:
        BadValue: a name that no study can have, or a folder that lies elsewhere.
    """
    if not NAME.fullmatch(name):
        raise BadValue(f"study name '{name}' may hold letters, digits, '.', '_' and '-', at most 100")
    folder = inside(home, Path(FOLDER))
    return folder / f"{name}.log", folder / f"{name}.pid"


def _log(home: Path, name: str) -> Path | None:
    """Return the log of a process; None where none was started here."""
    try:
        path, _ = _paths(home, name)
    except BadValue:
        return None
    return path if path.is_file() and not path.is_symlink() else None


def _opened(path: Path) -> IO[bytes]:
    """Open a log to read and append; a link that took its place is not followed."""
    return os.fdopen(
        os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | NO_LINKS, 0o600), "r+b", buffering=0
    )


def _lock(file: IO[bytes]) -> bool:
    """Take the kernel's lock on a log and tell whether that worked.

    The process that writes to the log shares the lock.
    """
    if not LOCKS_PASS_ON:
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
