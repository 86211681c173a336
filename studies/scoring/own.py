"""Metrics of the user's own: functions of (outputs, targets) or (y_true, y_pred), objects of torchmetrics."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from studies.direction import MAXIMIZE, MINIMIZE, Direction
from studies.errors import BadValue, shown
from studies.imports import load
from studies.scoring.calls import CallForm, call_forms
from studies.scoring.directions import direction_of
from studies.user_code import code_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

USUAL: Final = CallForm()


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnMetric:
    """Metric of the user's own, and the forms in which it may be called."""

    name: str
    """As it was named: `module:name` or `file.py:name`."""
    function: Callable[..., Any]
    direction: Direction
    forms: tuple[CallForm, ...]

    @classmethod
    def load(cls, name: str, task: str, direction: str | None) -> OwnMetric:
        """Load a metric by its name.

        Raises:
            BadValue: it cannot be called, or its direction is not known.
            BadWorkload: it cannot be imported.
        """
        judge = _callable(name, load(name))
        stated = direction or getattr(judge, "direction", None)
        if _is_scorer(judge):
            from studies.scoring.scorers import scores_of

            score = scores_of(judge, name, task)  # whatever it measures, a scorer's value is to be made large
            return cls(name=name, function=score, direction=MAXIMIZE, forms=(USUAL,))
        if not _is_torchmetric(judge):
            toward = direction_of(_plain_name(judge, name), stated)
            return cls(name=name, function=judge, direction=toward, forms=call_forms(judge, task))
        if stated is None and (higher := getattr(judge, "higher_is_better", None)) is not None:
            stated = MAXIMIZE if higher else MINIMIZE
        toward = direction_of(_plain_name(judge, name), stated)
        score = partial(_scored_afresh, judge)
        return cls(name=name, function=score, direction=toward, forms=_TORCHMETRICS[task])

    def score(self, outputs: Array, targets: Array) -> float:
        """Return the metric, called in the first form that gives a number."""
        return self.settled(outputs, targets)[1]

    def settled(self, outputs: Array, targets: Array) -> tuple[OwnMetric, float]:
        """Return the metric in the first form that gives a number for some rows, and that number.

        Raises:
            BadValue: no form does; the line says why the likeliest does not.
        """
        problem: BadValue | None = None
        for form in self.forms:
            try:
                # what a mere guess warns of says nothing
                with warnings.catch_warnings(action="ignore") if problem else nullcontext():
                    return replace(self, forms=(form,)), self._call(form, outputs, targets)
            except BadValue as error:
                problem = problem or error
        raise problem or BadValue(f"metric {shown(self.name)} cannot be called")

    def note(self, outputs: Array, targets: Array) -> str:
        """Return what is unusual in how a settled metric is called, in a sentence; empty where nothing is."""
        form = self.forms[0]
        if form != USUAL:
            return f"metric {shown(self.name)} is called with {form}"
        twin = replace(form, tensors=True)
        try:
            values = [self._call(each, outputs, targets) for each in (form, twin)]
        except BadValue:
            return ""
        if math.isclose(*values, rel_tol=1e-3) or not all(map(math.isfinite, values)):
            return ""
        return (
            f"metric {shown(self.name)} gives other numbers for tensors than for arrays; it is called with "
            "arrays, annotate its arguments as torch.Tensor for the other"
        )

    def _call(self, form: CallForm, outputs: Array, targets: Array) -> float:
        try:
            value = self.function(*form.arguments(outputs, targets))
        except Exception as error:  # whatever the user's function raises
            raise BadValue(f"metric {shown(self.name)} fails: {code_line(error)}") from error
        return self._number(value)

    def _number(self, value: object) -> float:
        """Return a metric's value as a number.

        Raises:
            BadValue: it is none.
        """
        detached = value.detach().cpu() if hasattr(value, "detach") else value
        try:
            array = np.asarray(detached)
        except Exception:  # noqa: BLE001 - whatever the user's function returns
            array = np.asarray(None)
        if array.size == 1 and array.dtype.kind in "fiub":
            return float(array.reshape(-1)[0])
        many = f"{array.size} numbers" if array.dtype.kind in "fiub" else type(value).__name__
        what = "nothing (None)" if value is None else many
        raise BadValue(f"metric {shown(self.name)} returns {what}; it must return one number")


def _callable(name: str, target: Any) -> Callable[..., Any]:
    """Return what a name stands for, ready to be called; a class of such things is made into one.

    Raises:
        BadValue: it cannot be called.
    """
    if isinstance(target, type) and any("__call__" in vars(base) for base in target.__mro__):
        try:
            target = target()
        except Exception as error:
            raise BadValue(
                f"metric {shown(name)} is a class that cannot be made without arguments; name an object of it"
            ) from error
    if not callable(target):
        raise BadValue(
            f"metric {shown(name)} is no function of (outputs, targets); "
            "write def name(outputs, targets) -> float"
        )
    judge: Callable[..., Any] = target
    return judge


def _plain_name(judge: Callable[..., Any], reference: str) -> str:
    """Return the name by which the direction of a metric may be known."""
    inner = getattr(judge, "func", judge)  # of a partial function
    name = getattr(inner, "__name__", None) or type(inner).__name__
    return str(name) if name != "<lambda>" else reference.rpartition(":")[2]


def _is_scorer(judge: object) -> bool:
    if "sklearn.metrics" not in sys.modules:  # imported already, where a scorer is at hand
        return False
    from studies.scoring.scorers import is_scorer

    return is_scorer(judge)


def _is_torchmetric(judge: object) -> bool:
    torchmetrics = sys.modules.get("torchmetrics")  # imported already, where an object of it is at hand
    return torchmetrics is not None and isinstance(judge, torchmetrics.Metric)


def _scored_afresh(judge: Any, outputs: Any, targets: Any) -> Any:
    """Return what a metric of torchmetrics gives; it forgets what it was called with."""
    fresh = deepcopy(judge)
    fresh.reset()
    fresh.update(outputs, targets)
    return fresh.compute()


_TORCHMETRICS: Final = {
    "classification": (
        CallForm(answers="probabilities", tensors=True),
        CallForm(answers="probability of the second class", tensors=True),
    ),
    "regression": (CallForm(answers="one column", tensors=True), CallForm(tensors=True)),
    "own": (CallForm(tensors=True),),
}
"""How metrics of torchmetrics are called, by task."""
