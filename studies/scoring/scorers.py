"""Scorers of scikit-learn by name: each has its own direction, and is given what it needs of the outputs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names

from studies.errors import BadValue, named_line, shown
from studies.scoring.answers import probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class _Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """A fitted classifier, as scorers ask one, whose rows are the outputs of a model."""

    def __init__(self, classes: int) -> None:
        self.classes_ = np.arange(classes)

    def predict(self, outputs: Array) -> Array:
        return np.asarray(outputs.argmax(axis=1))

    def predict_proba(self, outputs: Array) -> Array:
        return probabilities(outputs)

    def decision_function(self, outputs: Array) -> Array:
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs


class _Regressor(RegressorMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """A fitted regressor whose rows are its predictions."""

    def predict(self, outputs: Array) -> Array:
        return outputs


@cache
def scorer_names() -> tuple[str, ...]:
    """Return the names that scikit-learn has scorers by."""
    return tuple(get_scorer_names())


def scorer_task(name: str) -> str:
    """Return the task that a scorer is made for: classification | regression."""
    numbers = name in {"r2", "explained_variance"} or "error" in name or "deviance" in name
    return "regression" if numbers else "classification"


def scorers_of(task: str) -> tuple[str, ...]:
    """Return the names of the scorers made for a task."""
    return tuple(name for name in scorer_names() if scorer_task(name) == task)


def scorer(name: str) -> Callable[[Array, Array], float]:
    """Return a scorer as a function of (outputs, targets), which raises BadValue where the scorer fails."""
    return scores_of(get_scorer(name), name, scorer_task(name))


def is_scorer(judge: object) -> bool:
    """Tell whether an object is a scorer of scikit-learn's, as `make_scorer` returns one."""
    return isinstance(judge, type(get_scorer("accuracy")).__mro__[1])


def scores_of(judge: Any, name: str, task: str) -> Callable[[Array, Array], float]:
    """Return a scorer object as a function of (outputs, targets), which raises BadValue where it fails."""

    def score(outputs: Array, targets: Array) -> float:
        estimator = _Regressor() if task == "regression" else _Classifier(outputs.shape[1])
        with warnings.catch_warnings(action="ignore"):  # of classes without rows, and of odd predictions
            try:
                return float(judge(estimator, outputs, targets))
            except Exception as error:  # whatever scikit-learn raises
                raise BadValue(f"metric {shown(name)} fails: {named_line(error)}") from error

    return score
