"""The user's own table, from a file."""

from __future__ import annotations

import csv
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from studies.datasets import DatasetChoice, Raw
from studies.errors import BadWorkload, did_you_mean, one_line

if TYPE_CHECKING:
    import pandas as pd

DELIMITERS: Final = ",;\t|"
DECIMAL_COMMA: Final = re.compile(r'(?:^|;)\s*"?-?\d+,\d+"?\s*(?:;|$)', re.MULTILINE)
TABLES: Final = (".csv", ".tsv", ".parquet", ".feather", ".arff")
SPARSE: Final = (".svmlight", ".libsvm", ".svm")
FORMATS: Final = (*TABLES, ".npz", *SPARSE)
SAMPLE: Final = 1 << 16
"""Characters of a file that are looked at to tell how it is written."""


@dataclass(frozen=True, kw_only=True)
class Table(DatasetChoice):
    """Your own data: .csv, .tsv, .parquet, .feather, .arff, .npz, .svmlight, or a folder of images by class.

    Helps: training on your data; text, dates, booleans and gaps are turned into numbers.
    Hurts: files larger than memory; rows that belong together (one patient, one day) may land in train and
    test alike.
    Source: read by pandas, NumPy, scikit-learn or Pillow, prepared by scikit-learn.
    """

    offered: ClassVar[bool] = False

    path: str = ""
    target: str = ""
    """The column to predict; arrays, sparse rows and folders know theirs."""
    read_as: str | None = None
    """table | image | text | signal; None tells it from the file."""

    def load(self) -> Raw:
        """Return the rows, the target apart."""
        from studies.datasets.files.row_kind import of_kind

        path = _existing(self.path)
        if path.is_dir() or path.suffix.lower() not in TABLES:
            return _read_whole(path, self.target, self.read_as)
        frame, notes = _read(path)
        target = _column(self.target, list(frame.columns), path.name)
        if frame.shape[1] == 1:
            raise BadWorkload(
                f"'{path.name}' has no column but the target '{target}'; "
                "add at least one column to predict it from"
            )
        raw = Raw(inputs=frame.drop(columns=target), targets=frame[target], notes=notes)
        return of_kind(raw, self.read_as)


def _existing(source: str) -> Path:
    path = Path(source).expanduser()
    formats = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
    readable = f"give a {formats} file, or a folder of images with a sub-folder a class"
    if path.is_dir():
        return path
    if path.suffix.lower() not in FORMATS:
        raise BadWorkload(
            f"'{source}' is neither a built-in dataset nor a file that is read here; {readable}"
        )
    if not path.is_file():
        raise BadWorkload(
            f"no file '{source}'{did_you_mean(path.name, _tables_beside(path))} Check the path, "
            f"from {Path.cwd()}"
        )
    return path


def _tables_beside(path: Path) -> list[str]:
    try:
        return [beside.name for beside in path.parent.iterdir() if beside.suffix.lower() in FORMATS]
    except OSError:
        return []


def _read(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the table, and how it was read where that is not plain."""
    if path.stat().st_size == 0:
        raise BadWorkload(f"'{path.name}' is empty; a table needs a line of column names and rows below it")
    try:
        match path.suffix.lower():
            case ".parquet" | ".feather":
                frame, notes = _read_columns(path), tuple[str, ...]()
            case ".arff":
                frame, notes = _read_arff(path), ()
            case _:
                frame, notes = _read_text(path)
    except BadWorkload:
        raise
    except UnicodeDecodeError:
        raise BadWorkload(f"'{path.name}' is not UTF-8 text; save it as CSV in UTF-8") from None
    except (OSError, ValueError, NotImplementedError, csv.Error) as error:
        raise BadWorkload(
            f"'{path.name}' cannot be read: {one_line(error)}; mend the file or save it anew"
        ) from error
    if frame.empty:
        raise BadWorkload(f"'{path.name}' has column names but no rows; add rows to train on")
    return frame.set_axis([one_line(name) for name in frame.columns], axis="columns"), notes


def _read_whole(path: Path, target: str, kind: str | None) -> Raw:
    """Read what holds inputs and targets apart."""
    if target:
        raise BadWorkload(f"'{path.name}' knows its target; leave --target {target} out")
    from studies.datasets.files.arrays import read_npz
    from studies.datasets.files.folder import read_folder
    from studies.datasets.files.row_kind import of_kind
    from studies.datasets.files.sparse_rows import read_svmlight

    try:
        if not path.is_dir() and path.suffix.lower() == ".npz":
            return read_npz(path, kind)
        return of_kind(read_folder(path) if path.is_dir() else read_svmlight(path), kind)
    except BadWorkload:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise BadWorkload(
            f"'{path.name}' cannot be read: {one_line(error)}; mend the file or save it anew"
        ) from error


def _read_columns(path: Path) -> pd.DataFrame:
    import pandas as pd
    from pyarrow import parquet

    if path.suffix.lower() == ".feather":
        frame = pd.read_feather(path)
        _check_unique(map(str, frame.columns), path.name)
        return frame.reset_index(drop=True)
    _check_unique(map(str, parquet.read_schema(path).names), path.name)
    return pd.read_parquet(path).reset_index(drop=True)


def _read_arff(path: Path) -> pd.DataFrame:
    from studies.datasets.files.arff import read_arff

    frame = read_arff(path)
    _check_unique(map(str, frame.columns), path.name)
    return frame


def _read_text(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        sample = file.read(SAMPLE)
    if not sample.strip():
        raise BadWorkload(
            f"'{path.name}' holds nothing but blank lines; "
            "a table needs a line of column names and rows below it"
        )
    delimiter = (
        "\t"
        if path.suffix.lower() == ".tsv"
        else max(DELIMITERS, key=lambda mark: len(_header(sample, mark)))
    )
    _check_unique(_header(sample, delimiter), path.name)
    european = delimiter == ";" and DECIMAL_COMMA.search(sample) is not None
    frame = _read_fields(path, delimiter, decimal="," if european else ".")
    return frame, ("Numbers were read with a decimal comma: 1,5 is one and a half.",) if european else ()


def _read_fields(path: Path, delimiter: str, *, decimal: str) -> pd.DataFrame:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(
                path,
                sep=delimiter,
                decimal=decimal,
                encoding="utf-8-sig",
                index_col=False,
                skipinitialspace=True,
                na_values=["?"],
                low_memory=False,
            )
        except pd.errors.ParserWarning:
            raise BadWorkload(
                f"'{path.name}' has rows with more fields than its first line has names; name every column"
            ) from None


def _header(sample: str, delimiter: str) -> list[str]:
    rows = csv.reader(sample.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True)
    return [name.strip() for name in next(row for row in rows if row)]


def _check_unique(names: Iterable[str], file: str) -> None:
    counts = Counter(name for name in names if name)
    if twice := [name for name, count in counts.items() if count > 1]:
        name = one_line(twice[0])
        raise BadWorkload(
            f"'{file}' has {counts[twice[0]]} columns named '{name}'; give each column its own name"
        )


def _column(target: str, columns: list[str], file: str) -> str:
    listed = ", ".join(columns[:20]) + (f" and {len(columns) - 20} more" if len(columns) > 20 else "")
    if not target:
        raise BadWorkload(
            f"'{file}' needs a target, the column to predict; "
            f"it has {listed}; for the last of them: --target {columns[-1]}"
        )
    if target not in columns:
        raise BadWorkload(f"'{file}' has no column '{target}'{did_you_mean(target, columns)} It has {listed}")
    return target
