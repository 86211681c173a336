"""Unstackable: why runs do not train as one stacked model."""

from __future__ import annotations


class Unstackable(Exception):
    """Runs that cannot be stacked; its text says why.

    Args:
        why: in a few words.
        rows: which runs of the stack are in the way; all of them when none is named.
    """

    def __init__(self, why: str, *, rows: tuple[int, ...] = ()) -> None:
        super().__init__(why)
        self.rows = rows
