"""Rows of the contest: what a contestant took on a workload, in a file that a later start goes on with."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

FILE: Final = "contest.csv"
EASY: Final = "best of 16"
HARD: Final = "best of 64"
TARGETS: Final = (EASY, HARD)
OURS: Final = "ours"


class Failed(Exception):
    """A contestant ended without an answer; others go on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What a contestant took until a target, or what it handed over in a time."""

    contestant: str = ""
    workload: str = ""
    seed: int = 0
    goal: str = ""
    """One of `TARGETS`, or the time after which it handed over, as in `20 s`."""
    reached: bool = False
    """Whether it reached the target; if not, the figures are those at its end."""
    processor: float | None = None
    """Seconds of the processor, from the start of its process on, of all its processes together."""
    wall: float = 0.0
    """Seconds by the clock."""
    runs: float | None = None
    """Epochs trained over those of a whole run."""
    best: float | None = None
    """Its best validation metric."""
    test: float | None = None
    """Of what it handed over."""
    workers: str = "1"
    options: str = ""
    """Further options of our command, and its budget where that is not the usual one."""
    version: str = ""
    """Of the package that searched."""
    date: str = field(default_factory=lambda: time.strftime("%Y-%m-%d"))

    def figure(self, name: str) -> float:
        """Return a figure of the row, `processor`, `wall` or `runs`."""
        return float(getattr(self, name) or 0.0)


COLUMNS: Final = tuple(entry.name for entry in fields(Row))


def read_rows(folder: Path) -> list[Row]:
    """Return the rows of a folder; none where nothing was measured yet."""
    path = folder / FILE
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [_row(line) for line in csv.DictReader(file)]


def append(folder: Path, rows: list[Row]) -> None:
    """Add rows to the file of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    if path.exists() and not _has_all_columns(path):  # of an earlier version
        before = read_rows(folder)
        path.unlink()
        append(folder, before)
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if fresh:
            writer.writerow(COLUMNS)
        writer.writerows([_text(getattr(row, name)) for name in COLUMNS] for row in rows)


def _has_all_columns(path: Path) -> bool:
    with path.open(newline="") as file:
        return tuple(next(csv.reader(file), ())) == COLUMNS


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _row(line: dict[str, str]) -> Row:
    numbers = {
        name: float(line[name]) if line[name] else None for name in ("processor", "runs", "best", "test")
    }
    return Row(
        **{name: line[name] for name in ("contestant", "workload", "goal", "workers", "version", "date")},
        **numbers,
        options=line.get("options") or "",
        seed=int(line["seed"]),
        reached=line["reached"] == "True",
        wall=float(line["wall"]),
    )
