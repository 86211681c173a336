"""The user's own table, from a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from studies.datasets import DatasetChoice, Raw
from studies.datasets.files import Place, endings, holds, is_pattern, readers
from studies.errors import BadWorkload, StudyError, did_you_mean, named_line, one_line

if TYPE_CHECKING:
    import pandas as pd

AUTO: Final = "auto"
ARRAYS: Final = ".npz"
"""Ending of files whose arrays may be taken in several ways."""
LISTED: Final = 20
"""Columns that a message lists."""
LONGEST_NAME: Final = 40
"""Characters of a name that a message repeats."""
ELSEWHERE: Final = {
    ".npy": "it is one array; give its folder with X.npy and y.npy in it, or np.savez('data.npz', X=X, y=y)",
    ".pkl": "a pickle may run code; save the frame as Parquet, or the arrays with np.savez",
    ".pickle": "a pickle may run code; save the frame as Parquet, or the arrays with np.savez",
    ".txt": "name it .csv if a delimiter stands between its fields, or .svmlight if it holds sparse rows",
    ".zip": "name what is in it: data.csv.zip, or unpack it",
}
"""What to do with a file that is not read here, by its ending."""


@dataclass(frozen=True, kw_only=True)
class Table(DatasetChoice):
    """Your own data: a file in one of many forms, several of them, or a folder of images by class.

    Helps: training on your data; text, dates, booleans and gaps are turned into numbers.
    Hurts: files larger than memory; rows that belong together (one patient, one day) may land in train and
    test alike.
    Source: read by pandas, PyArrow, calamine, DuckDB, NumPy, scikit-learn or Pillow; prepared by
    scikit-learn.
    """

    offered: ClassVar[bool] = False

    path: str = ""
    """A file, `file.ending:part` for a sheet, table or query, a pattern for several files, or a folder."""
    target: str = ""
    """The column to predict; arrays, sparse rows and folders know theirs."""
    read_as: str = AUTO
    """auto | table | image | text | signal: what a row is; auto tells it from the file."""

    def load(self) -> Raw:
        """Return the rows, the target apart."""
        from studies.datasets.files.row_kind import of_kind

        place = existing(Place.of(self.path, as_text=frozenset({self.target} - {""})))
        kind = None if self.read_as == AUTO else self.read_as
        data = _read(place, self.target, kind)
        if isinstance(data, Raw):
            return of_kind(data, kind)
        frame, notes = data
        target = _column(self.target, list(frame.columns), place.path.name)
        if frame.shape[1] == 1:
            raise BadWorkload(
                f"'{place.path.name}' has no column but the target '{target}'; "
                "add at least one column to predict it from"
            )
        raw = Raw(inputs=frame.drop(columns=target), targets=frame[target], notes=notes)
        return of_kind(raw, kind)


def read_whole(source: str) -> tuple[pd.DataFrame, tuple[str, ...]] | Raw:
    """Return a file as it is, the target among its columns, with how it was read; or what knows its target.

    Raises:
        BadWorkload: no file that is read here, or a broken one.

    Example:
        >>> frame, notes = read_whole("flowers.csv")  # doctest: +SKIP
    """
    return _read(existing(Place.of(source)), "", None)


def existing(place: Place) -> Place:
    """Return the place where something that is read here lies."""
    path = place.path
    if holds(path, Path.is_dir) or (is_pattern(path) and place.ending):
        return place
    name = one_line(path, longest=200)
    if not place.ending:
        known = f"give a {', '.join(endings()[:-1])} or {endings()[-1]} file"
        way = ELSEWHERE.get(path.suffix.lower(), f"{known}, or a folder of images with a sub-folder a class")
        raise BadWorkload(f"'{name}' is neither a built-in dataset nor a file that is read here; {way}")
    if not holds(path, Path.is_file):
        raise BadWorkload(
            f"no file '{name}'{did_you_mean(path.name[:80], _tables_beside(path))} Check the path, "
            f"from {Path.cwd()}"
        )
    return place


def _tables_beside(path: Path) -> list[str]:
    try:
        return [beside.name for beside in path.parent.iterdir() if Place(path=beside).ending]
    except (OSError, ValueError):
        return []


def _read(place: Place, target: str, kind: str | None) -> tuple[pd.DataFrame, tuple[str, ...]] | Raw:
    """Return the table and how it was read where that is not plain, or data that knows its target."""
    from studies.datasets.files.arrays import read_npz
    from studies.datasets.files.folder import read_folder
    from studies.datasets.files.several import read_several

    name = one_line(place.path.name, longest=80)
    folder = holds(place.path, Path.is_dir)
    takes_target = not folder and readers()[place.ending].takes_target
    if target and not takes_target:
        raise BadWorkload(f"'{name}' knows its target; leave --target {one_line(target, longest=80)} out")
    try:
        if folder:
            return read_folder(place.path, kind)
        if place.ending == ARRAYS and kind is not None:
            return read_npz(place.path, kind)
        data = read_several(place) if is_pattern(place.path) else readers()[place.ending].read(place)
    except StudyError:
        raise
    except MemoryError:
        raise BadWorkload(f"'{name}' does not fit in memory; give fewer rows or columns") from None
    except Exception as error:  # whatever the library raises on a file that is broken
        raise BadWorkload(
            f"'{name}' cannot be read: {one_line(error, longest=200) or named_line(error)}; "
            "mend the file or save it anew"
        ) from error
    if isinstance(data, Raw):
        return data
    frame, notes = data
    if frame.empty:
        raise BadWorkload(f"'{name}' has column names but no rows; add rows to train on")
    return frame.set_axis([one_line(column) for column in frame.columns], axis="columns"), notes


def _column(target: str, columns: list[str], file: str) -> str:
    """Return the column that is the target."""
    more = f" and {len(columns) - LISTED} more" if len(columns) > LISTED else ""
    names = ", ".join(one_line(column, longest=LONGEST_NAME) for column in columns[:LISTED])
    listed = (names if len(names) <= 200 else f"{names[:200]}...") + more
    if not target:
        raise BadWorkload(
            f"'{file}' needs a target, the column to predict; "
            f"it has {listed}; for the last of them: --target {one_line(columns[-1], longest=80)}"
        )
    if target not in columns:
        near = did_you_mean(target[:80], (column for column in columns if len(column) <= 80))
        raise BadWorkload(f"'{file}' has no column '{one_line(target, longest=80)}'{near} It has {listed}")
    return target
