"""File preview: the first rows of a file, its columns, which one to predict, and what the others become.

A small file is read whole, by the readers of a search, so that what is said is what the search will do. Of a
large file of text the beginning is read.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from studies.column_reading import ColumnReading
from studies.datasets.files import Place
from studies.errors import BadWorkload, StudyError, one_line
from studies.quantities import format_bytes
from studies.rows.items import TARGETS

if TYPE_CHECKING:
    import pandas as pd


WHOLE_BYTES: Final = 10 << 20
"""Largest file that is read whole: 5.6 MB of 14 columns took 0.4 s to open, on one core."""
HEAD_BYTES: Final = 1 << 20
"""What is read of a larger file of text."""
LINES: Final = (".csv", ".tsv", ".jsonl", ".ndjson")
"""Endings of text that holds a row a line, so that its beginning is a table too."""
FIRST: Final = 5
"""Rows that are shown."""
LONGEST_CELL: Final = 60
"""Characters of a value that are shown."""
LIKELY: Final = (*TARGETS, "class", "outcome", "response", "species", "price", "survived", "churn", "result")
"""Names of columns that people predict, in small letters, the likeliest first (judged)."""


@dataclass(frozen=True, kw_only=True)
class FilePreview:
    """Preview of a file of data, before anything is trained on it."""

    names: tuple[str, ...] = ()
    """Its columns; empty where it holds arrays, which know their target."""
    first_rows: tuple[tuple[str, ...], ...] = ()
    rows: int = 0
    """Those that were read."""
    whole: bool = True
    """Whether that is all of the file."""
    target: str = ""
    """The column to predict, guessed unless it was named."""
    task: str = ""
    """classification | regression; empty where that cannot be told yet."""
    classes: int = 0
    columns: tuple[ColumnReading, ...] = ()
    """What each column but the target becomes."""
    notes: tuple[str, ...] = ()
    """What else is done to the data."""
    problem: str = ""
    """Why it cannot be trained on with this target; empty where it can."""

    def __str__(self) -> str:
        """Return one sentence: how many rows and columns there are, and what is predicted."""
        size = f"{self.rows:,} rows" if self.whole else f"The first {self.rows:,} rows of a large file"
        wide = f" of {len(self.names):,} columns" if self.names else ""
        if not self.task:
            return f"{size}{wide}."
        kind = f"{self.classes} classes" if self.task == "classification" else "a number"
        what = f"'{one_line(self.target, longest=LONGEST_CELL)}'" if self.target else "the target"
        return f"{size}{wide}; {what} is predicted as {kind}."


def preview_file(source: str, target: str = "", **options: Any) -> FilePreview:
    """Look at a file of data.

    Args:
        source: its path.
        target: the column to predict; empty has it guessed.
        options: others of `studies.data.opening.open_dataset`: task, metric, split_by, missing, seed.

    Raises:
        BadWorkload: no file that is read here, or a broken one.

    Example:
        >>> preview_file("flowers.csv").target  # doctest: +SKIP
        'species'
    """
    from studies.datasets.table import read_whole

    with _looked_at(source) as (path, whole):
        table = read_whole(path)
        if not isinstance(table, tuple):
            return _opened(FilePreview(whole=whole), path, options)
        frame, _ = table
        names = tuple(map(str, frame.columns))
        preview = FilePreview(
            names=names,
            first_rows=_first_rows(frame),
            rows=len(frame),
            whole=whole,
            target=target or guessed_target(names),
        )
        return _opened(preview, path, options)


def guessed_target(names: Sequence[str]) -> str:
    """Return the column that somebody most likely wants to predict: one of the usual names, else the last.

    Example:
        >>> guessed_target(["Class", "width"]), guessed_target(["width", "length"])
        ('Class', 'length')
    """
    small = {name.strip().lower(): name for name in names}
    return next((small[name] for name in LIKELY if name in small), names[-1] if names else "")


@contextmanager
def _looked_at(source: str) -> Iterator[tuple[str, bool]]:
    """Yield the path of what is read, and whether that is the whole file.

    Raises:
        BadWorkload: a large file of which no beginning can be read.
    """
    place = Place.of(source)
    if not place.path.is_file() or place.path.stat().st_size <= WHOLE_BYTES:
        yield source, True
        return
    size = format_bytes(place.path.stat().st_size)
    if place.ending not in LINES or place.packing:
        raise BadWorkload(f"'{place.path.name}' has {size}, so it is read only when the search starts")
    with place.path.open("rb") as file, tempfile.TemporaryDirectory() as folder:
        head = file.read(HEAD_BYTES)
        part = Path(folder) / place.path.name
        part.write_bytes(head[: head.rfind(b"\n") + 1] or head)
        yield str(part), False


def _opened(preview: FilePreview, path: str, options: dict[str, Any]) -> FilePreview:
    """Return a preview with what a search would make of the data, or with why it could not."""
    from studies.data.opening import open_dataset

    try:
        dataset = open_dataset(path, target=preview.target or None, **options)
    except StudyError as error:  # of a part no more can be told than what its rows show
        return replace(preview, problem=str(error) if preview.whole else "")
    rows = dataset.train.rows + dataset.valid.rows + dataset.test.rows
    return replace(
        preview,
        rows=preview.rows or rows,
        task=dataset.task,
        classes=len(dataset.classes or ()),
        columns=dataset.columns,
        notes=dataset.notes,
    )


def _first_rows(frame: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    """Return the first rows as they are written, a gap as nothing."""
    head = frame.head(FIRST)
    gaps = head.isna().to_numpy()
    return tuple(
        tuple(
            "" if gap else one_line(cell, longest=LONGEST_CELL) for cell, gap in zip(row, empty, strict=True)
        )
        for row, empty in zip(head.to_numpy(object), gaps, strict=True)
    )
