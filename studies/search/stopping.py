"""Stopping: what runs is asked to end once the user wants to stop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studies.engines.engine import Engine, Handle
    from studies.search.clock import Clock


def cancel_if_told(clock: Clock, engine: Engine, handles: Iterable[Handle]) -> None:
    """Cancel some tasks if the user wants to stop; they have the engine's usual grace."""
    if clock.stop():
        for handle in handles:
            engine.cancel(handle)
