"""Fairness: what an optimizer is given in a search before its recipes may be stopped.

contention    one recipe at the first rung; whole runs and further recipes while it may still win
strict        its own recipe run whole, then as many recipes as every other, and three whole runs
"""

from __future__ import annotations

from typing import Final

from studies.errors import BadValue, shown

CONTENTION: Final = "contention"
STRICT: Final = "strict"
FAIRNESS: Final = (CONTENTION, STRICT)


def check_fairness(text: str) -> None:
    """Raise BadValue unless the text names a fairness."""
    if text not in FAIRNESS:
        raise BadValue(f"fair {shown(text)} is not one of {', '.join(FAIRNESS)}")
