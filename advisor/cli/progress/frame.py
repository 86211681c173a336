"""Frame: the lines that a live display shows, for a terminal of any size; pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from advisor.cli.progress.board import in_seconds
from advisor.report.compression_names import in_words
from advisor.report.layout import fold
from advisor.report.numbers import number
from studies.quantities import format_seconds, several

if TYPE_CHECKING:
    from advisor.cli.progress.board import Board, Cells
    from studies.search.event import Training

Style = Literal["", "bold", "dim"]
LABEL: Final = 7
BAR: Final = 24
"""Columns of the bar."""
GAP: Final = 2
NOTE_LINES: Final = 2
NOW_LINES: Final = 3
"""Lines of what trains now, at most; the rest is counted."""
ROOMY: Final = 16
"""Lines from which on some are left blank."""
WIDEST: Final = 119
"""Columns that are used of a wide terminal."""


class Line(NamedTuple):
    """Line of a frame."""

    text: str
    style: Style = ""


def frame(board: Board, columns: int, rows: int, *, ascii_only: bool = False) -> list[Line]:
    """Return what is shown of a board: at most `rows` - 1 lines, each narrower than the terminal.

    Args:
        board: the figures.
        columns: of the terminal.
        rows: of the terminal; the last one is the cursor's.
        ascii_only: whether the terminal knows no other characters.
    """
    width, height = min(columns - 1, WIDEST), rows - 1
    head = [*_head(board, width, ascii_only=ascii_only)]
    foot = [Line(board.states(), "dim")]
    blank = [Line("")] if height >= ROOMY else []
    table = _table(board, width, height - len(head) - len(foot) - 2 * len(blank))
    lines = [*blank, *head, *(blank if table else []), *table, *foot]
    return [Line(_cut(line.text, width), line.style) for line in lines[: max(height, 1)]]


def _head(board: Board, width: int, *, ascii_only: bool) -> list[Line]:
    note = fold(board.note, width=width).splitlines()[:NOTE_LINES]
    return [
        Line(f"{board.name}  {board.stage_in_words()}", "bold"),
        Line(f"{_bar(board, ascii_only=ascii_only)}{_clock(board)}"),
        *(Line(text, "dim") for text in note),
        *(Line(text) for text in _labelled("now", _now(board) or ["-"], width)),
        *(Line(text) for text in _labelled("best", _best(board), width)),
    ]


def _bar(board: Board, *, ascii_only: bool) -> str:
    share = board.share()
    if share is None:
        return ""
    full, empty = ("#", "-") if ascii_only else ("\N{BOX DRAWINGS HEAVY HORIZONTAL}", "\N{MIDDLE DOT}")
    done = round(share * BAR)
    return f"{full * done}{empty * (BAR - done)}  "


def _clock(board: Board) -> str:
    return ", ".join(filter(None, [board.clock(in_seconds), board.left()]))


def _now(board: Board) -> list[str]:
    """Return what trains, a text for each worker."""
    by_task = groupby(board.training.items(), key=lambda item: item[0].task)
    return [_training([*items], board.elapsed) for _, items in by_task]


def _training(items: Sequence[tuple[Training, float]], elapsed: float) -> str:
    (first, since), count = items[0], len(items)
    seconds = in_seconds(elapsed - since)
    if first.number < 0:
        return f"{first.optimizer}: {in_words(first.params)} ({seconds})"
    if count == 1:
        return f"#{first.number} {first.optimizer} to epoch {first.epochs} ({seconds})"
    names = ", ".join(dict.fromkeys(training.optimizer for training, _ in items))
    return f"{count} in lockstep to epoch {first.epochs} ({seconds}): {names}"


def _best(board: Board) -> list[str]:
    best = board.leader() if board.stage != "compress" else None
    if best is None:
        return []
    seconds = f", trained in {format_seconds(best.train_seconds)}" if best.train_seconds else ""
    return [f"{best.optimizer} {board.metric} {number(best.measured_quality)} (trial {best.number}{seconds})"]


def _labelled(label: str, items: Sequence[str], width: int) -> list[str]:
    """Return items side by side in a few lines under a label; those that do not fit are counted."""
    lines: list[str] = []
    for index, item in enumerate(items):
        rest = len(items) - index
        more = f"  + {rest} more" if rest > 1 and len(lines) == NOW_LINES else ""
        if lines and len(lines[-1]) + len(item) + 3 <= width - len(more):
            lines[-1] += f" | {item}"
        elif len(lines) < NOW_LINES:
            lines.append(f"{'' if lines else label:<{LABEL}}{item}")
        else:
            lines[-1] += f"  + {rest} more"
            break
    return lines


def _table(board: Board, width: int, room: int) -> list[Line]:
    """Return the table, as many rows as fit; the rest is counted."""
    titles, rows = board.table()
    if board.stage != "compress":
        rows = [board.cells(name) for name in board.ranked()]
    if not rows or room < 3:
        return []
    shown = rows if len(rows) < room else rows[: room - 2]
    left = rows[len(shown) :]
    lines = [Line(text) for text in _aligned([titles, *shown], width)]
    lines[0] = Line(lines[0].text, "dim")
    return [*lines, *([Line(_counted(board, left), "dim")] if left else [])]


def _counted(board: Board, left: Sequence[Cells]) -> str:
    if board.stage == "compress":
        return f"+ {several(len(left), 'more model')}"
    whole = sum(cells[2] != "0" for cells in left)
    return f"+ {len(left)} more optimizers, {whole} of them with a whole run"


def _aligned(rows: Sequence[Cells], width: int) -> list[str]:
    """Return rows in columns, the first one left-aligned and cut where all would be too wide."""
    widths = [max(len(row[column]) for row in rows) for column in range(1, len(rows[0]))]
    others = sum(widths) + GAP * len(widths)
    first = min(max(len(row[0]) for row in rows), max(width - others, 8))
    return [
        _cut(row[0], first).ljust(first)
        + "".join(" " * GAP + cell.rjust(wide) for cell, wide in zip(row[1:], widths, strict=True))
        for row in rows
    ]


def _cut(text: str, width: int) -> str:
    """Return a text in one line that is no wider than that."""
    from rich.cells import cell_len, set_cell_size

    line = " ".join(text.split("\n"))
    return line if cell_len(line) <= width else set_cell_size(line, max(width - 2, 0)) + ".."
