"""Three growers told apart by the chemistry of their wine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.datasets import DatasetChoice, Raw, Task


@dataclass(frozen=True, kw_only=True)
class Wine(DatasetChoice):
    """178 wines, 13 chemical measurements each, three growers.

    Helps: a very small table; shows how sure an answer can be with 36 validation rows.
    Hurts: one validation row is 2.8 points of accuracy, so most optimizers end in a tie.
    Source: Aeberhard and Forina 1992, Wine, UCI, https://doi.org/10.24432/C5PC7J.
    """

    task: ClassVar[Task] = "classification"
    rows: ClassVar[int] = 178
    columns: ClassVar[int] = 13
    source: ClassVar[str] = "scikit-learn load_wine"
    licence: ClassVar[str] = "CC BY 4.0"

    def load(self) -> Raw:
        """Return the table with labels in words."""
        from sklearn.datasets import load_wine

        bunch = load_wine(as_frame=True)
        return Raw(inputs=bunch.data, targets=bunch.target_names[bunch.target], task=self.task)
