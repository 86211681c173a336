"""Import lines of a script, in the order in which they stand."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import groupby


def import_lines(imports: Iterable[str]) -> str:
    """Return import lines as source: Python's own, other packages, files beside; each sorted."""
    groups = groupby(sorted(imports, key=_rank), key=lambda line: _rank(line)[0])
    return "\n\n".join("\n".join(lines) for _, lines in groups)


def _rank(line: str) -> tuple[int, str, bool, str]:
    root = line.split()[1].partition(".")[0]
    place = 0 if root in sys.stdlib_module_names else 2 if root == "data" else 1
    return place, root, line.startswith("from"), line
