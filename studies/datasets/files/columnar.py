"""Columns with their types: Parquet, Feather and Arrow files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studies.datasets.files import Place, Reader
from studies.datasets.files.names import check_unique
from studies.datasets.files.packing import check_fits

if TYPE_CHECKING:
    from studies.datasets.files import Frame

NUMBER_BYTES = 8


def read_parquet(place: Place) -> Frame:
    """Read a Parquet file, unless by its own head it is larger than memory.

    Raises:
        BadWorkload: it is, or two columns have one name.
    """
    from pyarrow import parquet

    with parquet.ParquetFile(place.path) as file:
        head = file.metadata
        check_unique(file.schema_arrow.names, place.path.name)
        check_fits(head.num_rows * head.num_columns * NUMBER_BYTES, f"'{place.path.name}'")
        return _frame(file.read())


def read_arrow(place: Place) -> Frame:
    """Read an Arrow file, or a stream of Arrow batches that was saved as one.

    Raises:
        BadWorkload: two columns have one name.
    """
    from pyarrow import ArrowInvalid, feather, ipc

    try:
        table = feather.read_table(place.path, memory_map=False)
    except ArrowInvalid:
        with place.path.open("rb") as file:
            try:
                table = ipc.open_stream(file).read_all()
            except ArrowInvalid:
                table = None
        if table is None:
            raise
    check_unique(table.column_names, place.path.name)
    return _frame(table)


def _frame(table: Any) -> Frame:
    """Return an Arrow table as a frame; each column of the table is given up once it is read.

    It is checked as a whole first: a damaged file may point outside of its own memory.
    """
    table.validate(full=True)
    frame = table.to_pandas(split_blocks=True, self_destruct=True)
    return frame.reset_index(drop=True), ()


def read_columns(place: Place) -> Frame:
    """Read columns with their types, whatever the form.

    Raises:
        BadWorkload: as in `read_parquet`.
    """
    return read_parquet(place) if place.ending == ".parquet" else read_arrow(place)


READER = Reader(
    form="Parquet, Feather and Arrow", endings=(".parquet", ".feather", ".arrow"), read=read_columns
)
