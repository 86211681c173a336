"""Exports beside a bundle's weights: its model as torch's exported program and as ONNX, where it exports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from studies.bundle import programs
from studies.bundle.build import example_rows
from studies.bundle.folder import ONNX, program_file
from studies.errors import StudyError

if TYPE_CHECKING:
    from studies.bundle.member import Member
    from studies.data.inputs import Inputs

COMPARED_ROWS: Final = 33
"""Made-up rows on which an export is compared with its model."""


def write_exports(member: Member, inputs: Inputs, folder: Path) -> tuple[str, ...]:
    """Write the files of a member that export; return why one does not, in sentences."""
    module = member.module
    if module is None or inputs.kind == "mixed":
        return ("Rows of several inputs are exported neither to model.pt2 nor to model.onnx.",)
    rows = example_rows(inputs, COMPARED_ROWS)

    def program() -> None:
        if member.program is None:
            programs.save(programs.exported(module, rows), folder / program_file(0))

    def graph() -> None:
        (folder / ONNX).write_bytes(programs.graph_of(module, rows))

    writers: dict[str, Callable[[], None]] = {program_file(0): program, ONNX: graph}
    return tuple(note for name, write in writers.items() if (note := _refusal(name, write)))


def _refusal(name: str, write: Callable[[], None]) -> str:
    """Return why a file was not written; empty where it was."""
    try:
        write()
    except StudyError as error:
        return f"No {name}: {error}."
    return ""
