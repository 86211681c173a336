"""Listeners of a search that do something in the middle of it."""

from __future__ import annotations

from collections.abc import Callable

from studies.search.event import Event


class At:
    """Listener that does something once so many trials ended, which it counts."""

    def __init__(self, count: int, action: Callable[[], object]) -> None:
        self.count, self.action, self.trials = count, action, 0

    def __call__(self, event: Event) -> None:
        if event.record is not None:
            self.trials += 1
            if self.trials == self.count:
                self.action()
