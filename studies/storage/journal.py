"""Journal: one file a study, the one truth; the MLflow mirror, the dashboard and the advice are read from it.

It survives a kill: a trial is one line, written when it ends; its lock is the kernel's, freed at death, and a
line torn by a crash is cut off before the next write.

In Optuna's eyes the file holds up to three studies: the search under the study's own name, and beside it
`NAME-confirmation` and `NAME-compression`, see `studies.storage.trial_lines`.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from studies.errors import StoreError, StudyNotFound, did_you_mean, shown
from studies.record import ABLATION, Record
from studies.storage.document import plain
from studies.storage.held import held_study, release
from studies.storage.home import NameTaken, check_new, journal_of, journal_path, study_names
from studies.storage.locks import working, write_lock
from studies.storage.manifest import PLAN, StudyManifest
from studies.storage.readable import readable
from studies.storage.trial_lines import (
    RECORD,
    SpentSeconds,
    all_trials,
    name_values,
    number_of,
    trials_as_written,
)

if TYPE_CHECKING:
    import optuna

RECOMMENDED: Final = "recommended_trial"
NEVER_WRITTEN: Final = object()


def create_study(home: Path, name: str, *, direction: str, manifest: StudyManifest) -> optuna.Study:
    """Create a study and write its manifest: all that a resume needs to go on.

    Raises:
        BadValue: a name that is no file name, or is taken.
        StoreError: the home cannot be written.
    """
    import optuna
    from optuna.study import StudyDirection

    check_new(home, name)
    _quiet()
    toward, path = StudyDirection[direction.upper()], journal_path(home, name)
    try:
        path.touch(exist_ok=False)  # of two processes that ask for the name at once, one has it
    except FileExistsError:
        raise NameTaken(name) from None
    except OSError as error:
        raise _unwritten(home, name, error) from None
    try:
        study = optuna.create_study(storage=_journal(path), study_name=name, direction=toward)
        study.set_user_attr(PLAN, manifest.to_dict())
        name_values(study, [manifest.metric])
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise _unwritten(home, name, error) from None
    return study


def _unwritten(home: Path, name: str, error: OSError) -> StoreError:
    return StoreError(f"study '{name}' cannot be written in home '{home}' ({error})")


def open_study(home: Path, name: str) -> optuna.Study:
    """Open a study.

    Raises:
        StudyNotFound: there is none of that name; the message offers the nearest.
        StoreError: its journal cannot be read.
    """
    import optuna

    if (study := held_study(home, name)) is not None:
        return study
    path = journal_of(home, name)
    _quiet()
    with readable(str(path)):
        return optuna.load_study(storage=_journal(path), study_name=name)


def delete_study(home: Path, name: str) -> None:
    """Delete a study for good: its journal and locks, its weights and its models. Its MLflow runs stay.

    Raises:
        StudyNotFound: there is none of that name.
        StoreError: it is being worked on, or its files cannot be deleted.
    """
    if name not in (known := study_names(home)):
        raise StudyNotFound(f"no study {shown(name)} in {home}{did_you_mean(name, known)}")
    try:
        with working(home, name):
            for kind in ("checkpoints", "models", "logs"):
                _remove(home / kind / name)
            journal_path(home, name).unlink(missing_ok=True)
            release(home, name)
        for path in _beside(home, name):  # once nobody holds them: no open file can be deleted on Windows
            path.unlink(missing_ok=True)
    except PermissionError as error:
        raise StoreError(f"study '{name}' cannot be deleted ({error.strerror}: {error.filename})") from None


def _beside(home: Path, name: str) -> list[Path]:
    """Return the files beside a journal: its locks, its annotations, and what it was before repairs."""
    beside = re.compile(
        rf"{re.escape(name)}\.(lock|search|holder|running|damaged-\d+|annotations\.(json|lock|part))"
    )
    return [path for path in (home / "studies").iterdir() if beside.fullmatch(path.name)]


def _remove(folder: Path) -> None:
    """Delete a folder and what is in it; of a link, the link alone."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def manifest_of(study: optuna.Study) -> StudyManifest:
    """Return the manifest that the study was created with, with what was written to it since.

    Raises:
        StoreError: it is none.
    """
    with readable(f"of study {study.study_name}"):
        spent = SpentSeconds()
        for trial in trials_as_written(study):
            spent.take(trial.user_attrs)
        return spent.written_to(StudyManifest.from_attributes(study.user_attrs))


def change_manifest(study: optuna.Study, **changes: Any) -> None:
    """Write other values for some entries of the manifest; the others stay as they are written.

    Raises:
        TypeError: there is no such entry.
    """
    if unknown := sorted(set(changes) - set(StudyManifest.entries())):
        raise TypeError(f"a manifest has no {', '.join(unknown)}")
    before = study.user_attrs
    for name, value in plain(changes).items():
        written = before.get(f"{PLAN}.{name}", before[PLAN].get(name, NEVER_WRITTEN))
        if value != written:
            study.set_user_attr(f"{PLAN}.{name}", value)


def mark_recommended(study: optuna.Study, number: int) -> None:
    """Tell Optuna's tools which trial of the search has the recommended recipe.

    It is written among the study's attributes as the number that Optuna counts, the place in `study.trials`;
    a trial that ended can be given none.

    Args:
        study: the study's own.
        number: of the trial's record.
    """
    place = next(
        (trial.number for trial in study.get_trials(deepcopy=False) if number_of(trial) == number), None
    )
    if place is not None and study.user_attrs.get(RECOMMENDED) != place:
        study.set_user_attr(RECOMMENDED, place)


def records(study: optuna.Study) -> tuple[Record, ...]:
    """Return the record of every trial that left one, in the order of their numbers, without ablation runs.

    Raises:
        StoreError: what it left is no record.
    """
    return tuple(record for record in every_record(study) if record.stage != ABLATION)


def every_record(study: optuna.Study) -> tuple[Record, ...]:
    """Return the same with the ablation runs, which no statistic of the study counts.

    Raises:
        StoreError: what one left is no record.
    """
    with readable(f"of study {study.study_name}"):
        return tuple(
            Record.from_dict(trial.user_attrs[RECORD])
            for trial in all_trials(study)
            if RECORD in trial.user_attrs
        )


def _quiet() -> None:
    """Keep Optuna from writing a line for every study and trial; its warnings still come through."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)


def _journal(path: Path) -> optuna.storages.JournalStorage:
    from optuna.storages import JournalStorage

    from studies.storage.backend import SealedBackend
    from studies.storage.lasting_backend import LastingBackend

    return JournalStorage(LastingBackend(path, SealedBackend(path, write_lock(path))))


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
