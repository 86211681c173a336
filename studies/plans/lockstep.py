"""Lockstep of a search: whether trials of one shape train as one stacked model.

auto   where every trial has the same batch size, no other worker waits, and a measurement says that it pays
on     in stacks of a set size, all at one batch size
off    each trial by itself
"""

from __future__ import annotations

from typing import Final

USUAL_SIZE: Final = 16
"""Trials in a stack where none was measured: more lost again on every model measured on a CPU."""

SLOWEST_SECONDS: Final = 5e-3
"""A step of one run that takes longer on a CPU is arithmetic, which a stack does not shorten."""
