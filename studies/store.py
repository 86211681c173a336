"""The journal: one file a study, the one truth. Everything else (the MLflow mirror, the dashboard, the advice) is read from it.

A home is a folder: `studies/NAME.journal` (Optuna's journal storage), `mlflow.db` and `artifacts/` (the mirror). The journal
survives a kill: its lock is the kernel's, freed at death, and a line torn by a crash is cut off before the next write.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from studies.errors import BadValue, StoreError, StudyNotFound, did_you_mean
from studies.record import Record

if TYPE_CHECKING:
    import optuna

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
RECORD: Final = "record"
PLAN: Final = "plan"
LOOKS, LOOK_SECONDS = 5, 0.02
"""How often, and how far apart, a lock is asked for: who only looks whether a study is held (`worked_on`) holds it a moment."""


class FileLock:
    """A lock for Optuna's journal that the kernel frees when its holder dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> bool:
        """Wait for the lock."""
        self._file = self._path.open("a")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        """Free the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None


def default_home() -> Path:
    """Return `$ADVISOR_HOME`, or `.advisor` in the working directory."""
    return Path(os.environ.get("ADVISOR_HOME", ".advisor"))


def writable(home: Path) -> Path:
    """Make the home if need be and return it.

    Raises:
        StoreError: it cannot be made or written to.
    """
    try:
        (home / "studies").mkdir(parents=True, exist_ok=True)
        probe = home / "studies" / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StoreError(
            f"home '{home}' cannot be written ({error.strerror}); choose another with --home or ADVISOR_HOME"
        ) from None
    return home


def study_names(home: Path) -> tuple[str, ...]:
    """Return the names of the studies in a home, newest last."""
    journals = sorted((home / "studies").glob("*.journal"), key=lambda path: (path.stat().st_mtime, path.name))
    return tuple(path.stem for path in journals)


def check_new(home: Path, name: str | None) -> None:
    """Check that a study of this name (None: any) could be created here.

    Raises:
        BadValue: a name that is no file name, or is taken.
        StoreError: the home cannot be written.
    """
    writable(home)
    if name is not None:
        check_name(home, name)


def check_name(home: Path, name: str) -> None:
    """Raise BadValue for a name of a new study that is no file name, or is taken."""
    if not NAME.fullmatch(name):
        raise BadValue(
            f"study name '{name}' may hold letters, digits, '.', '_' and '-', at most 100, and begins with one of the first two"
        )
    if name in study_names(home):
        raise BadValue(f"study '{name}' exists; go on with: advisor resume {name}, or choose another --study NAME")


def create_study(home: Path, name: str, *, direction: str, plan: Mapping[str, Any]) -> optuna.Study:
    """Create a study and write its plan: all that a resume needs to go on.

    Raises:
        BadValue: a name that is no file name, or is taken.
        StoreError: the home cannot be written.
    """
    import optuna
    from optuna.study import StudyDirection

    check_new(home, name)
    _quiet()
    toward = StudyDirection[direction.upper()]
    study = optuna.create_study(storage=_journal(_path(home, name)), study_name=name, direction=toward)
    study.set_user_attr(PLAN, dict(plan))
    return study


def journal_of(home: Path, name: str) -> Path:
    """Return the journal of a study.

    Raises:
        StudyNotFound: there is none of that name; the message offers the nearest.
    """
    known = study_names(home)
    if name not in known:
        have = "it has none yet; start one with: advisor search digits" if not known else f"it has {', '.join(known[-5:])}"
        raise StudyNotFound(f"no study '{name}' in {home}{did_you_mean(name, known)} ({have})")
    return _path(home, name)


def open_study(home: Path, name: str) -> optuna.Study:
    """Open a study.

    Raises:
        StudyNotFound: there is none of that name; the message offers the nearest.
        StoreError: its journal cannot be read.
    """
    import optuna

    path = journal_of(home, name)
    _quiet()
    mend(path)
    try:
        return optuna.load_study(storage=_journal(path), study_name=name)
    except (KeyError, ValueError, OSError) as error:
        raise StoreError(f"journal {path} cannot be read ({error}); restore it from a copy or delete it") from None


def delete_study(home: Path, name: str) -> None:
    """Delete a study for good: its journal and locks, the weights and the models kept of it. Its MLflow runs stay.

    Raises:
        StudyNotFound: there is none of that name.
        StoreError: it is being worked on, or its files cannot be deleted.
    """
    if name not in (known := study_names(home)):
        raise StudyNotFound(f"no study '{name}' in {home}{did_you_mean(name, known)}")
    try:
        with working(home, name):
            for folder in (home / "checkpoints" / name, home / "models" / name):
                _remove(folder)
            for suffix in ("journal", "lock", "search"):
                (home / "studies" / f"{name}.{suffix}").unlink(missing_ok=True)
    except PermissionError as error:
        raise StoreError(f"study '{name}' cannot be deleted ({error.strerror}: {error.filename})") from None


def _remove(folder: Path) -> None:
    """Delete a folder and what is in it; of a link, the link alone."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def worked_on(home: Path, name: str) -> bool:
    """Tell whether a process holds a study."""
    path = home / "studies" / f"{name}.search"
    if not path.exists():
        return False
    with path.open("a") as file:
        return not _held(file)


