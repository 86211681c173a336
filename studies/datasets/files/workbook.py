"""Workbooks: a sheet of .xlsx, .xls or .ods, its cells with the types that they have there."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any, Final

from studies.datasets.files import Place, Reader
from studies.datasets.files.names import check_unique, numbered, without_nameless
from studies.datasets.files.packing import check_archive
from studies.errors import BadWorkload, did_you_mean, one_line
from studies.quantities import several

if TYPE_CHECKING:
    from studies.datasets.files import Frame

SHOWN: Final = 10
"""Sheets that a message lists."""


def read_workbook(place: Place) -> Frame:
    """Read one sheet: that which is named behind a colon, else the first with anything in it.

    Raises:
        BadWorkload: no such sheet, or nothing in it.
    """
    import pandas as pd

    if zipfile.is_zipfile(place.path):
        check_archive(place.path)
    with pd.ExcelFile(place.path, engine="calamine") as book:
        sheet = _sheet(place, [str(name) for name in book.sheet_names])
        cells = pd.read_excel(book, sheet, header=None, dtype=object, keep_default_na=False, na_values=[""])
        others = [str(name) for name in book.sheet_names if name != sheet]
    notes = list[str]()
    if others and not place.part:
        listed = one_line(", ".join(others[:SHOWN]), longest=100)
        notes.append(f"Read the sheet '{one_line(sheet, longest=40)}'; the file also has {listed}.")
    frame, shaped = _with_header(cells, place.path.name)
    return frame, (*notes, *shaped)


def _sheet(place: Place, sheets: list[str]) -> str:
    """Return the name of the sheet that is meant."""
    if not sheets:
        raise BadWorkload(f"'{place.path.name}' has no sheet; save it anew with a table in it")
    if not place.part:
        return sheets[0]
    if place.part not in sheets:
        listed = one_line(", ".join(sheets[:SHOWN]), longest=100)
        near = did_you_mean(place.part[:80], sheets)
        raise BadWorkload(
            f"'{place.path.name}' has no sheet '{one_line(place.part, longest=80)}'{near} It has {listed}"
        )
    return place.part


def _with_header(cells: Any, file: str) -> Frame:
    """Return the rows below the first that is not blank, which names the columns; blank rows are left out."""
    filled = cells.notna().any(axis=1).to_numpy()
    if filled.sum() < 1:
        raise BadWorkload(
            f"the sheet of '{file}' is empty; a table needs a row of column names and rows below it"
        )
    rows = cells[filled].reset_index(drop=True)
    written = [one_line(value) for value in rows.iloc[0].astype(object).where(rows.iloc[0].notna(), "")]
    columns = numbered(written)
    check_unique(columns, file)
    body = rows.iloc[1:].reset_index(drop=True).set_axis(columns, axis="columns").infer_objects()
    frame, notes = without_nameless(body, written)
    first = int(filled.argmax())
    if inside := int((~filled[first:]).sum()):
        notes = (*notes, f"Left out {several(inside, 'row')} without any value.")
    return frame, notes


READER = Reader(
    form="workbooks, a sheet by `file.xlsx:Sheet`",
    endings=(".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    read=read_workbook,
    part="sheet",
)
