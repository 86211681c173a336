"""Quantities as people write them: 512MiB, 2ms, 10m. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from studies.errors import BadValue, shown

BYTES: Final = {
    "": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "k": 2**10, "m": 2**20, "g": 2**30,
}  # fmt: skip
MOST: Final = 1e18
"""Of bytes or seconds: an exbibyte, or the age of the universe and more; nobody has it."""
SECONDS: Final = {
    "": 1.0, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0,
}  # fmt: skip
SECOND_STEPS: Final = (
    (1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (120.0, 1.0, "s"), (7200.0, 1 / 60, "min"),
)  # fmt: skip
"""Seconds below which a time is written in a unit, how many of it are a second, its name; above all, h."""


def parse_bytes(text: str) -> int:
    """Read `64MiB`, `1.5GB`, `200k` (binary) or plain bytes.

    Raises:
        BadValue: not a size above 0.
    """
    value = _quantity(text, BYTES, "size", "512MiB, 1GB or 65536")
    return round(value)


def parse_seconds(text: str, noun: str = "time", example: str = "2ms, 60s, 10m or 2h") -> float:
    """Read `2ms`, `60s`, `10m`, `2h` or plain seconds.

    Args:
        text: what somebody wrote.
        noun: what it is called in a message.
        example: how it is written.

    Raises:
        BadValue: not a time above 0.
    """
    return _quantity(text, SECONDS, noun, example)


def exact_bytes(count: int) -> str:
    """Write bytes to the byte, as short as `parse_bytes` reads them back: 300KiB, 40KB, 70001B."""
    sizes = [(2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (10**9, "GB"), (10**6, "MB"), (10**3, "KB")]
    texts = [f"{count / size:.6g}{unit}" for size, unit in sizes if size <= count < 10**5 * size]
    return min((text for text in texts if parse_bytes(text) == count), key=len, default=f"{count}B")


def exact_seconds(seconds: float) -> str:
    """Write seconds to the last digit, without an exponent, as `parse_seconds` reads them back: 1us, 2.5s."""
    steps = ((1e-6, "us"), (1e-3, "ms"), (1.0, "s"))
    texts = [f"{seconds / size:.6g}{unit}" for size, unit in steps if size <= 1.001 * seconds < 10**5 * size]
    plain = f"{Decimal(repr(seconds)):f}".removesuffix(".0")
    return min((text for text in texts if parse_seconds(text) == seconds), key=len, default=f"{plain}s")


def format_bytes(count: float) -> str:
    """Write bytes in binary units: 512 B, 1.5 KiB, 64 MiB."""
    for unit in ("B", "KiB", "MiB"):
        if abs(count) < 1024:
            return f"{_three_digits(count)} {unit}" if unit != "B" else f"{count:.0f} B"
        count /= 1024
    return f"{_three_digits(count)} GiB"


def format_seconds(seconds: float) -> str:
    """Write seconds as a person would: 850 µs, 2.1 ms, 45 s, 12.5 min, 3.2 h."""
    for below, factor, unit in SECOND_STEPS:
        if seconds < below:
            return f"{_three_digits(seconds * factor)} {unit}"
    return f"{_three_digits(seconds / 3600)} h"


def _three_digits(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 999.5 else f"{value:,.0f}"


def _quantity(text: object, units: dict[str, float] | dict[str, int], noun: str, example: str) -> float:
    if not isinstance(text, str):
        raise BadValue(f"{noun} is {type(text).__name__}; write it as {example}")
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text.lower().replace("\u03bc", "µ"))
    match = re.fullmatch(r"\s*([+-]?\d*\.?\d+(?:e[+-]?\d+)?)\s*([a-zµ]*)\s*", plain)
    if match is None or match[2] not in units:
        raise BadValue(f"{noun} {shown(text)} is not understood; write it as {example}")
    value = float(match[1]) * units[match[2]]
    if not 0 < value <= MOST:
        bound = "above 0" if not value > MOST else "less than that"
        raise BadValue(f"{noun} {shown(text)} must be {bound}, as in {example}")
    return value


def several(count: int, noun: str) -> str:
    """Write a count with its noun: 1 seed, 3 seeds, 1,800 seeds."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str], joint: str = "and") -> str:
    """Join names: a; a and b; a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {joint} {names[-1]}"
