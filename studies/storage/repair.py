"""Repair of a journal before it is written to: damaged lines give way to ones that do nothing.

Optuna's own tools fail at a damaged line. The file stays as long as it was, so that whoever follows it goes
on where they were; as it was before, it is set aside.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from studies.errors import StoreError, StudyWarning
from studies.quantities import several
from studies.storage import journal
from studies.storage.follow import Journal, StoredStudy, damage
from studies.storage.home import journal_of
from studies.storage.lines import NOTHING, Line, sealed
from studies.storage.locks import worked_on, write_lock

PACKAGE = "optimizer-advisor"


def make_writable(home: Path, name: str) -> None:
    """Check that a study may be gone on with, and repair its journal if need be.

    While another process works on it, nothing is repaired.

    Raises:
        StudyNotFound: there is none of that name.
        StoreError: it cannot be read, a later version made it, or it is damaged so that Optuna cannot tell
            its trials any more.
    """
    stored = Journal(home, name).read()
    _check_version(name, stored)
    if stored.damaged and not worked_on(home, name):
        _repair(home, name, stored)


def _check_version(name: str, stored: StoredStudy) -> None:
    made_by = stored.manifest.versions.get(PACKAGE, "")
    if stored.unknown or _numbers(made_by) > _numbers(version(PACKAGE)):
        says = ", ".join(filter(None, (made_by and f"version {made_by}", *stored.unknown[:3])))
        raise StoreError(
            f"study '{name}' was made by a later version ({says}), and this one could spoil it; "
            f"it can be read, to go on with it: pip install -U {PACKAGE}"
        )


def _numbers(version_text: str) -> tuple[int, ...]:
    """Return the release of a version, as far as it is numbers: of 1.2.0rc1 the first two."""
    parts = version_text.split(".")
    numeric = next((place for place, part in enumerate(parts) if not part.isdecimal()), len(parts))
    return tuple(map(int, parts[:numeric]))


def _repair(home: Path, name: str, stored: StoredStudy) -> None:
    """Take the damage out of a journal if Optuna then reads of it what we do.

    Raises:
        StoreError: it does not, or the file cannot be written.
    """
    path, lost = journal_of(home, name), damage(name, stored.damaged)
    if journal.records(journal.open_study(home, name)) != stored.records:
        raise StoreError(
            f"{lost}, and without them it can be read but not gone on with; start a new "
            f"search from its best recipes: advisor search DATA --start-from {name}"
        )
    aside, whole = _free(path), path.with_suffix(".repaired")
    try:
        with write_lock(path):
            content = path.read_bytes()
            repaired = b"".join(_whole_lines(BytesIO(content)))
            if repaired == content:
                return
            shutil.copy2(path, aside)
            with whole.open("wb") as file:
                file.write(repaired)
                file.flush()
                os.fsync(file.fileno())
            whole.replace(path)
    except OSError as error:
        whole.unlink(missing_ok=True)
        raise StoreError(f"{lost}, and it cannot be repaired ({error.strerror})") from None
    note = f"{several(stored.damaged, 'damaged line')} left its journal, which is set aside as {aside.name}"
    journal.change_manifest(journal.open_study(home, name), notes=(*stored.manifest.notes, note))
    warnings.warn(StudyWarning(f"{lost}; {note}"), stacklevel=4)


def _free(path: Path) -> Path:
    """Return a name beside a journal that nothing has yet."""
    names = (path.with_suffix(f".damaged-{number}") for number in range(1, 10_000))
    return next(name for name in names if not name.exists())


def _whole_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a journal, and for each damaged one as many bytes that do nothing.

    What is too short for a line that does nothing goes as spaces before the next one.
    """
    nothing, size = sealed(NOTHING), 0
    for raw in lines:
        line, size = Line.of(raw), size + len(raw)
        if not raw.endswith(b"\n"):
            whole = raw
        elif line.operation():
            whole = line.text + b"\n" if line.damaged else raw
        else:
            whole = nothing
        if len(whole) <= size:
            yield whole.rjust(size)
            size = 0
