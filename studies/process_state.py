"""Process state: what code sets for its whole process, taken before it runs and put back afterwards.

A worker trains one trial after the other, and what one sets must not change another: the directory, the
environment, where modules are looked for, signal handlers, alarms, torch's settings, warnings, the streams.
Threads, open files and imported modules stay.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self

from studies.callers_globals import set_torch, torch_settings


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessState:
    """Process state at one moment."""

    directory: str
    """Empty where it was gone."""
    environment: dict[str, str]
    path: list[str]
    streams: tuple[Any, Any]
    recursion_limit: int
    filters: list[Any]
    torch: dict[str, Any]
    handlers: dict[int, Any] = field(default_factory=dict)
    """By signal; empty outside the main thread, where none can be set."""
    alarm: bool = False
    """Whether one is to ring later: it is left alone then, else one that was set since is called off."""

    @classmethod
    def now(cls) -> Self:
        """Return the state of this process."""
        return cls(
            directory=working_directory(),
            environment=dict(os.environ),
            path=list(sys.path),
            streams=(sys.stdout, sys.stderr),
            recursion_limit=sys.getrecursionlimit(),
            filters=list(warnings.filters),
            torch=torch_settings(),
            handlers=_handlers(),
            alarm=_alarm_is_set(),
        )

    def put_back(self) -> None:
        """Make the state of this process this one again."""
        sys.setrecursionlimit(self.recursion_limit)
        sys.stdout, sys.stderr = self.streams
        sys.path[:] = self.path
        go_to(self.directory)
        if self.environment != dict(os.environ):
            os.environ.clear()
            os.environ.update(self.environment)
        if self.filters != warnings.filters:
            warnings.resetwarnings()
            warnings.filters[:] = self.filters  # type: ignore[index]
        if self.torch != torch_settings():
            set_torch(self.torch)
        self._put_back_handlers()

    def _put_back_handlers(self) -> None:
        handlers = _handlers()
        if not (self.handlers and handlers):
            return
        if not self.alarm and _alarm_is_set():
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in handlers.items():
            before = self.handlers.get(number)
            if before is not None and handler is not before:
                signal.signal(number, before)


class OwnState:
    """Process state of code that runs by turns with other code: each finds its own again."""

    def __init__(self) -> None:
        self._state: ProcessState | None = None

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the state in place that the code left; afterwards its caller has its own again."""
        before = ProcessState.now()
        if self._state is not None:
            self._state.put_back()
        try:
            yield
        finally:
            self._state = ProcessState.now()
            before.put_back()


def working_directory() -> str:
    """Return the path of the working directory; empty where that is gone."""
    try:
        return os.getcwd()  # noqa: PTH109 - a text
    except OSError:
        return ""


def go_to(directory: str) -> None:
    """Make a directory the working one, unless it is or none can go there."""
    if directory and directory != working_directory():
        with suppress(OSError):
            os.chdir(directory)


def _handlers() -> dict[int, Any]:
    """Return what handles each signal, of those that Python can set."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {int(number): signal.getsignal(number) for number in signal.valid_signals()}


def _alarm_is_set() -> bool:
    return hasattr(signal, "getitimer") and signal.getitimer(signal.ITIMER_REAL)[0] > 0
