"""Log: how a program has set up `logging`, to be set up alike in a worker, whose stderr is its log."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Log:
    """Log of a program."""

    levels: Mapping[str, int]
    """Of the loggers that have one of their own; "" is the root."""
    format: tuple[str | None, str | None] | None
    """Of lines and of times, as the first of the root's handlers writes them; None where it has none."""

    @classmethod
    def here(cls) -> Log:
        """Return that of this process."""
        root = logging.getLogger()
        loggers = {name: logging.getLogger(name) for name in list(root.manager.loggerDict)}
        levels = {name: logger.level for name, logger in {"": root, **loggers}.items() if logger.level}
        return cls(levels=levels, format=_format(root.handlers[0]) if root.handlers else None)

    def enter(self) -> None:
        """Write this process's messages as that one does, to standard error."""
        for name, level in self.levels.items():
            logging.getLogger(name).setLevel(level)
        if self.format is not None:
            lines, times = self.format
            logging.basicConfig(handlers=[_handler(lines, times)])


def _format(handler: logging.Handler) -> tuple[str | None, str | None]:
    """Return the format of a handler; that of a class of the user's own is not known."""
    formatter = handler.formatter
    return (formatter._fmt, formatter.datefmt) if type(formatter) is logging.Formatter else (None, None)


def _handler(lines: str | None, times: str | None) -> logging.Handler:
    handler = logging.StreamHandler()
    try:
        handler.setFormatter(logging.Formatter(lines or logging.BASIC_FORMAT, times))
    except ValueError:  # written in another style
        handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT, times))
    return handler
