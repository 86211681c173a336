"""Fairness: what an optimizer is given in a search before its recipes may be stopped.

contention    one recipe at the first rung; whole runs and further recipes while it may still win
strict        its own recipe run whole, then as many recipes as every other, and three whole runs
"""

from __future__ import annotations

from typing import Final

CONTENTION: Final = "contention"
STRICT: Final = "strict"
FAIRNESS: Final = (CONTENTION, STRICT)
