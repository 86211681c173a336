"""A made-up function with noise: regression of which the truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from studies.datasets import DatasetChoice, Raw, Task

SEED: Final = 0


@dataclass(frozen=True, kw_only=True)
class Friedman(DatasetChoice):
    """2,000 synthetic rows of Friedman's first function: ten columns, five matter, noise of deviation 1.

    Helps: a nonlinear regression with a known floor: no model has a mean squared error below 1 on fresh rows.
    Hurts: made-up data; says nothing of missing values, outliers or text.
    Source: Friedman 1991, Multivariate Adaptive Regression Splines, Annals of Statistics 19(1); scikit-learn
    make_friedman1.
    """

    task: ClassVar[Task] = "regression"
    rows: ClassVar[int] = 2000
    columns: ClassVar[int] = 10
    source: ClassVar[str] = "scikit-learn make_friedman1"
    licence: ClassVar[str] = "made up, free to use"

    def load(self) -> Raw:
        """Return the same rows every time."""
        from sklearn.datasets import make_friedman1

        inputs, targets = make_friedman1(
            n_samples=self.rows, n_features=self.columns, noise=1.0, random_state=SEED
        )
        return Raw(
            inputs=inputs,
            targets=targets,
            task=self.task,
            notes=("The rows are synthetic: Friedman's first function.",),
        )
