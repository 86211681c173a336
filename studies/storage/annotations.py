"""Annotations: what a user says of a study and of its trials: a title, notes, tags, and the archive.

They lie in `studies/NAME.annotations.json` beside the journal, so that a title or a note touches nothing that
was measured: a study keeps its name, which resuming and MLflow go by. A study without the file has none.

    change_annotations(home, "digits-1", lambda old: old.tagged(["paper"], trial=12))
    read_annotations(home, "digits-1").trials[12].tags      # ("paper",)
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from studies.errors import BadValue, StoreError, one_line, shown
from studies.storage.document import Document
from studies.storage.home import journal_of
from studies.storage.locks import acquire
from studies.storage.readable import UNREADABLE
from studies.stored_types import check_types

SUFFIX: Final = ".annotations.json"
LONGEST_TITLE: Final = 100
LONGEST_TAG: Final = 40
MOST_TAGS: Final = 50
LONGEST_NOTE: Final = 20_000
UNWRITABLE: Final = ("Cc", "Cs")
"""Unicode's categories of control characters, and of halves of characters."""
PATIENCE_SECONDS: Final = 5.0
"""How long a change waits for another, each of which takes a moment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialAnnotations:
    """Annotations of one trial."""

    note: str = ""
    tags: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what was written; keys of a later version are passed over."""
        check_types(cls, values)
        known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        return cls(**known | {"tags": tuple(map(str, known.get("tags", ())))})


@dataclass(frozen=True, kw_only=True)
class StudyAnnotations(Document):
    """Annotations of a study and of its trials."""

    READERS: ClassVar[Mapping[str, Callable[[Any], Any]]] = {
        "tags": lambda values: tuple(map(str, values)),
        "trials": lambda values: {int(key): TrialAnnotations.from_dict(each) for key, each in values.items()},
    }

    title: str = ""
    """Shown before the name; empty for the name alone."""
    note: str = ""
    tags: tuple[str, ...] = ()
    archived: bool = False
    """Whether lists leave the study out unless they are asked for all."""
    trials: Mapping[int, TrialAnnotations] = field(default_factory=dict)
    """By number, those that have a note or a tag."""

    def label(self, name: str) -> str:
        """Return how a study of this name is called: its title with the name, or the name alone."""
        return f"{self.title} ({name})" if self.title else name

    def of_trial(self, number: int) -> TrialAnnotations:
        """Return the annotations of a trial; empty ones where it has none."""
        return self.trials.get(number, TrialAnnotations())

    def retitled(self, title: str) -> Self:
        """Return them with another title; an empty one takes the title away.

        Raises:
            BadValue: it is too long.
        """
        return replace(self, title=_checked("title", one_line(title).strip(), LONGEST_TITLE))

    def put_away(self, *, archived: bool = True) -> Self:
        """Return them with the study in the archive, or out of it."""
        return replace(self, archived=archived)

    def noted(self, note: str, *, trial: int | None = None) -> Self:
        """Return them with another note, of the study or of a trial; an empty one takes the note away.

        Raises:
            BadValue: it is too long.
        """
        return self._with(trial, note=_checked("note", _text(note), LONGEST_NOTE))

    def tagged(self, tags: Iterable[str], *, trial: int | None = None) -> Self:
        """Return them with these tags beside those there are, of the study or of a trial.

        Raises:
            BadValue: a tag is empty, too long or holds a comma, or there are too many.
        """
        return self.with_tags((*self._about(trial).tags, *tags), trial=trial)

    def untagged(self, tags: Iterable[str], *, trial: int | None = None) -> Self:
        """Return them without these tags; one that is not there is no error."""
        gone = {one_line(tag).strip() for tag in tags}
        left = (tag for tag in self._about(trial).tags if tag not in gone)
        return self.with_tags(left, trial=trial)

    def with_tags(self, tags: Iterable[str], *, trial: int | None = None) -> Self:
        """Return them with these tags and no others.

        Raises:
            BadValue: as of `tagged`.
        """
        unlike = tuple(dict.fromkeys(map(_tag, tags)))
        if len(unlike) > MOST_TAGS:
            raise BadValue(f"{len(unlike)} tags are too many; at most {MOST_TAGS}")
        return self._with(trial, tags=unlike)

    def _about(self, trial: int | None) -> StudyAnnotations | TrialAnnotations:
        return self if trial is None else self.of_trial(trial)

    def _with(self, trial: int | None, **changes: Any) -> Self:
        if trial is None:
            return replace(self, **changes)
        changed = {**self.trials, trial: replace(self.of_trial(trial), **changes)}
        return replace(
            self, trials={key: each for key, each in changed.items() if each != TrialAnnotations()}
        )


def read_annotations(home: Path, name: str) -> StudyAnnotations:
    """Return the annotations of a study; empty ones where it has none.

    Raises:
        StoreError: their file cannot be read.
    """
    path = annotations_path(home, name)
    try:
        return StudyAnnotations.from_dict(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return StudyAnnotations()
    except (*UNREADABLE, RecursionError) as error:
        raise StoreError(
            f"annotations {path} cannot be read ({one_line(error, longest=200)}); "
            "restore the file from a copy or delete it"
        ) from None


def legible_annotations(home: Path, name: str) -> StudyAnnotations:
    """Return the annotations of a study, empty ones where their file cannot be read: for lists of many."""
    try:
        return read_annotations(home, name)
    except StoreError:
        return StudyAnnotations()


def change_annotations(
    home: Path, name: str, changed: Callable[[StudyAnnotations], StudyAnnotations]
) -> StudyAnnotations:
    """Change the annotations of a study, and return them; a crash leaves the old or the new ones, whole.

    Args:
        home: where the study lies.
        name: of the study.
        changed: returns the new annotations for those there are; nobody else writes meanwhile.

    Raises:
        StudyNotFound: no such study.
        StoreError: their file cannot be read or written.
        BadValue: from `changed`.
    """
    journal_of(home, name)
    path = annotations_path(home, name)
    lock = acquire(path.with_suffix(".lock"), patience_seconds=PATIENCE_SECONDS)
    if lock is None:
        raise StoreError(f"annotations {path} are being written by another process; try again")
    try:
        annotations = changed(read_annotations(home, name))
        _write(path, json.dumps(annotations.to_dict(), ensure_ascii=False, indent=1))
    finally:
        lock.release()
    return annotations


def annotations_path(home: Path, name: str) -> Path:
    """Return where the annotations of a study lie, or would lie."""
    return home / "studies" / f"{name}{SUFFIX}"


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror or error})") from None


def _text(note: str) -> str:
    lines = "\n".join(note.splitlines()).strip()
    return "".join(mark for mark in lines if mark in "\n\t" or unicodedata.category(mark) not in UNWRITABLE)


def _tag(tag: str) -> str:
    word = _checked("tag", one_line(tag).strip(), LONGEST_TAG)
    if not word or "," in word:
        raise BadValue(f"tag {shown(tag)} is empty or holds a comma; a tag is a word or some")
    return word


def _checked(kind: str, text: str, longest: int) -> str:
    if len(text) > longest:
        raise BadValue(f"{kind} {shown(text[:30])}... has {len(text):,} characters; at most {longest:,}")
    return text
