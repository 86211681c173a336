"""Delimited text: a line of column names and a line a row, read as it is written.

An empty field is a gap and everything else arrives as it stands: columns that are plainly numbers as numbers,
all others as text, and the columns that are asked for as text whatever they hold.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from studies.datasets.files import Place, Reader
from studies.datasets.files.encoding import encoding_notes, encoding_of
from studies.datasets.files.names import check_unique, numbered, without_nameless
from studies.datasets.files.packing import blocks, opened
from studies.errors import BadWorkload, one_line
from studies.quantities import several

if TYPE_CHECKING:
    import pandas as pd

    from studies.datasets.files import Frame

DELIMITERS: Final = ",;\t|"
DECIMAL_COMMA: Final = re.compile(r'(?:^|;)\s*"?-?\d+,\d+"?\s*(?:;|$)', re.MULTILINE)
SEPARATOR: Final = re.compile(r'\s*"?sep=(.|\\t)"?[\s;,]*', re.IGNORECASE)
"""Spreadsheets write it as the first line, to say what stands between fields."""
NUMBER: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
SAMPLE: Final = 1 << 16
"""Characters of a file that are looked at to tell how it is written."""
LOOKED_AT: Final = 1000
"""Rows that are looked at for zeros in front of numbers."""
CODE: Final = re.compile(r"0\d+")


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a file is written."""

    place: Place
    encoding: str
    delimiter: str
    skipped: int = 0
    """Lines before that of the column names."""
    names: tuple[str, ...] = ()
    """As written; an empty one has no name."""
    decimal: str = "."
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Return a name for each column, by its number where it has none."""
        return numbered(self.names)

    @property
    def reading(self) -> dict[str, Any]:
        """Return the arguments of pandas.read_csv that say how the file is written; no word is a gap."""
        return {
            "sep": self.delimiter,
            "encoding": self.encoding,
            "skiprows": self.skipped,
            "header": 0,
            "names": self.columns,
            "index_col": False,
            "skipinitialspace": True,
            "keep_default_na": False,
        }

    def lines(self) -> Iterator[str]:
        """Yield the lines from that of the names on, with their ends."""
        text = io.TextIOWrapper(opened(self.place), encoding=self.encoding, newline="")
        with text as file:
            yield from islice(file, self.skipped, None)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of each row's last line in the file, and its fields."""
        rows = csv.reader(self.lines(), delimiter=self.delimiter, skipinitialspace=True)
        return ((self.skipped + rows.line_num, row) for row in rows if row)


def read_delimited(place: Place) -> Frame:
    """Read a table of text.

    Raises:
        BadWorkload: no text, no table, or rows that are longer than the line of names.
    """
    name = place.path.name
    if place.path.stat().st_size == 0:
        raise BadWorkload(f"'{name}' is empty; a table needs a line of column names and rows below it")
    style = style_of(place, encoding_of(blocks(place), name))
    check_unique(style.columns, name)
    frame = _read(style)
    short = _short_rows(frame, style)
    frame, unnamed = without_nameless(frame, style.names)
    return frame, (*style.notes, *unnamed, *short, *_zeros_in_front(frame, style))


def style_of(place: Place, encoding: str) -> Style:
    """Tell how a file is written from its first lines.

    Raises:
        BadWorkload: nothing but blank lines.
    """
    name = place.path.name
    with io.TextIOWrapper(opened(place), encoding=encoding, newline="") as file:
        sample = file.read(SAMPLE)
    lines = sample.splitlines(keepends=True)
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise BadWorkload(
            f"'{name}' holds nothing but blank lines; a table needs a line of column names and rows below it"
        )
    declared = SEPARATOR.fullmatch(lines[first].rstrip("\r\n"))
    skipped = first + 1 if declared else 0
    delimiter = declared[1].replace("\\t", "\t") if declared else _delimiter(place, lines)
    if not declared and (comments := _comments(lines[first:], delimiter)):
        skipped = first + comments
    style = Style(place=place, encoding=encoding, delimiter=delimiter, skipped=skipped)
    names = _header("".join(lines[skipped:]), delimiter)
    if not names:
        raise BadWorkload(f"'{name}' has no line of column names; add one, and rows below it")
    european = delimiter == ";" and DECIMAL_COMMA.search(sample) is not None
    notes = _notes(encoding, 0 if declared else skipped - first if skipped else 0, names, european=european)
    return replace(style, names=names, decimal="," if european else ".", notes=tuple(notes))


