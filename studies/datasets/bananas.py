"""Two banana-shaped clouds of points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.datasets import DatasetChoice, Raw, Task, from_extra


@dataclass(frozen=True, kw_only=True)
class Bananas(DatasetChoice):
    """5,300 points in a plane, two clouds the shape of bananas that overlap.

    Helps: two columns and a curved border: a linear model fails, a small net does not.
    Hurts: made up, and the clouds overlap: about one row in ten is beyond any model.
    Source: Raetsch, Onoda and Mueller 2001, Soft Margins for AdaBoost, Machine Learning 42;
    https://www.openml.org/d/1460.
    """

    task: ClassVar[Task] = "classification"
    rows: ClassVar[int] = 5300
    columns: ClassVar[int] = 2
    source: ClassVar[str] = "river.datasets.Bananas"
    licence: ClassVar[str] = "OpenML: public"

    def load(self) -> Raw:
        """Return the points, the first cloud labelled False."""
        import pandas as pd

        rows = list(from_extra("river.datasets").Bananas())
        targets = pd.Series([label for _, label in rows])
        return Raw(inputs=pd.DataFrame([row for row, _ in rows]), targets=targets, task=self.task)
