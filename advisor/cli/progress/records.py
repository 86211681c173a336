"""Records in a line or a row: what is printed of a trial that ended."""

from __future__ import annotations

from typing import Final

from advisor.report.compression_names import in_words
from advisor.report.numbers import number
from studies.quantities import format_bytes, format_seconds
from studies.record import Record

NAME_WIDTH: Final = len("ScheduleFreeAdamW")
"""Of the longest optimizer that a search tries unasked: the columns behind it stand below each other."""


def compressed_cells(record: Record) -> tuple[str, str, str, str, str]:
    """Return the row of a compressed model: name, bytes, share of before, quality and latency."""
    before = record.footprint.reference_bytes if record.footprint else record.model_bytes or 1
    share = f"1/{before / (record.model_bytes or 1):.1f}"
    latency = format_seconds(record.latency_seconds or 0.0)
    name, size = in_words(record.params), format_bytes(record.model_bytes or 0)
    return name, size, share, number(record.measured_quality), latency


def describe(record: Record, metric: str) -> str:
    """Return one line about a finished trial."""
    if record.stage == "compress":
        return _describe_compressed(record, metric)
    quality = "" if record.quality is None else f"{metric} {number(record.quality):<7}"
    lr = record.params.get(f"optimizer.{record.optimizer}.lr", 0.0)
    why = f"  ({record.error})" if record.error and record.state != "pruned" else ""
    seconds = format_seconds(record.train_seconds) if record.train_seconds else ""
    return f"{_trial(record)} lr {lr:<8.3g} {quality:<18} {seconds:>8}{why}"


def _describe_compressed(record: Record, metric: str) -> str:
    name = f"{in_words(record.params):<44}"
    if record.state != "complete":
        return f"{_trial(record)} {name} ({record.error})"
    _, size, share, quality, latency = compressed_cells(record)
    return f"{_trial(record)} {name} {metric} {quality:<7} {size:>9} ({share}) {latency:>8}"


def _trial(record: Record) -> str:
    return f"#{record.number:<4} {record.stage:<9} {record.optimizer:<{NAME_WIDTH}} {record.state:<10}"
