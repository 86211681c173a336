"""Three species of iris from four lengths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.datasets import DatasetChoice, Raw, Task


@dataclass(frozen=True, kw_only=True)
class Iris(DatasetChoice):
    """150 flowers, four lengths each, three species.

    Helps: the smallest real table; a whole search ends in moments.
    Hurts: 30 validation rows tell hardly any two optimizers apart.
    Source: Fisher 1936, Iris, UCI, https://doi.org/10.24432/C56C76.
    """

    task: ClassVar[Task] = "classification"
    rows: ClassVar[int] = 150
    columns: ClassVar[int] = 4
    source: ClassVar[str] = "scikit-learn load_iris"
    licence: ClassVar[str] = "CC BY 4.0"

    def load(self) -> Raw:
        """Return the table with the species in words."""
        from sklearn.datasets import load_iris

        bunch = load_iris(as_frame=True)
        return Raw(inputs=bunch.data, targets=bunch.target_names[bunch.target], task=self.task)
