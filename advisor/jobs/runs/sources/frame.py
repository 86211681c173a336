"""Frame: a pandas DataFrame from code, a row a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from advisor.jobs.runs.cells import flat
from advisor.jobs.runs.run import Run, Runs
from advisor.jobs.runs.source import Source
from studies.errors import BadWorkload


@dataclass(frozen=True, kw_only=True)
class Frame(Source):
    """DataFrame: a row a run."""

    kind: ClassVar[str] = ""

    @classmethod
    def takes(cls, value: object) -> bool:
        """Tell whether it is a DataFrame; pandas is not imported to ask."""
        return type(value).__name__ == "DataFrame" and hasattr(value, "to_dict")

    @contextmanager
    def opened(self) -> Iterator[Runs]:
        """Yield a run for each row; an empty cell of a column with numbers is a missing value."""
        if not len(self.where):
            raise BadWorkload("the DataFrame holds no run; give a row a run")
        frame = self.where.astype(object).where(self.where.notna(), None)
        rows = frame.to_dict(orient="records")
        runs = tuple(Run(name=f"row {number}", values=flat(row)) for number, row in enumerate(rows))
        yield Runs(source="a DataFrame", name="runs", runs=runs)
