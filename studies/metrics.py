"""Metrics: what a user calls good.

Each takes raw model outputs and targets as arrays and returns one number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from studies.direction import MAXIMIZE, MINIMIZE, Direction
from studies.errors import BadValue, did_you_mean, named_line
from studies.imports import load

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


LOSS: Final = "loss"
"""Name of the metric that is the loss on the validation rows itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """Metric: a number to be made large or small."""

    name: str
    task: str
    """classification | regression"""
    direction: Direction
    score: Callable[[Array, Array], float]
    """(outputs, targets) to a number: logits (rows, classes) and codes (rows,), or predictions and values
    (rows, outputs)."""

    def loss(self, value: float | None) -> float:
        """Return a value as a number to make small; infinite for a run that has none."""
        return self.direction.loss(value)

    def better(self, left: float | None, right: float | None) -> bool:
        """Tell whether `left` is the better value."""
        return self.direction.better(left, right)


def metric(name: str | None, task: str, direction: str | None = None) -> Metric:
    """Return the metric of that name: a known one, the user's own as `module:name` or `file.py:name`.

    Without a name, the task's usual one.

    An own metric is called with (outputs, targets) as a metric here is; which way is better says `direction`,
    else its attribute of that name, else the end of its name (`..._error`, `..._accuracy`). The usual ones
    are accuracy and rmse.

    Raises:
        BadValue: unknown, made for the other task, or an own one that cannot be called.
        BadWorkload: an own one that cannot be imported.
    """
    if name and ":" in name:
        return _user_metric(name, task, direction)
    name = name or {"classification": "accuracy", "regression": "rmse", "own": LOSS}[task]
    if name.lower() == LOSS:
        return Metric(name=LOSS, task=task, direction=MINIMIZE, score=_no_score)
    fitting = [known for known, entry in METRICS.items() if entry.task == task]
    if name.lower() not in fitting:
        near = did_you_mean(name, fitting) if fitting else "."
        if task == "own":
            raise BadValue(
                f"metric '{name}' is not one for targets of your own; "
                f"allowed: {LOSS}, your own function of (outputs, targets), or the usual ones with task="
            )
        raise BadValue(
            f"metric '{name}' is not one for {task}{near} "
            f"Allowed: {', '.join(fitting)}, or your own as file.py:name"
        )
    return METRICS[name.lower()]


def direction_of(name: str, direction: str | None = None) -> Direction:
    """Return the direction of a metric that somebody else measures: the one named, or as the usual names go.

    Raises:
        BadValue: neither of the two, or a name that does not tell.
    """
    if direction is not None:
        return Direction(direction)
    if name in METRICS:
        return METRICS[name].direction
    toward = next((toward for toward, ends in ENDINGS.items() if name.lower().endswith(ends)), None)
    if toward is None:
        raise BadValue(
            f"whether '{name}' is made large or small is not known here; say --direction maximize or minimize"
        )
    return toward


def _user_metric(reference: str, task: str, direction: str | None) -> Metric:
    function = load(reference)
    if not callable(function) or isinstance(function, type):
        raise BadValue(
            f"metric '{reference}' is no function of (outputs, targets); "
            "write def name(outputs, targets) -> float"
        )
    said = direction or getattr(function, "direction", None)
    toward = direction_of(getattr(function, "__name__", reference), said)

    def score(outputs: Array, targets: Array) -> float:
        try:
            return float(function(outputs, targets))
        except Exception as error:  # whatever the user's function raises
            raise BadValue(f"metric '{reference}' fails: {named_line(error)}") from error

    return Metric(name=reference, task=task, direction=toward, score=score)


def _no_score(outputs: Array, targets: Array) -> float:  # noqa: ARG001 - called as any metric
    raise BadValue(f"metric '{LOSS}' is read off the loss itself; name another metric here")


def _accuracy(outputs: Array, targets: Array) -> float:
    return float(np.mean(outputs.argmax(axis=1) == targets))


def _balanced_accuracy(outputs: Array, targets: Array) -> float:
    hits = outputs.argmax(axis=1) == targets
    return float(np.mean([hits[targets == code].mean() for code in np.unique(targets)]))


def _f1(outputs: Array, targets: Array) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(targets, outputs.argmax(axis=1), average="macro", zero_division=0))


def _log_loss(outputs: Array, targets: Array) -> float:
    logits = outputs.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    chosen = logits[np.arange(len(targets)), targets]
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - chosen))


def _roc_auc(outputs: Array, targets: Array) -> float:
    """Return the ROC AUC of one class against the rest, the mean of those with rows; 0.5 if only one has."""
    from scipy.special import softmax
    from sklearn.metrics import roc_auc_score

    scores = softmax(outputs.astype(np.float64), axis=1)
    present = np.unique(targets)
    if len(present) < 2:
        return 0.5
    codes = present[-1:] if outputs.shape[1] == 2 else present
    return float(np.mean([roc_auc_score(targets == code, scores[:, code]) for code in codes]))


def _rmse(outputs: Array, targets: Array) -> float:
    return float(np.sqrt(np.mean((outputs - targets) ** 2, axis=0)).mean())


def _mae(outputs: Array, targets: Array) -> float:
    return float(np.mean(np.abs(outputs - targets)))


def _r2(outputs: Array, targets: Array) -> float:
    variance = np.mean((targets - targets.mean(axis=0)) ** 2, axis=0)
    if not np.all(variance):
        return float("nan")
    return float(np.mean(1 - np.mean((outputs - targets) ** 2, axis=0) / variance))


ENDINGS: Final = {
    MAXIMIZE: (
        "accuracy",
        "acc",
        "auc",
        "f1",
        "r2",
        "score",
        "precision",
        "recall",
        "iou",
        "dice",
        "bleu",
        "map",
    ),
    MINIMIZE: ("loss", "error", "err", "perplexity", "ppl", "rmse", "mse", "mae", "nll"),
}
"""Which way the usual metrics go, by how their names end."""
METRICS: Final = {
    entry[0]: Metric(name=entry[0], task=entry[1], direction=entry[2], score=entry[3])
    for entry in (
        ("accuracy", "classification", MAXIMIZE, _accuracy),
        ("balanced_accuracy", "classification", MAXIMIZE, _balanced_accuracy),
        ("f1", "classification", MAXIMIZE, _f1),
        ("roc_auc", "classification", MAXIMIZE, _roc_auc),
        ("log_loss", "classification", MINIMIZE, _log_loss),
        ("rmse", "regression", MINIMIZE, _rmse),
        ("mae", "regression", MINIMIZE, _mae),
        ("r2", "regression", MAXIMIZE, _r2),
    )
}
