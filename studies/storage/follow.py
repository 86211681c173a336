"""Journal reader: the manifest and the records of a journal that is still written, each line read once.

Optuna's replay rebuilds every trial with its params and distributions, each a line of its own in a study of
version 0.1. What a page shows is in few of them, and how Optuna begins a line tells which. A line that begins
otherwise is read whole.

A damaged line costs what stood in it: the others are read, and `StoredStudy.damaged` counts it.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from studies.direction import Direction
from studies.errors import StoreError, StudyBegins, StudyWarning
from studies.quantities import several
from studies.record import ABLATION, FIELDS, STAGES, STATES, Record
from studies.storage import journal
from studies.storage.held import held_study
from studies.storage.home import journal_of
from studies.storage.lines import NEEDED, Line, Operation, whole_lines
from studies.storage.manifest import PLAN, StudyManifest
from studies.storage.readable import UNREADABLE, readable
from studies.storage.trial_lines import RECORD, SpentSeconds, first_of_each

if TYPE_CHECKING:
    import optuna

DIRECTIONS: Final = {1: Direction.MINIMIZE, 2: Direction.MAXIMIZE}
FINISHED: Final = (1, 2, 3)
"""Optuna's states of a trial that has ended: complete, pruned, failed. What is said of it later does not
count."""
HEAD: Final = 256
"""Bytes that tell a file from another: the first line names the process that wrote it."""
BEGINS: Final = re.compile(rb'\{"op_code":(\d+),')
OF_PLAN: Final = re.compile(rb'.{0,200}?"user_attr":\{"%b["\.]' % PLAN.encode())


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredStudy:
    """What a journal holds of a study by now."""

    direction: Direction
    manifest: StudyManifest
    records: tuple[Record, ...]
    """Of every trial but the ablation runs, by number."""
    ablations: tuple[Record, ...] = ()
    """Ablation runs by number: no statistic of the study counts them."""
    damaged: int = 0
    """Lines that could not be read, or not all of them."""
    unknown: tuple[str, ...] = ()
    """What this version does not know: operations, entries of the manifest, fields of records."""


@dataclass(kw_only=True, slots=True)
class ReadPosition:
    """How far a file was read, and what it said."""

    head: bytes = b""
    """What it began with: another file of the same name begins otherwise."""
    offset: int = 0
    studies: list[str | None] = field(default_factory=list)
    """Names of the studies of the file by Optuna's number; None for one that was deleted."""
    direction: Direction | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    """Of the study, those that its manifest was written to."""
    ended: list[bool] = field(default_factory=list)
    """For each trial of the file, whether it has ended."""
    study_ids: list[int] = field(default_factory=list)
    """For each trial, the study it stands in."""
    records: dict[int, Record] = field(default_factory=dict)
    """By the place of their trial in the file; a record names its own number."""
    spent: SpentSeconds = field(default_factory=SpentSeconds)
    damaged: int = 0
    unknown: set[str] = field(default_factory=set)


def read_study(home: Path, name: str) -> StoredStudy:
    """Return what the journal of a study holds by now; lines that are damaged are told of by a warning.

    Raises:
        StudyNotFound: there is none of that name.
        StoreError: it cannot be read.

    Example:
        >>> read_study(Path(".advisor"), "digits-1").manifest.metric  # doctest: +SKIP
        'accuracy'
    """
    stored = Journal(home, name).read()
    if stored.damaged:
        warnings.warn(StudyWarning(f"{damage(name, stored.damaged)}; the rest was read"), stacklevel=2)
    return stored


def damage(name: str, lines: int) -> str:
    """Return in words how many lines of a journal are damaged."""
    return f"{several(lines, 'line')} of the journal of study '{name}' cannot be read"


def _in_memory(study: optuna.Study) -> StoredStudy:
    """Return a study that this process works on, without a look at its file."""
    direction = Direction(study.direction.name.lower())
    records, ablations = _apart(journal.every_record(study))
    return StoredStudy(
        direction=direction, manifest=journal.manifest_of(study), records=records, ablations=ablations
    )


def _apart(every: Iterable[Record]) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """Return the records that are no ablation runs, and those that are."""
    by_number = tuple(every)
    ablations = tuple(record for record in by_number if record.stage == ABLATION)
    return tuple(record for record in by_number if record.stage != ABLATION), ablations


