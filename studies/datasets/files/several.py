"""Several files as one table: those that a pattern like `data/*.csv` names, in the order of their names."""

from __future__ import annotations

import glob
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from studies.datasets.files import Place, readers
from studies.errors import BadWorkload, one_line
from studies.quantities import several

if TYPE_CHECKING:
    import pandas as pd

    from studies.datasets.files import Frame


def read_several(place: Place) -> Frame:
    """Read every file that the pattern names and put the rows below each other.

    Raises:
        BadWorkload: no file, files of several forms, or files with other columns.
    """
    import pandas as pd

    names = sorted(glob.glob(str(place.path), recursive=True))  # noqa: PTH207 - a pattern may be absolute
    places = [replace(place, path=Path(name)) for name in names]
    if not places:
        raise BadWorkload(
            f"no file fits '{one_line(place.path, longest=200)}'; check the path, from {Path.cwd()}"
        )
    if not readers()[place.ending].takes_target:
        raise BadWorkload(f"'{place.path.name}' fits files that know their targets; give one of them")
    forms = {each.ending for each in places}
    if len(forms) > 1:
        listed = ", ".join(sorted(form or "others" for form in forms))
        raise BadWorkload(f"'{place.path.name}' fits files of several forms, {listed}; give one ending")
    frames, notes = _read(places)
    if unlike := _unlike(frames):
        frames, notes = _read([replace(each, as_text=each.as_text | unlike) for each in places])
    ends = " to ".join(
        dict.fromkeys(one_line(each.path.name, longest=80) for each in (places[0], places[-1]))
    )
    note = f"Read {several(len(places), 'file')} as one table: {ends}."
    return pd.concat(frames, ignore_index=True), (note, *notes)


def _read(places: list[Place]) -> tuple[list[pd.DataFrame], tuple[str, ...]]:
    frames: list[pd.DataFrame] = []
    notes = dict[str, None]()
    for place in places:
        frame, remarks = cast("Frame", readers()[place.ending].read(place))
        if frames and set(frame.columns) != set(frames[0].columns):
            odd = sorted(map(str, set(frame.columns) ^ set(frames[0].columns)))
            listed = one_line(", ".join(odd), longest=120)
            raise BadWorkload(
                f"'{place.path.name}' and '{places[0].path.name}' differ in the columns {listed}; "
                "give all files the same"
            )
        frames.append(frame)
        notes |= dict.fromkeys(remarks)
    return frames, tuple(notes)


def _unlike(frames: list[pd.DataFrame]) -> frozenset[str]:
    """Return the columns that are numbers in one file and text in another: read as text, all stays."""
    numeric = [set(frame.select_dtypes(["number", "bool"]).columns) for frame in frames]
    filled = [set(frame.columns[frame.notna().any()]) for frame in frames]
    return frozenset(
        str(name)
        for name in frames[0].columns
        if len({name in columns for columns, present in zip(numeric, filled, strict=True) if name in present})
        > 1
    )
