"""Payload: anything that trials are trained on, written once to a file that every worker process maps.

    write_payload(path, workload)     # in the process that searches
    workload = read_payload(path)     # in a worker: the same numbers, to the last bit

Arrays and tensors lie in the file as they lie in memory. A worker maps them, so that all workers together
hold them once; what one of them changes is its own. Code of `__main__`, of a notebook and of files such as
`train.py:fit` travels as it is in memory and is not run again, so that what it made at random stays the same.
A payload holds code, as every pickle does: read none but your own.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from studies.engines.pickler import Pickler, users_code_inside
from studies.engines.segments import Segment, mapped, written
from studies.engines.surroundings import Surroundings
from studies.engines.travelling_code import TravellingCode
from studies.engines.why_not import reason
from studies.errors import BadWorkload, StoreError, StudyError, named_line
from studies.imports import adopt, mentioned_in
from studies.workload import Workload


class CannotTravel(StudyError):
    """A workload that cannot go to another process."""


def write_payload(path: Path, value: object) -> None:
    """Write an object for other processes: a workload, a training function, a plan, or several of them.

    What it refers to by name and came from code goes with it. Only this user can read the file.

    Args:
        path: the file; one that is there is replaced.
        value: any object.

    Raises:
        CannotTravel: it holds something that only this process has, such as an open connection; one line that
            says what, and where it lies.
        StoreError: the file cannot be written.

    Example:
        >>> from studies.workload_opening import open_source
        >>> write_payload(home / "iris.payload", open_source("iris", model="mlp"))  # doctest: +SKIP
    """
    stream, surroundings, buffers = _pickled(value)
    try:
        written(path, [pickle.dumps(surroundings), stream, *buffers])
    except OSError as error:
        raise StoreError(f"cannot write '{path}' for the worker processes: {error.strerror}") from error


def read_payload(path: Path) -> Any:
    """Return what `write_payload` wrote, and make this process like the one that wrote it.

    The working directory, the places that modules are imported from, the words of the command line, the
    default dtype and the filters of warnings become those of that process.

    Raises:
        BadWorkload: it cannot be read here; one line that says why.
        StoreError: the file is not there.
    """
    try:
        surroundings, stream, *buffers = mapped(path)
    except OSError as error:
        raise StoreError(f"cannot read '{path}': {error.strerror}") from error
    pickle.loads(surroundings).enter()  # noqa: S301 - written by this user's own search
    payload: dict[str, Any] = _unpickled(stream, buffers)
    adopt(payload["mentioned"])
    payload["code"].settle()
    return payload["value"]


def dumps(value: object) -> bytes:
    """Return a small object, such as a recipe of the user's own classes, as bytes for another process.

    Raises:
        CannotTravel: as `write_payload`.
    """
    stream = io.BytesIO()
    _dump(Pickler(stream), value)
    return stream.getvalue()


def loads(message: bytes) -> Any:
    """Return what `dumps` took.

    Raises:
        BadWorkload: as `read_payload`.
    """
    return _unpickled(message, [])


def _pickled(value: object) -> tuple[Segment, Surroundings, list[Segment]]:
    """Return a value with the user's code inside; where that cannot be, as with that of files run again."""
    try:
        return _with_code(value, inside=True)
    except CannotTravel:
        attempt = _with_code(value, inside=False)
        if not attempt[1].files:
            raise
        return attempt


def _with_code(value: object, *, inside: bool) -> tuple[Segment, Surroundings, list[Segment]]:
    stream = io.BytesIO()
    buffers: list[Segment] = []
    code = TravellingCode()
    pickler = Pickler(stream, buffers=buffers, code=code)
    with users_code_inside() if inside else nullcontext():
        # in this order: the code is known once all else is written
        _dump(pickler, {"value": value, "mentioned": _mentioned(value), "code": code})
    return stream.getbuffer(), Surroundings.here(() if inside else code.files), buffers


def _mentioned(value: object) -> dict[str, Any]:
    """Return what is referred to by name; not the data as it came, which is not opened again in a worker."""
    return {name: each for name, each in mentioned_in(value).items() if not isinstance(each, Workload)}


def _dump(pickler: Pickler, value: object) -> None:
    try:
        pickler.dump(value)
    except Exception as error:  # whatever an object of the user's own raises when it is pickled
        raise CannotTravel(reason(value, error)) from error


def _unpickled(stream: Segment, buffers: Sequence[Segment]) -> Any:
    try:
        value = pickle.loads(stream, buffers=buffers)  # noqa: S301 - written by this user's own search
    except Exception as error:  # whatever an object of the user's own raises when it is read
        raise BadWorkload(f"a worker process cannot read the workload: {named_line(error)}") from error
    return value
