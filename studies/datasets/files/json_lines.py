"""JSON: an object a line, or one list of objects; each object is a row."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from studies.datasets.files import Place, Reader
from studies.datasets.files.encoding import encoding_notes, encoding_of
from studies.datasets.files.names import check_unique
from studies.datasets.files.packing import blocks, opened
from studies.errors import BadWorkload, one_line

if TYPE_CHECKING:
    from studies.datasets.files import Frame


def read_json(place: Place) -> Frame:
    """Read rows of JSON; what an object does not have is a gap.

    Raises:
        BadWorkload: no JSON, values that are no objects, or an object that names one thing twice.
    """
    import pandas as pd

    encoding = encoding_of(blocks(place), place.path.name)
    rows = list(_rows(place, encoding))
    if not rows:
        raise BadWorkload(f"'{place.path.name}' holds no objects; give one a line, or a list of them")
    frame = pd.DataFrame.from_records(rows)
    check_unique(map(str, frame.columns), place.path.name)
    return frame, encoding_notes(encoding)


def _rows(place: Place, encoding: str) -> Iterator[dict[str, Any]]:
    name = place.path.name
    with io.TextIOWrapper(opened(place), encoding=encoding) as file:
        start = next((line for line in file if line.strip()), "")
        if start.lstrip().startswith("["):
            yield from _listed(start + file.read(), name)
            return
    with io.TextIOWrapper(opened(place), encoding=encoding) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _object(_parsed(line, f"line {number} of '{name}'"), f"line {number} of '{name}'")


def _listed(text: str, name: str) -> Iterator[dict[str, Any]]:
    values = _parsed(text, f"'{name}'")
    for number, value in enumerate(values, start=1):
        yield _object(value, f"entry {number} of '{name}'")


def _parsed(text: str, noun: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_pairs)
    except (ValueError, RecursionError) as error:
        raise BadWorkload(
            f"{noun} is no JSON that can be read: {one_line(error, longest=120)}; mend it"
        ) from None


def _object(value: Any, noun: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadWorkload(
            f"{noun} is no object but {one_line(json.dumps(value), longest=40)}; write {{name: value}}"
        )
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"one object names '{one_line(twice, longest=40)}' twice")
    return entries


READER = Reader(
    form="JSON, an object a line or a list of objects",
    endings=(".jsonl", ".ndjson", ".json"),
    read=read_json,
    packed=True,
)
