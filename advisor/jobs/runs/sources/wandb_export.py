"""Weights & Biases export: the table of runs as its page downloads it, or as its API's examples write it.

The page's file has a column for each setting and result; that of the API has them as dicts in `config` and
`summary`. Curves are in neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import ClassVar

from advisor.jobs.runs.run import Run, Runs
from advisor.jobs.runs.source import Source
from advisor.jobs.runs.sources.csv_file import CsvFile


@dataclass(frozen=True, kw_only=True)
class WandbExport(Source):
    """Export of Weights & Biases: a CSV, a row a run."""

    kind: ClassVar[str] = "wandb"

    @contextmanager
    def opened(self) -> Iterator[Runs]:
        """Yield a run for each row, called as its user called it."""
        with CsvFile(where=self.where).opened() as runs:
            named = tuple(replace(run, name=_name(run)) for run in runs.runs)
            yield replace(runs, runs=named)


def _name(run: Run) -> str:
    title = next((run.values[key] for key in ("Name", "name") if key in run.values), "")
    return f"{run.name} ({title})" if title else run.name
