"""Why not: what in an object keeps it from going to another process."""

from __future__ import annotations

from studies.errors import named_line


def reason(error: Exception) -> str:
    """Return in one line why something cannot travel."""
    return f"this cannot go to another process: {named_line(error, longest=300)}"
