"""Readings of a space shuttle, normal or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.datasets import DatasetChoice, Raw, Task, from_extra


@dataclass(frozen=True, kw_only=True)
class Shuttle(DatasetChoice):
    """49,097 readings of nine sensors of a space shuttle; 7 % are anomalies.

    Helps: the largest table here, and uneven: steps per second and balanced accuracy count.
    Hurts: nearly any model ends above 99 % accuracy, so that optimizers differ in time rather than in
    quality.
    Source: Statlog (Shuttle), UCI, in the form of the ODDS benchmark: the second largest class left out, the
    rare ones joined.
    """

    task: ClassVar[Task] = "classification"
    rows: ClassVar[int] = 49097
    columns: ClassVar[int] = 9
    source: ClassVar[str] = "river.datasets.Shuttle"
    licence: ClassVar[str] = "UCI: CC BY 4.0"

    def load(self) -> Raw:
        """Return the table with labels in words."""
        import pandas as pd

        rows = list(from_extra("river.datasets").Shuttle())
        targets = pd.Series(["anomaly" if label else "normal" for _, label in rows])
        return Raw(inputs=pd.DataFrame([row for row, _ in rows]), targets=targets, task=self.task)
