"""How far diabetes went in a year, from ten measurements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.datasets import DatasetChoice, Raw, Task


@dataclass(frozen=True, kw_only=True)
class Diabetes(DatasetChoice):
    """442 patients, ten measurements each, and how far the disease went in a year.

    Helps: a small regression on real, noisy data, where regularization shows.
    Hurts: the best models explain half of the variance, so optimizers differ by little.
    Source: Efron, Hastie, Johnstone and Tibshirani 2004, Least Angle Regression, Annals of Statistics 32(2).
    """

    task: ClassVar[Task] = "regression"
    rows: ClassVar[int] = 442
    columns: ClassVar[int] = 10
    source: ClassVar[str] = "scikit-learn load_diabetes"
    licence: ClassVar[str] = "none stated; shipped with scikit-learn"

    def load(self) -> Raw:
        """Return the table in its own units."""
        from sklearn.datasets import load_diabetes

        bunch = load_diabetes(as_frame=True, scaled=False)
        return Raw(inputs=bunch.data, targets=bunch.target, task=self.task)
