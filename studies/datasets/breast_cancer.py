"""Benign or malignant, from thirty measurements of cell nuclei."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.datasets import DatasetChoice, Raw, Task


@dataclass(frozen=True, kw_only=True)
class BreastCancer(DatasetChoice):
    """569 breast masses, 30 measurements each, benign or malignant.

    Helps: a small two-class table with correlated columns on different scales.
    Hurts: a linear model is already near the ceiling, so a larger model gains little.
    Source: Wolberg, Mangasarian, Street and Street 1993, Breast Cancer Wisconsin (Diagnostic), UCI,
    https://doi.org/10.24432/C5DW2B.
    """

    task: ClassVar[Task] = "classification"
    rows: ClassVar[int] = 569
    columns: ClassVar[int] = 30
    source: ClassVar[str] = "scikit-learn load_breast_cancer"
    licence: ClassVar[str] = "CC BY 4.0"

    def load(self) -> Raw:
        """Return the table with labels in words."""
        from sklearn.datasets import load_breast_cancer

        bunch = load_breast_cancer(as_frame=True)
        return Raw(inputs=bunch.data, targets=bunch.target_names[bunch.target], task=self.task)
