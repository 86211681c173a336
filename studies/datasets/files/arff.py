"""Tables in Weka's ARFF: a head that names each column and its type, and lines of values."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from studies.datasets.files import Place, Reader
from studies.datasets.files.names import check_unique
from studies.errors import BadWorkload

if TYPE_CHECKING:
    import pandas as pd

    from studies.datasets.files import Frame

ATTRIBUTE: Final = re.compile(
    r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)\s+(.+)""", re.IGNORECASE
)
SINGLE_QUOTED: Final = re.compile(r"(?:^|,)\s*'", re.MULTILINE)


def read_arff(place: Place) -> Frame:
    """Read a table; `?` is a gap, and every other word is what it says.

    Raises:
        BadWorkload: no head, no rows, or rows written as sparse.
    """
    frame = _read(place.path)
    check_unique(map(str, frame.columns), place.path.name)
    return frame, ()


def _read(path: Path) -> pd.DataFrame:
    """Return the table; a nominal column is categories, even where its labels are numbers."""
    import pandas as pd

    with path.open(encoding="utf-8-sig") as file:
        lines = [line.strip() for line in file if line.strip() and not line.lstrip().startswith("%")]
    start = next((number for number, line in enumerate(lines) if line.lower().startswith("@data")), None)
    columns = [match.groups() for line in lines[:start] if (match := ATTRIBUTE.match(line))]
    if start is None or not columns:
        raise BadWorkload(
            f"'{path.name}' has no @attribute lines with @data below; save it as ARFF or as CSV"
        )
    rows = lines[start + 1 :]
    if rows and rows[0].startswith("{"):
        raise BadWorkload(f"'{path.name}' is a sparse ARFF file; save it as svmlight or as CSV")
    text = "\n".join(rows)
    names = [_unquoted(name) for name, _ in columns]
    nominal = [name for name, (_, form) in zip(names, columns, strict=True) if form.startswith("{")]
    if not rows:
        return pd.DataFrame(columns=names)
    frame = pd.read_csv(
        io.StringIO(text),
        header=None,
        names=range(len(names)),
        dtype={number: str for number, name in enumerate(names) if name in nominal},
        na_values=["?"],
        keep_default_na=False,
        quotechar="'" if SINGLE_QUOTED.search(text) else '"',
        escapechar="\\",
        skipinitialspace=True,
        index_col=False,
        low_memory=False,
    ).set_axis(names, axis="columns")
    return frame.astype(dict.fromkeys(nominal, "category")) if len(set(names)) == len(names) else frame


def _unquoted(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if name[0] in "'\"" else name


READER: Final = Reader(form="Weka's ARFF", endings=(".arff",), read=read_arff)
