"""Command: whether this process runs a command of ours and nothing else, so that it may be forked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_RUNS: Final = ContextVar("runs a command", default=False)


@contextmanager
def command_alone() -> Iterator[None]:
    """Say that inside the block a command runs in a process that was started for it."""
    token = _RUNS.set(True)
    try:
        yield
    finally:
        _RUNS.reset(token)


def may_be_forked() -> bool:
    """Tell whether this process runs a command of ours and has imported nothing yet that holds threads."""
    return _RUNS.get() and "torch" not in sys.modules
