"""Call forms: what a metric of the user's own is called with, read off its arguments and what it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from studies.rows.nested import map_parts
from studies.scoring.answers import of_second_class, one_column, probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Answers = Literal["outputs", "one column", "probabilities", "probability of the second class", "classes"]
TRUTHS: Final = frozenset(
    """
    y y_true true truth target targets label labels actual expected gt ground_truth reference
    """.split()  # noqa: SIM905 - read more easily
)
"""What the argument is called that takes the right answers."""
CHANCES: Final = frozenset(
    """
    probabilities prob probs proba y_prob y_proba y_score score scores
    """.split()  # noqa: SIM905 - read more easily
)
"""What the argument is called that takes probabilities."""
RAW: Final = frozenset({"outputs", "output", "logits"})
OF_CHANCES: Final = ("log_loss", "brier", "cross_entropy", "auc", "average_precision", "nll")
"""Parts of the names of functions that take probabilities, whatever their argument is called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallForm:
    """Call form: which answers a metric is given, in which order, as arrays or as tensors."""

    answers: Answers = "outputs"
    targets_first: bool = False
    tensors: bool = False

    def arguments(self, outputs: Array, targets: Array) -> tuple[Any, Any]:
        """Return what the metric is called with: copies, as the user's code may work in place."""
        answers = np.array(_answers(self.answers, outputs))
        truths = map_parts(one_column(targets) if self.answers == "one column" else targets, np.array)
        if self.tensors:
            import torch

            chances = torch.from_numpy(answers)
            pair: tuple[Any, Any] = chances.float(), map_parts(truths, torch.from_numpy)
        else:
            pair = answers, truths
        return pair[::-1] if self.targets_first else pair

    def __str__(self) -> str:
        answers = {"one column": "predictions", "classes": "class numbers"}.get(self.answers, self.answers)
        order = ("targets", answers) if self.targets_first else (answers, "targets")
        return f"({', '.join(order)}) as {'torch tensors' if self.tensors else 'arrays'}"


def call_forms(function: Callable[..., Any], task: str) -> tuple[CallForm, ...]:
    """Return the forms that a function may be meant for, the likeliest first.

    (outputs, targets) as arrays is the usual one. Arguments called (y_true, y_pred) are those of
    scikit-learn's metrics; tensors come first where an annotation or the function's code says torch.
    """
    names, annotations = _parameters(function)
    targets_first = len(names) > 1 and names[0] in TRUTHS and names[1] not in TRUTHS
    answers = _meant(function, names[1], task) if targets_first else ("outputs",)
    forms = tuple(CallForm(answers=answer, targets_first=targets_first) for answer in answers)
    tensors = tuple(replace(form, tensors=True) for form in forms)
    if any("ndarray" in text.lower() for text in annotations):
        return forms
    return (*tensors, *forms) if _says_torch(function, annotations) else (*forms, *tensors)


def _meant(function: Callable[..., Any], argument: str, task: str) -> tuple[Answers, ...]:
    """Return what a function means by its second argument, after the targets."""
    if task == "own" or argument in RAW:
        return ("outputs",)
    if task == "regression":
        return ("one column", "outputs")
    name = str(getattr(function, "__name__", "")).lower()
    if argument in CHANCES or any(part in name for part in OF_CHANCES):
        return ("probability of the second class", "probabilities")
    return ("classes", "probabilities")


def _answers(answers: Answers, outputs: Array) -> Array:
    match answers:
        case "one column":
            return one_column(outputs)
        case "classes":
            return np.asarray(outputs.argmax(axis=1))
        case "probabilities":
            return probabilities(outputs)
        case "probability of the second class":
            return of_second_class(probabilities(outputs))
    return outputs


def _parameters(function: Callable[..., Any]) -> tuple[list[str], list[str]]:
    """Return the names of a function's arguments, and their annotations as texts."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C
        return [], []
    annotated = [parameter.annotation for parameter in parameters]
    return (
        [parameter.name.lower() for parameter in parameters],
        [str(annotation) for annotation in annotated if annotation is not inspect.Parameter.empty],
    )


def _says_torch(function: Callable[..., Any], annotations: list[str]) -> bool:
    """Tell whether a function is written for tensors: annotated so, torch's own, or using torch by name."""
    if any("Tensor" in text for text in annotations):
        return True
    if type(function).__module__.startswith("torch") or _module(function).startswith("torch"):
        return True
    code, known = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    names = code.co_names if code is not None else ()
    return any(_module(known.get(name)).partition(".")[0] == "torch" for name in names)


def _module(value: object) -> str:
    """Return the name of a module, or of the module that something was made in."""
    return str(getattr(value, "__module__", None) or getattr(value, "__name__", ""))
