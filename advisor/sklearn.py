"""Estimators for scikit-learn: `fit` searches the recipe, `predict` answers with the model it trained.

classifier = AdvisedClassifier(budget="60s").fit(frame, labels)
classifier.predict(new_frame)
print(classifier.recommendation_)
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from advisor.advised import PARAMETERS, Advised
from studies.errors import BadValue


class AdvisedClassifier(ClassifierMixin, Advised):  # type: ignore[misc]
    """Classifier that searches its optimizer and recipe when it is fitted.

    Of the rows given to `fit` 60 % train, 20 % validate the search and 20 % test its answer. They may be an
    array, sparse rows or a DataFrame, with gaps, labels, dates and text in its columns, at least 10 rows.

    Example:
        >>> import advisor
        >>> from sklearn.datasets import load_iris
        >>> rows, labels = load_iris(return_X_y=True)
        >>> classifier = advisor.AdvisedClassifier(budget="2trials", random_state=0).fit(rows, labels)
        >>> classifier.predict_proba(rows).shape
        (150, 3)
    """

    task = "classification"
    classes_: NDArray[Any]

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803 - scikit-learn's name
        """Search a recipe for these rows and train a model with it.

        Args:
            X: rows, (rows, columns).
            y: their labels, (rows,): text, numbers or truths, of two kinds or more.

        Raises:
            ValueError: rows or labels that cannot be trained on, or a parameter that cannot be used.
            NothingFeasible: no recipe fits the limits.
        """
        return self._fit(X, y)

    def _targets(self, y: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
        labels = column_or_1d(y, warn=True)
        check_array(labels, ensure_2d=False, dtype=None, input_name="y", estimator=self)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise BadValue(
                f"y has one class only, {self.classes_[0]!r}; {type(self).__name__} needs two classes or more"
            )
        return codes.astype(np.int64), tuple(map(str, self.classes_.tolist()))

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the most probable label of each row, (rows,)."""
        codes = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels

    def predict_proba(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the probability of each class, (rows, classes), in the order of `classes_`."""
        return self._outputs(X)


class AdvisedRegressor(RegressorMixin, Advised):  # type: ignore[misc]
    """Regressor that searches its optimizer and recipe when it is fitted.

    Of the rows given to `fit` 60 % train, 20 % validate the search and 20 % test its answer. They may be an
    array, sparse rows or a DataFrame, with gaps, labels, dates and text in its columns, at least 10 rows.

    Example:
        >>> import advisor
        >>> from sklearn.datasets import load_diabetes
        >>> rows, amounts = load_diabetes(return_X_y=True)
        >>> regressor = advisor.AdvisedRegressor(budget="2trials", limits={"memory": "512MiB"})
        >>> regressor.fit(rows, amounts).predict(rows[:2]).shape
        (2,)
    """

    task = "regression"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Search a recipe for these rows and train a model with it.

        Args:
            X: rows, (rows, columns).
            y: their amounts, (rows,) or (rows, outputs).

        Raises:
            ValueError: rows or amounts that cannot be trained on, or a parameter that cannot be used.
            NothingFeasible: no recipe fits the limits.
        """
        return self._fit(X, y)

    def _targets(self, y: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
        amounts = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y", estimator=self)
        one_column = amounts.ndim == 2 and amounts.shape[1] == 1
        return column_or_1d(amounts, warn=True) if one_column else amounts, ()

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return amounts in the units of y, (rows,) or (rows, outputs)."""
        return self._outputs(X)


for _estimator in (AdvisedClassifier, AdvisedRegressor):
    _estimator.__doc__ = f"{(_estimator.__doc__ or '').rstrip()}\n{PARAMETERS}"
