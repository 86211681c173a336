"""Annotating: a note, tags, a title for a study or a trial of it, and putting a study away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studies.errors import BadValue
from studies.storage.annotations import (
    StudyAnnotations,
    TrialAnnotations,
    change_annotations,
    read_annotations,
)
from studies.storage.follow import read_study
from studies.storage.home import journal_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """Remark: what is to be said of a study, or of one of its trials; what is None stays as it was."""

    trial: int | None = None
    """The number of the trial that the note and the tags are about; None for the study itself."""
    note: str | None = None
    """Instead of the one there is; empty for none."""
    tags: tuple[str, ...] = ()
    """To add."""
    untags: tuple[str, ...] = ()
    """To take away."""
    title: str | None = None
    """Shown before the name; empty for none."""
    archived: bool | None = None
    """Whether lists leave the study out."""

    def __post_init__(self) -> None:
        if self.trial is not None and (self.title is not None or self.archived is not None):
            raise BadValue("a title and the archive are of a whole study; give them without a trial's number")

    def said_after(self, old: StudyAnnotations) -> StudyAnnotations:
        """Return all that is said once this is."""
        new = old.untagged(self.untags, trial=self.trial).tagged(self.tags, trial=self.trial)
        new = new if self.note is None else new.noted(self.note, trial=self.trial)
        new = new if self.title is None else new.retitled(self.title)
        return new if self.archived is None else new.put_away(archived=self.archived)


def annotate(home: Path, study: str, remark: Remark) -> StudyAnnotations:
    """Say something of a study or of one of its trials, and return all that is said now.

    Args:
        home: where the study lies.
        study: its name, which stays.
        remark: what is said; an empty one changes nothing.

    Raises:
        StudyError: no such study or trial, a title or tag that cannot be used, a file that cannot be written.

    Example:
        >>> said = annotate(Path(".advisor"), "digits-1", Remark(trial=12, tags=("paper",)))  # doctest: +SKIP
        >>> said.trials[12].tags  # doctest: +SKIP
        ('paper',)
    """
    if remark.trial is not None:
        _check_trial(home, study, remark.trial)
    if remark == Remark(trial=remark.trial):
        journal_of(home, study)
        return read_annotations(home, study)
    return change_annotations(home, study, remark.said_after)


def in_words(study: str, said: StudyAnnotations) -> str:
    """Return all that is said of a study and its trials, a line or some for each."""
    head = said.label(study) + (": archived" if said.archived else "")
    return "\n".join((head, *_lines(said), *(line for each in _trials(said) for line in each)))


def _trials(said: StudyAnnotations) -> Iterator[tuple[str, ...]]:
    for number, each in sorted(said.trials.items()):
        yield (f"trial {number}", *_lines(each))


def _lines(said: StudyAnnotations | TrialAnnotations) -> Iterator[str]:
    if said.tags:
        yield f"  tags: {', '.join(said.tags)}"
    yield from (f"  {line}" for line in said.note.splitlines())


def _check_trial(home: Path, study: str, trial: int) -> None:
    """Raise BadValue for a trial that the study does not have."""
    numbers = [record.number for record in read_study(home, study).records]
    if trial not in numbers:
        there = f"they are {min(numbers)} to {max(numbers)}" if numbers else "it has none yet"
        raise BadValue(f"study '{study}' has no trial {trial}; {there}")
