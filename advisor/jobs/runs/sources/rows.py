"""Rows: a list of dicts from code, one a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from advisor.jobs.runs.cells import flat
from advisor.jobs.runs.run import Run, Runs
from advisor.jobs.runs.source import Source
from studies.errors import BadWorkload


@dataclass(frozen=True, kw_only=True)
class Rows(Source):
    """List of dicts: the settings and results of a run each, dicts in them too."""

    kind: ClassVar[str] = ""

    @classmethod
    def takes(cls, value: object) -> bool:
        """Tell whether it is a list or tuple of dicts."""
        return isinstance(value, list | tuple) and all(isinstance(row, Mapping) for row in value)

    @contextmanager
    def opened(self) -> Iterator[Runs]:
        """Yield a run for each dict."""
        if not self.where:
            raise BadWorkload("a list without a run holds no evidence; give a dict a run")
        runs = tuple(Run(name=f"run {number}", values=flat(row)) for number, row in enumerate(self.where))
        yield Runs(source="a list of runs", name="runs", runs=runs)
