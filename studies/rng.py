"""Random generators of a run: torch's, numpy's and Python's global ones, lent to it for a block."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


class Generators:
    """The global random generators as one run leaves them, so that what it draws changes nothing for another.

    Args:
        seed: what they start from.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._states: tuple[Any, ...] | None = None

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Lend the block the generators as the run left them, or freshly seeded; the caller gets its own."""
        before = _states()
        if self._states is None:
            torch.manual_seed(self.seed)
            np.random.seed(self.seed % 2**32)  # noqa: NPY002 - the global generator is what a user's code may draw from
            random.seed(self.seed)
        else:
            _restore(self._states)
        try:
            yield
        finally:
            self._states = _states()
            _restore(before)

    @contextmanager
    def torchs_in_place(self) -> Iterator[None]:
        """Lend the block torch's generators alone, in about a microsecond; the run has to have begun."""
        assert self._states is not None  # noqa: S101 - a run begins when its model is made
        before = _torchs_states()
        _restore_torchs(self._states)
        try:
            yield
        finally:
            self._states = (*_torchs_states(), *self._states[2:])
            _restore_torchs(before)

    def state(self) -> tuple[Any, ...] | None:
        """Return where the generators stand; None for a run that has not begun."""
        return self._states

    def set_state(self, states: tuple[Any, ...] | None) -> None:
        """Go on from where the generators stood."""
        self._states = states


@contextmanager
def undisturbed() -> Iterator[None]:
    """Give back the state of all random generators as it was before the block."""
    before = _states()
    try:
        yield
    finally:
        _restore(before)


def _states() -> tuple[Any, ...]:
    return *_torchs_states(), np.random.get_state(), random.getstate()  # noqa: NPY002


def _torchs_states() -> tuple[Any, ...]:
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    return torch.get_rng_state(), cuda


def _restore(states: tuple[Any, ...]) -> None:
    _restore_torchs(states)
    np.random.set_state(states[2])  # noqa: NPY002
    random.setstate(states[3])


def _restore_torchs(states: tuple[Any, ...]) -> None:
    torch.set_rng_state(states[0])
    if states[1]:
        torch.cuda.set_rng_state_all(states[1])
