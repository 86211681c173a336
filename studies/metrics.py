"""Metrics: what a user calls good.

Each takes raw model outputs and targets as arrays and returns one number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from studies.direction import MAXIMIZE, MINIMIZE, Direction
from studies.errors import BadValue, did_you_mean, shown
from studies.rows.free import OWN
from studies.scoring.own import OwnMetric

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


LOSS: Final = "loss"
"""Name of the metric that is the loss on the validation rows itself."""
USUAL: Final = {"classification": "accuracy", "regression": "rmse", OWN: LOSS}
"""The metric of each task where none is named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """Metric: a number to be made large or small."""

    name: str
    task: str
    """classification | regression | own"""
    direction: Direction
    score: Callable[[Array, Array], float]
    """(outputs, targets) to a number: logits (rows, classes) and codes (rows,), or predictions and values
    (rows, outputs)."""
    note: str = ""
    """What the owner of a metric should know of how it is called; empty where nothing."""
    users: OwnMetric | None = None
    """The user's own metric, whose call is settled by `tried`."""

    def loss(self, value: float | None) -> float:
        """Return a value as a number to make small; infinite for a run that has none."""
        return self.direction.loss(value)

    def better(self, left: float | None, right: float | None) -> bool:
        """Tell whether `left` is the better value."""
        return self.direction.better(left, right)

    def tried(self, outputs: Array, targets: Array) -> Metric:
        """Return the metric as it is called from now on, once it has given a number for some rows.

        Raises:
            BadValue: it fails, or gives none.
        """
        if self.users is None:
            value, settled = self.score(outputs, targets), self
        else:
            judge, value = self.users.settled(outputs, targets)
            settled = replace(self, users=judge, score=judge.score, note=judge.note(outputs, targets))
        if not math.isfinite(value):
            raise BadValue(
                f"metric {shown(self.name)} is {value} on the {len(targets)} validation rows, "
                "so no recipe can be compared by it; choose another --metric"
            )
        return settled


def metric(name: str | None, task: str, direction: str | None = None) -> Metric:
    """Return the metric of that name; without a name, the task's usual one.

    It is a known one, one of scikit-learn's scorers, or the user's own as `module:name` or `file.py:name`: a
    function of (outputs, targets), or one of torchmetrics. Which way an own one is better says `direction`,
    else its attribute of that name, else its name where that is known.

    Raises:
        BadValue: unknown, made for the other task, or an own one that cannot be called.
        BadWorkload: an own one that cannot be imported.
    """
    if name and ":" in name:
        judge = OwnMetric.load(name, task, direction)
        return Metric(name=name, task=task, direction=judge.direction, score=judge.score, users=judge)
    name = name or USUAL[task]
    if name.lower() == LOSS:
        return Metric(name=LOSS, task=task, direction=MINIMIZE, score=_no_score)
    if task == OWN:
        raise BadValue(
            f"metric {shown(name)} is not one for targets of your own; "
            f"allowed: {LOSS}, your own function of (outputs, targets), or the usual ones with task="
        )
    if metric_task(name) != task:
        from studies.scoring.scorers import scorers_of

        fitting = [known for known, entry in METRICS.items() if entry.task == task]
        near = did_you_mean(name, (*fitting, *scorers_of(task)))
        raise BadValue(
            f"metric {shown(name)} is not one for {task}{near} Allowed: {', '.join(fitting)}, a scorer of "
            "scikit-learn's by its name, or your own as file.py:name"
        )
    if (known := METRICS.get(name.lower())) is not None:
        return known
    from studies.scoring.scorers import scorer

    return Metric(name=name.lower(), task=task, direction=MAXIMIZE, score=scorer(name.lower()))


def metric_task(name: str | None) -> str | None:
    """Return the task that a metric is made for: classification | regression.

    None for none, for the user's own, which may be made for either, and for a name that is not known.
    """
    if not name or ":" in name:
        return None
    if (known := METRICS.get(name.lower())) is not None:
        return known.task
    from studies.scoring.scorers import scorer_names, scorer_task

    return scorer_task(name.lower()) if name.lower() in scorer_names() else None


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
