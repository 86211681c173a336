"""CSV file: a table of runs that anybody wrote, a row a run.

optimizer,lr,seed,accuracy,train_seconds
AdamW,0.001,0,0.912,41
SGD,0.1,0,0.905,38
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from advisor.jobs.runs.cells import flat
from advisor.jobs.runs.run import Run, Runs
from advisor.jobs.runs.source import Source
from studies.errors import BadWorkload, one_line, shown

DELIMITERS: Final = (",", ";", "\t")
"""Of these, the one that the header has most of."""


@dataclass(frozen=True, kw_only=True)
class CsvFile(Source):
    """CSV file: a header and a row a run."""

    kind: ClassVar[str] = "csv"

    @contextmanager
    def opened(self) -> Iterator[Runs]:
        """Yield a run for each row."""
        path = Path(self.where)
        rows = rows_of(path)
        if not rows:
            raise BadWorkload(f"{path} holds no run; give a header and a row a run")
        runs = tuple(
            Run(name=f"row {number} of {path}", values=flat(row)) for number, row in enumerate(rows, start=2)
        )
        yield Runs(source=str(path), name=path.stem, runs=runs)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a CSV, as texts by column.

    Raises:
        BadWorkload: there is no such file, or it is no CSV.
    """
    if not path.exists():
        raise BadWorkload(f"no file {shown(str(path))}; give the path of a CSV of runs")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header = file.readline()
            file.seek(0)
            rows = csv.DictReader(file, delimiter=max(DELIMITERS, key=header.count))
            return [{name: cell for name, cell in row.items() if name} for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error, AttributeError) as error:
        raise BadWorkload(f"{path} cannot be read as a CSV of runs: {one_line(error, longest=200)}") from None
