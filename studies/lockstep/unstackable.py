"""Unstackable: why runs do not train as one stacked model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studies.train import Training


class Unstackable(Exception):
    """Runs that cannot be stacked; its text says why.

    Args:
        why: in a few words.
        runs: which of them are in the way; all of them when none is named.
    """

    def __init__(self, why: str, *, runs: tuple[Training, ...] = ()) -> None:
        super().__init__(why)
        self.runs = runs