class Journal:
    """Journal that is read on from where it was left. It may be shared by threads, and writes nothing."""

    def __init__(self, home: Path, name: str) -> None:
        self._home, self._name = home, name
        self._lock, self._at = Lock(), ReadPosition()

    def read(self) -> StoredStudy:
        """Return what the journal holds, reading what was written since the last time.

        Raises:
            StudyNotFound: there is none of that name.
            StudyBegins: it is just being created.
            StoreError: it cannot be read.
        """
        if (study := held_study(self._home, self._name)) is not None:
            return _in_memory(study)
        path = journal_of(self._home, self._name)
        with self._lock:
            try:
                with readable(str(path)):
                    self._follow(path)
                    return self._stored()
            except StoreError:
                self._at = ReadPosition()
                raise

    def _stored(self) -> StoredStudy:
        at = self._at
        if self._name not in at.studies or at.direction is None:
            raise ValueError(f"it holds no study '{self._name}'")
        if PLAN not in at.attributes and not (at.records or at.damaged):
            raise StudyBegins(f"study '{self._name}' is just being created; look again in a moment")
        written = [record for _, record in sorted(at.records.items())]
        records, ablations = _apart(first_of_each((record.number, record) for record in written))
        manifest = at.spent.written_to(StudyManifest.from_attributes(at.attributes))
        extra = (*manifest.extra, *(manifest.workload.extra if manifest.workload else ()))
        return StoredStudy(
            direction=at.direction,
            manifest=manifest,
            records=records,
            ablations=ablations,
            damaged=at.damaged,
            unknown=(*sorted(at.unknown), *(f"entry '{name}'" for name in extra)),
        )

    def _follow(self, path: Path) -> None:
        with path.open("rb") as file:
            if not self._is_same(file.read(HEAD), os.fstat(file.fileno()).st_size):
                self._at = ReadPosition()
            file.seek(self._at.offset)
            for raw in whole_lines(file):
                self._take_line(Line.of(raw))
                self._at.head = self._at.head or raw[:HEAD]
                self._at.offset += len(raw)

    def _is_same(self, head: bytes, size: int) -> bool:
        return head.startswith(self._at.head) and size >= self._at.offset

    def _take_line(self, line: Line) -> None:
        damaged = line.damaged
        try:
            if line.text:
                self._take_operation(line.text)
        except (*UNREADABLE, RecursionError):
            damaged = True
        self._at.damaged += damaged

    def _take_operation(self, text: bytes) -> None:
        """Take in one operation."""
        begins = BEGINS.match(text)
        match int(begins[1]) if begins else json.loads(text)["op_code"]:
            case Operation.CREATE_STUDY:
                self._take_study(json.loads(text))
            case Operation.DELETE_STUDY:
                self._leave_out(json.loads(text)["study_id"])
            case Operation.SET_STUDY_USER_ATTR if OF_PLAN.match(text) or not begins:
                attributes = json.loads(text)["user_attr"]
                self._at.attributes |= {
                    name: value for name, value in attributes.items() if name.partition(".")[0] == PLAN
                }
            case Operation.CREATE_TRIAL:
                self._take_trial(text)
            case Operation.SET_TRIAL_STATE_VALUES:
                changed = json.loads(text)
                self._at.ended[changed["trial_id"]] |= changed["state"] in FINISHED
            case Operation.SET_TRIAL_USER_ATTR:
                attribute = json.loads(text)
                if not self._has_ended(attribute["trial_id"]):
                    self._take_record(attribute["trial_id"], attribute["user_attr"])
            case code if code not in NEEDED:
                self._at.unknown.add(f"operation {code}")
            case _:
                pass

    def _take_study(self, opened: dict[str, Any]) -> None:
        at, name = self._at, opened["study_name"]
        direction = DIRECTIONS[opened["directions"][0]]
        if name not in at.studies:
            at.studies.append(name)
            at.direction = direction if name == self._name else at.direction

    def _take_trial(self, text: bytes) -> None:
        """Take in a trial; one whose line is damaged has its place all the same."""
        at = self._at
        at.ended.append(False)
        at.study_ids.append(-1)
        begun = json.loads(text)
        at.study_ids[-1] = begun["study_id"]
        at.ended[-1] = begun.get("state") in FINISHED
        attributes = begun.get("user_attrs", {})
        self._take_record(len(at.ended) - 1, attributes)
        at.spent.take(attributes)

    def _has_ended(self, trial: int) -> bool:
        return trial < len(self._at.ended) and self._at.ended[trial]

    def _leave_out(self, study: int) -> None:
        """Leave out a study that was deleted, and what the file holds of it."""
        at = self._at
        if study not in range(len(at.studies)):
            return
        if at.studies[study] == self._name:
            at.direction, at.attributes = None, {}
        at.studies[study] = None
        at.records = {trial: left for trial, left in at.records.items() if at.study_ids[trial] != study}

    def _take_record(self, trial: int, attributes: dict[str, Any]) -> None:
        if RECORD not in attributes:
            return
        values = attributes[RECORD]
        record = self._at.records[trial] = Record.from_dict(values)
        self._at.unknown.update(f"field '{name}'" for name in values.keys() - FIELDS)
        if record.stage not in STAGES:
            self._at.unknown.add(f"stage '{record.stage}'")
        if record.state not in STATES:
            self._at.unknown.add(f"state '{record.state}'")
