"""Compression as people read it: what to do to the trained model, and what else was measured."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from advisor.compression_words import against_reference, sentence
from advisor.wording import duration, number, size, times, trials

if TYPE_CHECKING:
    from advisor.compressed import Shrunk
    from advisor.evidence import Recommendation

TITLES: Final = ("recipe", "file", "through gzip", "one row", "quality", "change")
MOST: Final = 10
"""Rows of the table; the rest is in the JSON."""
GAP: Final = 2
NARROWEST: Final = 20
"""Columns that a recipe's name has at least."""


def lines(recommendation: Recommendation) -> list[str]:
    """Return the sentences: what is advised, what the runtime alone gives, what was left untreated, how to read the table."""
    point, front = recommendation.compression, recommendation.compressed
    if point is None and not front:
        return []
    said = [_advised(recommendation, point)] if point else ["No compressed model of it fits the limits, or none was measured."]
    told = point.runtime_speedup if point else None
    if point and told and not point.plain:
        alone = f"the runtime alone answers one row {times(told)} as fast as torch"
        said.append(f"Speeds are against the uncompressed file in the same runtime; {alone}.")
    if point and point.file and recommendation.study:
        beside = "beside it the 32-bit model as plain torch loads it (.pt2)"
        said.append(f"Its file: models/{recommendation.study}/{point.file} in the home, for ONNX Runtime; {beside}.")
    said += [f"Left untreated: {note}." for note in (point.notes if point else ())]
    shown, left = _shown(recommendation)
    if shown:
        more = f" ({left} more in the JSON)" if left else ""
        said.append(f"What nothing measured beats in quality, bytes, gzip bytes and latency{more}; * is advised:")
    return said


def rows(recommendation: Recommendation) -> list[tuple[str, ...]]:
    """Return the table: the front, and the advised one if it is not on it."""
    shown, _ = _shown(recommendation)
    several_optimizers = len({one.optimizer for one in shown}) > 1
    return [
        (
            ("* " if one == recommendation.compression else "") + (f"{one.optimizer}: " if several_optimizers else "") + one.name,
            size(one.model_bytes),
            size(one.compressed_bytes),
            "-" if one.latency_seconds is None else duration(one.latency_seconds),
            number(one.quality),
            "-" if one.plain else _change(one, recommendation),
        )
        for one in shown
    ]


def columns(recommendation: Recommendation, width: int) -> list[str]:
    """Return the table as lines of text, the recipes broken so that none is wider than `width`."""
    table = rows(recommendation)
    if not table:
        return []
    cells = [TITLES, *table]
    widths = [max(len(row[column]) for row in cells) for column in range(1, len(TITLES))]
    room = max(NARROWEST, min(max(len(row[0]) for row in cells), width - GAP - sum(widths) - GAP * len(widths)))
    found = []
    for name, *others in cells:
        first, *rest = wrap(name, room, subsequent_indent="  ", break_on_hyphens=False) or [""]
        figures = "".join(" " * GAP + cell.rjust(wide) for cell, wide in zip(others, widths, strict=True))
        found += [" " * GAP + first.ljust(room) + figures, *(" " * GAP + line for line in rest)]
    return found


def _advised(recommendation: Recommendation, point: Shrunk) -> str:
    told = f"{sentence(point, recommendation.metric, recommendation.direction)} ({trials(point.trials)})"
    if not point.plain:
        return f"Deploy its model with {told}."
    return f"Deploy its model as it is: {told}; nothing measured makes it smaller at a quality within {recommendation.tie}."


def _change(one: Shrunk, recommendation: Recommendation) -> str:
    """Return the change without the metric's name, which heads no row twice."""
    told = against_reference(one, recommendation.metric, recommendation.direction)
    if told == f"the same {recommendation.metric}":
        return "0"
    return told.removesuffix(f" of {recommendation.metric}").removeprefix(f"{recommendation.metric} ")


def _shown(recommendation: Recommendation) -> tuple[list[Shrunk], int]:
    """Return what the table shows, best quality first, and how many more there are."""
    point, front = recommendation.compression, list(recommendation.compressed)
    kept = front[:MOST]
    if point and point not in kept:
        kept.append(point)
    return kept, len([one for one in front if one not in kept])
