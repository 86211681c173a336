"""Metrics of the user's own: arrays or tensors, either order, scikit-learn's and torchmetrics' ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn_metrics

from studies.errors import BadValue
from studies.imports import refer
from studies.metrics import Metric, metric

GENERATOR = np.random.default_rng(0)
LOGITS, CODES = GENERATOR.normal(size=(40, 3)), GENERATOR.integers(0, 3, 40)
TWO, TRUTHS = GENERATOR.normal(size=(40, 2)), GENERATOR.integers(0, 2, 40)
PREDICTIONS, VALUES = GENERATOR.normal(size=(40, 1)), GENERATOR.normal(size=(40, 1))
ACCURACY = float(np.mean(LOGITS.argmax(1) == CODES))


def own(function, task="classification", direction="maximize") -> Metric:
    return metric(refer(function), task, direction)


def arrays_accuracy(outputs, targets):
    return (outputs.argmax(axis=1) == targets).mean()


def tensors_accuracy(outputs, targets):
    return (outputs.argmax(dim=1) == targets).float().mean()


def annotated_accuracy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    assert isinstance(outputs, torch.Tensor)
    return torch.as_tensor(outputs.argmax(1) == targets).float().mean()


def labels_accuracy(y_true, y_pred):
    return sklearn_metrics.accuracy_score(y_true, y_pred)


def keras_accuracy(y_true, y_pred):
    return np.mean(np.argmax(y_pred, axis=1) == y_true)


def turned_accuracy(targets, outputs):
    return (outputs.argmax(axis=1) == targets).mean()


def partly_in_place_accuracy(outputs, targets):
    outputs -= outputs.max(axis=1, keepdims=True)
    targets *= 1
    return (outputs == 0)[np.arange(len(targets)), targets].mean()


@pytest.mark.parametrize(
    "function",
    [
        arrays_accuracy,
        tensors_accuracy,
        annotated_accuracy,
        labels_accuracy,
        keras_accuracy,
        turned_accuracy,
        partly_in_place_accuracy,
        sklearn_metrics.accuracy_score,
    ],
)
def test_accuracy_is_the_same_however_it_is_written(function):
    outputs, targets = LOGITS.copy(), CODES.copy()
    judge = own(function).tried(outputs, targets)

    assert judge.score(outputs, targets) == pytest.approx(ACCURACY)
    assert np.array_equal(outputs, LOGITS)
    assert np.array_equal(targets, CODES)


def test_what_is_unusual_in_the_call_is_said_and_the_usual_call_is_not():
    assert own(arrays_accuracy).tried(LOGITS, CODES).note == ""
    assert own(tensors_accuracy).tried(LOGITS, CODES).note.endswith("(outputs, targets) as torch tensors")
    assert own(labels_accuracy).tried(LOGITS, CODES).note.endswith("(targets, class numbers) as arrays")


def test_arrays_and_tensors_that_disagree_are_told():
    def spread(outputs, targets):
        return outputs.std()

    assert "other numbers for tensors than for arrays" in own(spread).tried(LOGITS, CODES).note


@pytest.mark.parametrize(
    ("function", "outputs", "targets"),
    [
        (sklearn_metrics.log_loss, LOGITS, CODES),
        (sklearn_metrics.log_loss, TWO, TRUTHS),
        (sklearn_metrics.brier_score_loss, TWO, TRUTHS),
    ],
)
def test_scikit_learns_losses_get_probabilities(function, outputs, targets):
    judge = metric(f"sklearn.metrics:{function.__name__}", "classification").tried(outputs, targets)
    chances = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)

    assert judge.direction == "minimize"
    expected = function(targets, chances[:, 1] if outputs.shape[1] == 2 else chances)
    assert judge.score(outputs, targets) == pytest.approx(expected)


def test_scikit_learns_functions_of_numbers_get_them_in_their_order():
    judge = metric("sklearn.metrics:mean_poisson_deviance", "regression", "minimize")
    outputs, targets = np.exp(PREDICTIONS), np.exp(VALUES)

    expected = sklearn_metrics.mean_poisson_deviance(targets, outputs)
    assert judge.tried(outputs, targets).score(outputs, targets) == pytest.approx(expected)


@pytest.mark.parametrize("reference", ["torch.nn:L1Loss", "torch.nn.functional:l1_loss"])
def test_a_loss_of_torch_is_a_metric_to_be_made_small(reference):
    judge = metric(reference, "regression").tried(PREDICTIONS, VALUES)

    assert judge.direction == "minimize"
    assert judge.score(PREDICTIONS, VALUES) == pytest.approx(np.abs(PREDICTIONS - VALUES).mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "returns nothing"),
        (np.zeros(3), "returns 3 numbers"),
        ({"accuracy": 1.0}, "returns dict"),
        ("0.5", "returns str"),
        (float("nan"), "is nan on the 40 validation rows"),
        (float("inf"), "is inf on the 40 validation rows"),
    ],
)
def test_what_is_no_number_is_refused_before_the_first_trial(value, said):
    def judge(outputs, targets):
        return value

    with pytest.raises(BadValue, match=said) as refused:
        own(judge).tried(LOGITS, CODES)
    assert "\n" not in str(refused.value)


def test_the_line_of_a_metric_that_fails_is_named():
    def judge(outputs, targets):
        return outputs["first"]

    line = judge.__code__.co_firstlineno + 1
    with pytest.raises(BadValue, match=rf"fails: .*test_own_metrics\.py, line {line}: IndexError"):
        own(judge).tried(LOGITS, CODES)


@pytest.fixture
def torchmetrics():
    return pytest.importorskip("torchmetrics")


def test_a_metric_of_three_classes_has_its_own_direction_and_starts_anew(torchmetrics):
    judge = metric(
        refer(torchmetrics.classification.MulticlassAccuracy(3, average="micro")), "classification"
    )
    settled = judge.tried(LOGITS, CODES)

    assert judge.direction == "maximize"
    settled.score(-LOGITS, CODES)
    assert settled.score(LOGITS, CODES) == pytest.approx(ACCURACY)


def test_a_metric_of_two_classes_gets_the_probability_of_the_second(torchmetrics):
    judge = metric(refer(torchmetrics.classification.BinaryAUROC()), "classification")

    expected = sklearn_metrics.roc_auc_score(TRUTHS, TWO[:, 1] - TWO[:, 0])
    assert judge.tried(TWO, TRUTHS).score(TWO, TRUTHS) == pytest.approx(expected)


def test_a_metric_of_numbers_is_made_small_by_its_class(torchmetrics):
    judge = metric("torchmetrics:MeanSquaredError", "regression")

    assert judge.direction == "minimize"
    expected = float(np.mean((PREDICTIONS - VALUES) ** 2))
    assert judge.tried(PREDICTIONS, VALUES).score(PREDICTIONS, VALUES) == pytest.approx(expected, rel=1e-5)


def test_a_class_that_needs_arguments_is_refused(torchmetrics):
    with pytest.raises(BadValue, match="cannot be made without arguments"):
        metric("torchmetrics.classification:MulticlassAccuracy", "classification")
