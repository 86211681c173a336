"""Source of runs: a tool or a table that holds them; one file each in `advisor.jobs.runs.sources`.

A source is a frozen dataclass whose one method reads; a file in the folder is all that another one takes.
`advisor.jobs.runs.known_sources` finds them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

from advisor.jobs.runs.run import Runs


@dataclass(frozen=True, kw_only=True)
class Source(ABC):
    """Base of every source."""

    kind: ClassVar[str]
    """Its name on the command line: `optuna`, `csv`, ...; empty for one that only code can name."""
    within: ClassVar[str] = ""
    """The option that picks one of several in it: `--study`, `--experiment`; empty where it holds one."""

    where: Any
    """A path or an address, or an object from code."""
    part: str = ""
    """Which of several in it."""

    @classmethod
    def takes(cls, value: object) -> bool:  # noqa: ARG003
        """Tell whether an object from code is of this kind."""
        return False

    @abstractmethod
    def opened(self) -> AbstractContextManager[Runs]:
        """Return its runs; curves can be read until the context ends. Nothing in the source is changed.

        Raises:
            BadWorkload: there is none, or it cannot be read.
        """
