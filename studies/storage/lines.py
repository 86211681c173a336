"""Journal lines: one operation of Optuna's each, sealed with a checksum that tells a damaged one.

Lines of earlier versions and of Optuna's own tools have none; of these, whatever is JSON counts as whole.
What stands behind a line that a crash left unfinished is a line of its own.

    {"op_code":4,"study_id":0, ... ,"crc":"9f1c03aa"}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from itertools import takewhile
from typing import Any, Final, Self
from zlib import crc32

OPENS: Final = b'{"op_code":'
SEAL: Final = b',"crc":"%08x"}'
SEAL_BYTES: Final = 18


class Operation(IntEnum):
    """Operation of a line: Optuna's numbers, see `JournalOperation` there, whose import takes its time."""

    CREATE_STUDY = 0
    DELETE_STUDY = 1
    SET_STUDY_USER_ATTR = 2
    SET_STUDY_SYSTEM_ATTR = 3
    CREATE_TRIAL = 4
    SET_TRIAL_PARAM = 5
    SET_TRIAL_STATE_VALUES = 6
    SET_TRIAL_INTERMEDIATE_VALUE = 7
    SET_TRIAL_USER_ATTR = 8
    SET_TRIAL_SYSTEM_ATTR = 9
    DISCARD_TRIALS = 10


NEEDED: Final[Mapping[int, tuple[str, ...]]] = {
    Operation.CREATE_STUDY: ("study_name", "directions"),
    Operation.DELETE_STUDY: ("study_id",),
    Operation.SET_STUDY_USER_ATTR: ("study_id", "user_attr"),
    Operation.SET_STUDY_SYSTEM_ATTR: ("study_id", "system_attr"),
    Operation.CREATE_TRIAL: ("study_id", "datetime_start"),
    Operation.SET_TRIAL_PARAM: ("trial_id", "param_name", "param_value_internal", "distribution"),
    Operation.SET_TRIAL_STATE_VALUES: ("trial_id", "state", "values"),
    Operation.SET_TRIAL_INTERMEDIATE_VALUE: ("trial_id", "step", "intermediate_value"),
    Operation.SET_TRIAL_USER_ATTR: ("trial_id", "user_attr"),
    Operation.SET_TRIAL_SYSTEM_ATTR: ("trial_id", "system_attr"),
    Operation.DISCARD_TRIALS: (),
}
"""What each operation has to say beside `worker_id`."""
NOTHING: Final[Mapping[str, Any]] = {"op_code": Operation.DELETE_STUDY.value, "study_id": -1, "worker_id": ""}
"""An operation that changes nothing: it deletes a study that no journal holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a journal as it stands there."""

    text: bytes
    """The operation; empty where none is left."""
    damaged: bool
    """Whether something of the line is lost: all of it, or what stood before the operation."""

    @classmethod
    def of(cls, raw: bytes) -> Self:
        """Read a line, which need not be one."""
        raw = raw.strip()
        start = max(raw.rfind(OPENS), 0)
        text, seal = raw[start:], raw[-SEAL_BYTES:]
        if seal.startswith(SEAL[:8]) and seal != SEAL % crc32(text[:-SEAL_BYTES]):
            text = b""
        return cls(text=text, damaged=start > 0 or not text)

    def operation(self) -> dict[str, Any] | None:
        """Return the operation; None where it is none that can be carried out, a later Optuna's included."""
        try:
            values = json.loads(self.text)
            needed = NEEDED[values["op_code"]]
        except (ValueError, LookupError, TypeError, RecursionError):
            return None
        return values if all(name in values for name in (*needed, "worker_id")) else None


def sealed(operation: Mapping[str, Any]) -> bytes:
    """Return the line of an operation."""
    text = json.dumps(operation, separators=(",", ":")).encode()[:-1]
    return text + SEAL % crc32(text) + b"\n"


def whole_lines(file: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file up to one that is still being written, or was torn by a crash."""
    return takewhile(lambda raw: raw.endswith(b"\n"), file)
