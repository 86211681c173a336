"""Web pages that phish, told by nine features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.datasets import DatasetChoice, Raw, Task, from_extra


@dataclass(frozen=True, kw_only=True)
class Phishing(DatasetChoice):
    """1,250 web pages, nine features each, phishing or not.

    Helps: a small real table of which every feature has two or three values; a whole search ends in moments.
    Hurts: only 625 rows differ, 38 of these come with either label, so that no model gets all right.
    Source: Abdelhamid, Ayesh and Thabtah 2014, Website Phishing, UCI,
    https://archive.ics.uci.edu/ml/datasets/Website+Phishing.
    """

    task: ClassVar[Task] = "classification"
    rows: ClassVar[int] = 1250
    columns: ClassVar[int] = 9
    source: ClassVar[str] = "river.datasets.Phishing"
    licence: ClassVar[str] = "UCI: CC BY 4.0"

    def load(self) -> Raw:
        """Return the table with river's labels."""
        import pandas as pd

        rows = list(from_extra("river.datasets").Phishing())
        targets = pd.Series([label for _, label in rows])
        note = (
            "UCI counts 702 phishing pages of 1,250, river marks 548: "
            "True and False may be the other way round."
        )
        return Raw(
            inputs=pd.DataFrame([row for row, _ in rows]), targets=targets, task=self.task, notes=(note,)
        )
