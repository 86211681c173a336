"""Journal reader: the manifest and the records of a journal that is still written, each line read once.

Optuna's replay rebuilds every trial with its params and distributions, each a line of its own in a study of
version 0.1. What a page shows is in few of them, and how Optuna begins a line tells which. A line that begins
otherwise is read whole.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final

from studies.direction import Direction
from studies.errors import StoreError
from studies.record import Record
from studies.storage.home import journal_of
from studies.storage.journal import PLAN, readable
from studies.storage.manifest import StudyManifest
from studies.storage.trial_lines import RECORD, SpentSeconds

DIRECTIONS: Final = {1: Direction.MINIMIZE, 2: Direction.MAXIMIZE}
FINISHED: Final = (1, 2, 3)
"""Optuna's states of a trial that has ended: complete, pruned, failed. What is said of it later does not
count."""
HEAD: Final = 256
"""Bytes that tell a file from another: the first line names the process that wrote it."""
BEGINS: Final = re.compile(rb'\{"op_code":(\d+),')
OF_PLAN: Final = re.compile(rb'.{0,200}?"user_attr":\{"%b":' % PLAN.encode())


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredStudy:
    """What a journal holds of a study by now."""

    direction: Direction
    manifest: StudyManifest
    records: tuple[Record, ...]


@dataclass(kw_only=True, slots=True)
class ReadPosition:
    """How far a file was read, and what it said."""

    head: bytes = b""
    """What it began with: another file of the same name begins otherwise."""
    offset: int = 0
    name: str = ""
    direction: Direction | None = None
    plan: bytes = b""
    """The line that last wrote it: only the last one counts."""
    ended: list[bool] = field(default_factory=list)
    """For each trial of the file, whether it has ended."""
    study_ids: list[int] = field(default_factory=list)
    """For each trial, the study it stands in: 0 for the search's, which is the first of the file."""
    records: dict[int, Record] = field(default_factory=dict)
    """By the place of their trial in the file; a record names its own number."""
    spent: SpentSeconds = field(default_factory=SpentSeconds)


class Journal:
    """Journal that is read on from where it was left. It may be shared by threads, and writes nothing."""

    def __init__(self, home: Path, name: str) -> None:
        self._home, self._name = home, name
        self._lock, self._at = Lock(), ReadPosition()

    def read(self) -> StoredStudy:
        """Return what the journal holds, reading what was written since the last time.

        Raises:
            StudyNotFound: there is none of that name.
            StoreError: it cannot be read.
        """
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
        if at.name != self._name or at.direction is None:
            raise ValueError(f"it holds no study '{self._name}'")
        by_number: dict[int, Record] = {}
        for _, record in sorted(at.records.items()):
            by_number.setdefault(record.number, record)
        records = tuple(record for _, record in sorted(by_number.items()))
        manifest = at.spent.written_to(StudyManifest.from_dict(json.loads(at.plan)["user_attr"][PLAN]))
        return StoredStudy(direction=at.direction, manifest=manifest, records=records)

    def _follow(self, path: Path) -> None:
        with path.open("rb") as file:
            if not self._is_same(file.read(HEAD), os.fstat(file.fileno()).st_size):
                self._at = ReadPosition()
            file.seek(self._at.offset)
            for line in file:
                if not line.endswith(b"\n"):  # still being written, or torn by a crash
                    return
                self._take_line(line)
                self._at.head = self._at.head or line[:HEAD]
                self._at.offset += len(line)

    def _is_same(self, head: bytes, size: int) -> bool:
        return head.startswith(self._at.head) and size >= self._at.offset

    def _take_line(self, line: bytes) -> None:
        """Take in one line; the numbers are Optuna's, see `JournalOperation` there."""
        begins = BEGINS.match(line)
        match int(begins[1]) if begins else json.loads(line)["op_code"]:
            case 0 if not self._at.name:  # those that begin later stand beside it
                opened = json.loads(line)
                self._at.name, self._at.direction = opened["study_name"], DIRECTIONS[opened["directions"][0]]
            case 1:
                self._leave_out(json.loads(line)["study_id"])
            case 2 if OF_PLAN.match(line) or (not begins and PLAN in json.loads(line)["user_attr"]):
                self._at.plan = line
            case 4:
                begun = json.loads(line)
                self._take_record(len(self._at.ended), begun.get("user_attrs", {}))
                self._at.spent.take(begun.get("user_attrs", {}))
                self._at.ended.append(begun.get("state") in FINISHED)
                self._at.study_ids.append(begun["study_id"])
            case 6:
                changed = json.loads(line)
                self._at.ended[changed["trial_id"]] |= changed["state"] in FINISHED
            case 8:
                attribute = json.loads(line)
                if not self._at.ended[attribute["trial_id"]]:
                    self._take_record(attribute["trial_id"], attribute["user_attr"])
            case _:
                pass

    def _leave_out(self, study: int) -> None:
        """Leave out a study that was deleted, and what the file holds of it."""
        at = self._at
        if study == 0:
            at.name, at.direction, at.plan = "", None, b""
        at.records = {trial: left for trial, left in at.records.items() if at.study_ids[trial] != study}

    def _take_record(self, trial: int, attributes: dict[str, Any]) -> None:
        if RECORD in attributes:
            self._at.records[trial] = Record.from_dict(attributes[RECORD])
