"""Held studies: those that this process works on, which it answers from whatever becomes of their journals.

A disk may be full, turn read-only, or be gone in mid-search. Who asks for a held study is given what is in
memory, so that the answer needs no file; what is then on disk and what is not is said once, at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from studies.storage.home import journal_path
from studies.storage.lines import Operation
from studies.storage.trial_lines import RECORD, all_trials

if TYPE_CHECKING:
    import optuna

    from studies.storage.lasting_backend import LastingBackend


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """Loss of a study whose disk failed: what is on it and what is not."""

    says: str
    of_trials: bool
    """Whether trials are lost, not only what can be made of them again."""


HELD: Final[dict[Path, optuna.Study]] = {}
"""By the path of their journal."""


@contextmanager
def holding(home: Path, name: str, study: optuna.Study) -> Iterator[None]:
    """Hold a study from now on, until `settle` finds it whole on disk; an error settles it too."""
    _backend(study).lasting = True
    HELD[_key(home, name)] = study
    try:
        yield
    except BaseException:
        settle(home, name)
        raise


def held_study(home: Path, name: str) -> optuna.Study | None:
    """Return a study that this process holds; None when it does not."""
    return HELD.get(_key(home, name)) if HELD else None


def release(home: Path, name: str) -> None:
    """Let go of a study, whatever of it is on disk."""
    HELD.pop(_key(home, name), None)


def settle(home: Path, name: str) -> Loss | None:
    """Try a last time to write what could not be written, and let go of a study that is whole on disk.

    Returns:
        What is not on disk, and is in memory for as long as this process lives; None when nothing is lost.

    Example:
        >>> settle(Path(".advisor"), "never-worked-on") is None
        True
    """
    study = held_study(home, name)
    if study is None:
        return None
    backend = _backend(study)
    backend.try_again()
    if backend.problem:
        return _loss(backend, study)
    backend.lasting = False
    release(home, name)
    return None


def _loss(backend: LastingBackend, study: optuna.Study) -> Loss:
    count = sum(RECORD in trial.user_attrs for trial in all_trials(study))
    missing = sum(operation["op_code"] == Operation.CREATE_TRIAL for operation in backend.unwritten)
    why = f"journal {backend.path} cannot be written ({backend.problem})"
    if not backend.path.exists():
        return Loss(says=f"none of the {count} trials is on disk any more: journal {backend.path} is gone",
                    of_trials=count > 0)  # fmt: skip
    if missing:
        return Loss(says=f"{count - missing} of {count} trials are on disk, the others are lost: {why}",
                    of_trials=True)  # fmt: skip
    return Loss(says=f"all {count} trials are on disk, this answer is not: {why}", of_trials=False)


def _backend(study: optuna.Study) -> LastingBackend:
    return cast("LastingBackend", study._storage._backend)  # type: ignore[attr-defined]


def _key(home: Path, name: str) -> Path:
    return journal_path(home, name).resolve()