def _delimiter(place: Place, lines: list[str]) -> str:
    if ".tsv" in place.path.name.lower():
        return "\t"
    text = "".join(line for line in lines if not line.startswith("#")) or "".join(lines)
    return max(DELIMITERS, key=lambda mark: len(_header(text, mark)))


def _comments(lines: list[str], delimiter: str) -> int:
    """Return how many lines at the top are remarks: they begin with # and are no line of names."""
    count = next((number for number, line in enumerate(lines) if not line.startswith("#")), 0)
    if not count:
        return 0
    widths = [len(_header(line, delimiter)) for line in lines[count - 1 : count + 1]]
    names_marked = widths[0] == widths[1] > 1
    return count - 1 if names_marked else count


def _header(text: str, delimiter: str) -> tuple[str, ...]:
    rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True)
    return tuple(name.strip() for name in next((row for row in rows if row), []))


def _notes(encoding: str, comments: int, names: tuple[str, ...], *, european: bool) -> Iterator[str]:
    yield from encoding_notes(encoding)
    if comments:
        yield f"Left out {several(comments, 'line')} of remarks at the top."
    if european:
        yield "Numbers were read with a decimal comma: 1,5 is one and a half."
    numbers = [name for name in names if NUMBER.fullmatch(name)]
    if 2 * len(numbers) > len(names) and any(not number.isdigit() for number in numbers):
        first = one_line(", ".join(names), longest=60)
        yield f"Took the first line, {first}, for column names; if it is data, add a line of names above it."


def _read(style: Style) -> pd.DataFrame:
    """Read the rows; a column of numbers in one stretch and of text in another is read again as a whole."""
    import numpy as np
    import pandas as pd

    reading = partial(_parsed, style, usecols=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)
        try:
            frame = reading()
        except pd.errors.ParserWarning:
            check_long_rows(style)
            reading = partial(_parsed, style, usecols=range(len(style.names)))
            frame = reading()
    objects = np.dtype(object)  # text is a type of its own, so only a mixture of forms is left as objects
    mixed = [number for number, form in enumerate(frame.dtypes) if form == objects]
    if mixed:
        again = _parsed(style, usecols=mixed, low_memory=False)
        for number, column in zip(mixed, again, strict=True):
            frame.isetitem(number, again[column].array)
    return frame


def _parsed(style: Style, *, usecols: Any, low_memory: bool = True) -> pd.DataFrame:
    import pandas as pd

    as_text = style.place.as_text.intersection(style.columns)
    with opened(style.place) as file:
        frame: pd.DataFrame = pd.read_csv(
            file,
            **style.reading,
            decimal=style.decimal,
            usecols=usecols,
            dtype=dict.fromkeys(as_text, str),
            na_values=[""],
            low_memory=low_memory,
        )
        return frame


def check_long_rows(style: Style) -> None:
    """Check that what stands behind the last name is empty, as where each line ends with a delimiter.

    Raises:
        BadWorkload: a row has more fields than there are names.
    """
    width = len(style.names)
    for line, row in style.records():
        if any(field.strip() for field in row[width:]):
            raise BadWorkload(
                f"'{style.place.path.name}' has more fields than names in line {line}: "
                f"{len(row)} fields, {width} names; name every column"
            )


def _short_rows(frame: pd.DataFrame, style: Style) -> tuple[str, ...]:
    """Return a note on rows that end early; they can only be where the last column has gaps."""
    width = len(style.names)
    if width < 2 or not frame.iloc[:, -1].isna().any():
        return ()
    short = [line for line, row in style.records() if len(row) < width]
    if not short:
        return ()
    rows = f"{several(len(short), 'row')} with fewer fields than names, the first in line {short[0]}"
    return (f"Found {rows}: what is not there counts as missing.",)


def _zeros_in_front(frame: pd.DataFrame, style: Style) -> Iterator[str]:
    """Yield a note on each column of numbers that is written as codes are, with zeros in front."""
    plain = {str(name) for name, form in frame.dtypes.items() if form.kind in "iuf"}
    for _, row in islice(style.records(), 1, 1 + LOOKED_AT):
        for name, text in zip(style.columns, row, strict=False):
            if name in plain and CODE.fullmatch(text):
                plain.remove(name)
                number = int(text)
                yield f"Column '{name}' has zeros in front, as in {text}, and was read as numbers: {number}."


READER: Final = Reader(
    form="delimited text: comma, semicolon, tab and bar are told apart",
    endings=(".csv", ".tsv"),
    read=read_delimited,
    packed=True,
)
