"""Opening of the rows that are to be predicted: a file of any form, a block at a time."""

from __future__ import annotations

import glob
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from advisor.jobs.predicting.array_rows import array_rows, has_arrays
from advisor.jobs.predicting.row_block import RowBlock, RowSource
from studies.datasets import Raw
from studies.datasets.files import Place, expanded, holds, is_pattern, readers
from studies.datasets.table import existing
from studies.errors import BadWorkload, StudyError, named_line, one_line

if TYPE_CHECKING:
    import pandas as pd

    from studies.bundle.bundle import Bundle

STDIN: Final = "-"
TEXT: Final = (".csv", ".tsv")
BLOCK_ROWS: Final = 20_000


@contextmanager
def row_source(source: str, bundle: Bundle) -> Iterator[RowSource]:
    """Open the rows that a path names, or those on standard input for `-`.

    Args:
        source: a file of any form of table, of arrays (.npy, .npz), or a folder of images.
        bundle: what is to predict them.

    Raises:
        BadWorkload: no such file, or none that is read here.
    """
    if source != STDIN:
        path = expanded(source)
        yield array_rows(path, bundle) if holds(path, has_arrays) else _of(Place.of(source))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stdin.csv"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield _of(Place(path=path))


def _of(place: Place) -> RowSource:
    if is_pattern(place.path) and place.ending in TEXT:
        paths = sorted(glob.glob(str(place.path), recursive=True))  # noqa: PTH207 - a pattern may be absolute
        if not paths:
            raise BadWorkload(f"no file fits '{one_line(place.path, longest=200)}'; check the path")
        sources = [_delimited(replace(place, path=Path(path))) for path in paths]
        return replace(sources[0], blocks=(block for each in sources for block in each.blocks))
    existing(place)
    if place.ending in TEXT:
        return _delimited(place)
    if place.ending == ".parquet" and not is_pattern(place.path):
        return RowSource(blocks=(RowBlock(columns=block) for block in _parquet(place)))
    frame, notes = _whole(place)
    return RowSource(blocks=(RowBlock(columns=block) for block in _cut(frame)), notes=notes)


def _delimited(place: Place) -> RowSource:
    from studies.datasets.files.text_blocks import text_blocks, text_style

    style = text_style(place)
    return RowSource(
        blocks=(
            RowBlock(columns=block.fillna(""), short_rows=int(block.isna().any(axis=1).sum()))
            for block in text_blocks(style)
        ),
        delimiter=style.delimiter,
        decimal=style.decimal,
        notes=style.notes,
    )


def _parquet(place: Place) -> Iterator[pd.DataFrame]:
    import pyarrow as pa
    from pyarrow import parquet

    from studies.datasets.files.names import check_unique

    try:
        with parquet.ParquetFile(place.path) as file:
            check_unique(file.schema_arrow.names, place.path.name)
            if file.metadata.num_rows == 0:
                yield file.schema_arrow.empty_table().to_pandas()
            for batch in file.iter_batches(batch_size=BLOCK_ROWS):
                yield batch.to_pandas()
    except pa.ArrowException as error:
        raise _unreadable(place, error) from error


def _whole(place: Place) -> tuple[pd.DataFrame, tuple[str, ...]]:
    from studies.datasets.files.several import read_several

    try:
        data: Any = read_several(place) if is_pattern(place.path) else readers()[place.ending].read(place)
    except StudyError:
        raise
    except Exception as error:  # whatever the library raises on a file that is broken
        raise _unreadable(place, error) from error
    if isinstance(data, Raw):
        raise BadWorkload(f"'{place.path.name}' holds no table of rows; give one")
    frame, notes = data
    return frame, notes


def _unreadable(place: Place, error: Exception) -> BadWorkload:
    name = one_line(place.path.name, longest=80)
    return BadWorkload(f"'{name}' cannot be read: {named_line(error, longest=200)}; mend it or save it anew")


def _cut(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, max(len(frame), 1), BLOCK_ROWS):
        yield frame.iloc[start : start + BLOCK_ROWS]
