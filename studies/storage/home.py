"""Home: the folder that studies live in, and what they are called there.

A home holds `studies/NAME.journal` (Optuna's journal storage), `mlflow.db` and `artifacts/` (the mirror).
"""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from collections.abc import Collection
from pathlib import Path
from typing import Final

from studies.errors import BadValue, StoreError, StudyNotFound, did_you_mean, shown

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
LONGEST_STEM: Final = 80
"""Of a name that is made up, before its number."""


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
        probe = home / "studies" / f".probe-{os.getpid()}-{threading.get_ident()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StoreError(
            f"home '{home}' cannot be written ({error.strerror}); choose another with --home or ADVISOR_HOME"
        ) from None
    return home


class NameTaken(BadValue):
    """Error of a new study whose name another has."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"study '{name}' exists; go on with: advisor resume {name}, or choose another --study NAME"
        )


def study_names(home: Path) -> tuple[str, ...]:
    """Return the names of the studies in a home, newest last."""
    journals = sorted(
        (home / "studies").glob("*.journal"), key=lambda path: (path.stat().st_mtime, path.name)
    )
    return tuple(path.stem for path in journals)


def free_name(home: Path, data: str, *, taken: Collection[str] = ()) -> str:
    """Return a name for a new study of this data: the data's own with the first number that is free.

    Args:
        home: whose studies have their names already.
        data: what is trained on, in any script; letters lose their accents, and whatever else no name may
            hold becomes a dash.
        taken: further names that are no longer free.
    """
    letters = "".join(mark for mark in unicodedata.normalize("NFKD", data) if not unicodedata.combining(mark))
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", letters).strip("._-")[:LONGEST_STEM].strip("._-") or "study"
    names = {*study_names(home), *taken}
    return next(name for number in range(1, len(names) + 2) if (name := f"{stem}-{number}") not in names)


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
            f"study name {shown(name)} may hold letters, digits, '.', '_' and '-', at most 100, "
            "and begins with one of the first two"
        )
    if name in study_names(home):
        raise NameTaken(name)


def journal_path(home: Path, name: str) -> Path:
    """Return where the journal of a study of this name lies, or would lie."""
    return home / "studies" / f"{name}.journal"


def journal_of(home: Path, name: str) -> Path:
    """Return the journal of a study.

    Raises:
        StudyNotFound: there is none of that name; the message offers the nearest.
    """
    path = journal_path(home, name)
    if NAME.fullmatch(name) and path.is_file():
        return path  # no look at the others, of which a home may hold thousands
    known = study_names(home)
    if name not in known:
        have = (
            f"it has {', '.join(known[-5:])}"
            if known
            else "it has none yet; start one with: advisor search digits"
        )
        raise StudyNotFound(f"no study {shown(name)} in {home} ({have}){did_you_mean(name, known)}")
    return path