def _held(file: IO[str], *, looks: int = 1) -> bool:
    """Take the kernel's lock on a file, which is freed when the file is closed; tell whether it was to be had."""
    for look in range(looks):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(LOOK_SECONDS if look + 1 < looks else 0)
        else:
            return True
    return False


@contextmanager
def working(home: Path, name: str) -> Iterator[None]:
    """Hold a study for one process: two that search it at once would try the same recipes and spend its budget twice.

    Raises:
        StoreError: another process holds it.
    """
    with (home / "studies" / f"{name}.search").open("a") as file:
        if not _held(file, looks=LOOKS):
            raise StoreError(f"study '{name}' is being searched by another process; wait for it, or stop it")
        yield


def check_free(home: Path, name: str) -> None:
    """Raise StoreError when a process holds a study."""
    if worked_on(home, name):
        raise StoreError(f"study '{name}' is being searched by another process; wait for it, or stop it")


def plan_of(study: optuna.Study) -> dict[str, Any]:
    """Return the plan that the study was created with, with what was written to it since."""
    return dict(study.user_attrs[PLAN])


def write_plan(study: optuna.Study, **changes: Any) -> None:
    """Change entries of the plan."""
    study.set_user_attr(PLAN, plan_of(study) | changes)


def records(study: optuna.Study) -> tuple[Record, ...]:
    """Return the record of every trial that left one, in the order of their numbers."""
    trials = study.get_trials(deepcopy=False)
    return tuple(Record.from_dict(trial.user_attrs[RECORD]) for trial in trials if RECORD in trial.user_attrs)


def tell(study: optuna.Study, trial: optuna.Trial, record: Record, *, violation: float) -> None:
    """End a trial: its record, the constraint that every trial carries, and its value, in one place."""
    from optuna.trial import TrialState

    trial.set_constraint("feasible", violation)
    trial.set_user_attr(RECORD, record.to_dict())
    state = {"complete": TrialState.COMPLETE, "failed": TrialState.FAIL}.get(record.state, TrialState.PRUNED)
    study.tell(trial, record.quality if state == TrialState.COMPLETE else None, state=state)


def mend(path: Path) -> None:
    """Cut off a last line that a crash left unfinished; Optuna would fail at the next write."""
    with _locked(path), path.open("r+b") as file:
        tail = _torn_tail(file)
        if tail:
            file.truncate(file.seek(0, os.SEEK_END) - tail)


def _torn_tail(file: IO[bytes]) -> int:
    """Return how many bytes at the end belong to no whole JSON line."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2**22))
    last = file.read().split(b"\n")[-1]
    return len(last)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = FileLock(path.with_suffix(".lock"))
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _quiet() -> None:
    """Keep Optuna from writing a line for every study and trial; its warnings still come through."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)


def _path(home: Path, name: str) -> Path:
    return home / "studies" / f"{name}.journal"


def _journal(path: Path) -> optuna.storages.JournalStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(path), lock_obj=FileLock(path.with_suffix(".lock"))))  # type: ignore[arg-type]


def dump(value: object) -> str:
    """Return JSON with NaN and infinities as null, since the standard has neither."""
    return json.dumps(_finite(value), indent=2, ensure_ascii=False)


def _finite(value: object) -> object:
    match value:
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case float() if not math.isfinite(value):
            return None
    return value
