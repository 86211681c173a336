"""What a patch of an outdoor image shows, from 18 measurements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.datasets import DatasetChoice, Raw, Task, from_extra


@dataclass(frozen=True, kw_only=True)
class ImageSegments(DatasetChoice):
    """2,310 patches of outdoor images, 18 measurements each, seven classes of 330.

    Helps: a balanced table of seven classes on very different scales, where a net has something to learn.
    Hurts: patches of the same seven images stand in all parts, so that new images would be harder.
    Source: Brodley 1990, Image Segmentation, UCI,
    https://archive.ics.uci.edu/ml/datasets/Statlog+(Image+Segmentation).
    """

    task: ClassVar[Task] = "classification"
    rows: ClassVar[int] = 2310
    columns: ClassVar[int] = 18
    source: ClassVar[str] = "river.datasets.ImageSegments"
    licence: ClassVar[str] = "UCI: CC BY 4.0"

    def load(self) -> Raw:
        """Return the table with classes in words."""
        import pandas as pd

        rows = list(from_extra("river.datasets").ImageSegments())
        targets = pd.Series([label for _, label in rows])
        return Raw(inputs=pd.DataFrame([row for row, _ in rows]), targets=targets, task=self.task)
