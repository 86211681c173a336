"""Kernel files: what /proc and /sys say, as text or as a number."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path("/")
"""Under which /proc and /sys lie."""


def text(path: Path) -> str:
    """Return the text of a file of the kernel's, empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def number(path: Path) -> int | None:
    """Return the number that a file holds; None where there is none, as in `max`."""
    try:
        return int(text(path))
    except ValueError:
        return None
