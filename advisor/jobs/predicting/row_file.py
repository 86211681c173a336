"""Row file: rows with their predictions, written a block at a time as CSV, Parquet or JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from studies.errors import BadValue, StoreError, shown

if TYPE_CHECKING:
    import pandas as pd

ENDINGS: Final = (".csv", ".tsv", ".parquet", ".jsonl", ".json")

Write = Callable[["pd.DataFrame"], None]


@contextmanager
def row_file(out: str | TextIO, *, delimiter: str, decimal: str) -> Iterator[Write]:
    """Open what rows are written to: a file by its ending, or a stream as CSV.

    A file is there once all rows are: until then it has another name.

    Args:
        out: a path, or a stream of text.
        delimiter: of the rows as they came; empty where they were no delimited text.
        decimal: what parts decimals there.

    Raises:
        StoreError: it cannot be written.
    """
    if not isinstance(out, str):
        yield _Delimited(out, delimiter or ",", decimal if delimiter else ".")
        return
    path = Path(out)
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with _opened(unfinished, path.suffix.lower(), delimiter, decimal) as write:
            yield write
        unfinished.replace(path)
    except OSError as error:
        raise StoreError(f"{shown(out)} cannot be written: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def check_out(out: str | None, rows: str) -> None:
    """Raise BadValue for a file that cannot be written to: of another form, or the rows' own."""
    if out is None:
        return
    if Path(out).suffix.lower() not in ENDINGS:
        raise BadValue(f"--out {shown(out)} has none of the endings {', '.join(ENDINGS)}; give it one")
    if Path(out).exists() and Path(rows).exists() and Path(out).samefile(rows):
        raise BadValue(f"--out {shown(out)} is the file of the rows itself; give another name")


@contextmanager
def _opened(path: Path, ending: str, delimiter: str, decimal: str) -> Iterator[Write]:
    if ending == ".parquet":
        writer = _Parquet(path)
        try:
            yield writer
        finally:
            writer.close()
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        if ending in {".jsonl", ".json"}:
            yield lambda rows: _write_lines(file, rows)
        elif ending == ".tsv":
            yield _Delimited(file, "\t", decimal if delimiter else ".")
        else:
            yield _Delimited(file, delimiter if delimiter != "\t" else ",", decimal if delimiter else ".")


class _Delimited:
    """Delimited text, its line of names before the first rows."""

    def __init__(self, file: Any, delimiter: str, decimal: str) -> None:
        self.file, self.delimiter, self.decimal, self.begun = file, delimiter or ",", decimal, False

    def __call__(self, rows: pd.DataFrame) -> None:
        rows.to_csv(
            self.file,
            sep=self.delimiter,
            decimal=self.decimal,
            header=not self.begun,
            index=False,
            lineterminator="\n",
        )
        self.begun = True


class _Parquet:
    """Parquet, its columns of the types that the first rows have."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: Any = None

    def __call__(self, rows: pd.DataFrame) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        if self.writer is None:
            first = pa.Schema.from_pandas(rows, preserve_index=False)
            # a column of gaps alone so far is taken for text
            forms = [pa.string() if pa.types.is_null(form) else form for form in first.types]
            schema = pa.schema(zip(first.names, forms, strict=True))
            self.writer = parquet.ParquetWriter(self.path, schema)
        table = pa.Table.from_pandas(rows, schema=self.writer.schema, preserve_index=False)
        self.writer.write_table(table)

    def close(self) -> None:
        """Write the end of the file."""
        if self.writer is not None:
            self.writer.close()


def _write_lines(file: TextIO, rows: pd.DataFrame) -> None:
    """Write an object a line."""
    text = rows.to_json(orient="records", lines=True, date_format="iso", force_ascii=False)
    file.write(text if not text or text.endswith("\n") else f"{text}\n")
