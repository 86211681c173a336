"""Table of memory: what training takes with each optimizer, and the largest batch that fits a limit."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from advisor.report.facts_text import WIDTH, indented
from advisor.report.numbers import size_limit
from studies.facts import Facts
from studies.memory_forecast import Forecast
from studies.quantities import format_bytes, listed, several

PARTS: Final = (("weights", "weight"), ("gradients", "gradient"), ("activations", "activation"))


def least_first(forecasts: Iterable[Forecast]) -> tuple[Forecast, ...]:
    """Return forecasts, the least peak first."""
    return tuple(sorted(forecasts, key=lambda forecast: (forecast.peak_bytes, forecast.optimizer)))


def memory_row(forecast: Forecast, facts: Facts, limit: int | None) -> dict[str, Any]:
    """Return a forecast with its peak, whether that fits, and the largest batches that would."""
    peak = forecast.peak_bytes
    return asdict(forecast) | {
        "peak_bytes": peak,
        "fits": limit is None or peak <= limit,
        "largest_batch": forecast.largest_batch(limit, rows=facts.rows),
        "largest_microbatch": forecast.largest_microbatch(limit, rows=facts.rows),
    }


def memory_text(facts: Facts, shown: Sequence[Forecast], limit: int | None, width: int = WIDTH) -> str:
    """Return the table as lines of text; nothing where nothing is forecast.

    Args:
        facts: with all forecasts.
        shown: those to show; how many more there are is said.
        limit: most bytes while training; None for none.
        width: columns of a line.
    """
    forecasts = least_first(shown)
    if not forecasts:
        return ""
    more = len(facts.forecasts) - len(forecasts)
    rest = [f"  {several(more, 'optimizer')} more with --all"] if more else []
    lines = [*_head(facts, forecasts[0], limit), *_rows(facts, forecasts, limit, width)]
    return "\n".join([*lines, *rest, *_not_followed(forecasts, width)])


def _head(facts: Facts, least: Forecast, limit: int | None) -> list[str]:
    parts = ", ".join(f"{name} {format_bytes(getattr(least, f'{key}_bytes'))}" for name, key in PARTS)
    return [
        f"Memory while training, at batch size {facts.batch_size}"
        + (f"; the limit is {size_limit(limit)}:" if limit else ":"),
        f"  {parts}, and the optimizer's state.",
        "  Not all at once: activations go as gradients come. An optimizer borrows some while it steps.",
        f"  {'state':<10}{'peak':<10} {'largest batch       ' if limit else ''}with",
    ]


def _rows(facts: Facts, forecasts: Iterable[Forecast], limit: int | None, width: int) -> Iterator[str]:
    """Yield a row for the optimizers that take alike."""
    alike: dict[str, list[str]] = {}
    for forecast in forecasts:
        room = f" {_batch(forecast, facts, limit):<19}" if limit else ""
        row = f"  {format_bytes(forecast.state_bytes):<10}{format_bytes(forecast.peak_bytes):<10}{room}"
        alike.setdefault(row, []).append(forecast.optimizer)
    for row, names in alike.items():
        yield from textwrap.wrap(f"{row} {', '.join(names)}", width, subsequent_indent=" " * (len(row) + 1))


def _batch(forecast: Forecast, facts: Facts, limit: int) -> str:
    """Return the largest batch that fits, and in how many microbatches the reference batch would."""
    wanted, row = facts.batch_size, memory_row(forecast, facts, limit)
    largest, part = row["largest_batch"], row["largest_microbatch"]
    if largest is None:
        return "as given" if row["fits"] else "too large"
    if largest == 0:
        return "none fits"
    if largest >= wanted:
        return "all rows" if largest == facts.rows else f"{largest}"
    parts = math.ceil(wanted / part) if part else 0
    return f"{largest}" + (f" ({wanted} as {parts} x {math.ceil(wanted / parts)})" if parts else "")


def _not_followed(forecasts: Iterable[Forecast], width: int) -> Iterator[str]:
    """Yield why the steps of some optimizers were not followed, so that their bytes are arithmetic."""
    by_reason: dict[str, list[str]] = {}
    for forecast in forecasts:
        if forecast.skipped:
            by_reason.setdefault(forecast.skipped, []).append(forecast.optimizer)
    for reason, names in by_reason.items():
        yield from indented(f"steps not followed, so by arithmetic: {listed(names)} ({reason})", width)
