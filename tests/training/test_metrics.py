"""Metrics: each against scikit-learn's own function, and the user's own by reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn import metrics as sklearn_metrics

from studies.errors import BadValue, BadWorkload
from studies.metrics import METRICS, metric

ORACLES = {
    "accuracy": lambda outputs, targets: sklearn_metrics.accuracy_score(targets, outputs.argmax(1)),
    "balanced_accuracy": lambda outputs, targets: sklearn_metrics.balanced_accuracy_score(
        targets, outputs.argmax(1)
    ),
    "f1": lambda outputs, targets: sklearn_metrics.f1_score(
        targets, outputs.argmax(1), average="macro", zero_division=0
    ),
    "log_loss": lambda outputs, targets: sklearn_metrics.log_loss(
        targets, softmax(outputs, axis=1), labels=range(outputs.shape[1])
    ),
    "roc_auc": lambda outputs, targets: sklearn_metrics.roc_auc_score(
        targets,
        softmax(outputs, axis=1)[:, 1] if outputs.shape[1] == 2 else softmax(outputs, axis=1),
        multi_class="ovr",
    ),
    "rmse": lambda outputs, targets: sklearn_metrics.root_mean_squared_error(targets, outputs),
    "mae": lambda outputs, targets: sklearn_metrics.mean_absolute_error(targets, outputs),
    "r2": lambda outputs, targets: sklearn_metrics.r2_score(targets, outputs),
}


def names(task: str) -> list[str]:
    return [name for name, entry in METRICS.items() if entry.task == task]


def test_every_metric_has_an_oracle():
    assert set(ORACLES) == set(METRICS)


@pytest.mark.parametrize("name", names("classification"))
@settings(max_examples=25, deadline=None)
@given(classes=st.integers(2, 5), rows=st.integers(1, 60), seed=st.integers(0, 99))
def test_a_classification_metric_is_scikit_learns(name, classes, rows, seed):
    generator = np.random.default_rng(seed)
    targets = np.concatenate([np.arange(classes), generator.integers(0, classes, rows)])
    # in float64: scikit-learn refuses sums that float32 rounds
    outputs = generator.normal(0, 2, (len(targets), classes))

    assert METRICS[name].score(outputs, targets) == pytest.approx(ORACLES[name](outputs, targets), abs=1e-9)


@pytest.mark.parametrize("name", names("regression"))
@settings(max_examples=25, deadline=None)
@given(count=st.integers(1, 3), rows=st.integers(2, 60), seed=st.integers(0, 99))
def test_a_regression_metric_is_scikit_learns_for_one_target_and_for_several(name, count, rows, seed):
    generator = np.random.default_rng(seed)
    targets = generator.normal(3, np.arange(1, count + 1), (rows, count))
    outputs = targets + generator.normal(0, 1, (rows, count))

    assert METRICS[name].score(outputs, targets) == pytest.approx(ORACLES[name](outputs, targets), abs=1e-9)


def test_a_class_without_rows_leaves_every_metric_a_number():
    outputs, targets = np.eye(3)[[0, 1, 1]], np.array([0, 1, 1])

    assert METRICS["balanced_accuracy"].score(outputs, targets) == 1
    assert METRICS["roc_auc"].score(outputs, targets) == 1.0  # averaged over the classes that have rows


def test_log_loss_of_enormous_logits_is_a_number():
    assert METRICS["log_loss"].score(np.array([[1e4, -1e4]], np.float32), np.array([1])) == pytest.approx(2e4)


def test_r2_of_equal_targets_is_no_number():
    assert np.isnan(METRICS["r2"].score(np.zeros((5, 1)), np.ones((5, 1))))


def test_without_a_name_it_is_the_usual_one():
    assert [metric(None, task).name for task in ("classification", "regression")] == ["accuracy", "rmse"]


@pytest.mark.parametrize(
    ("name", "said"), [("acuracy", "did you mean 'accuracy'"), ("zzz", "is not one for"), ("rmse", "Allowed")]
)
def test_an_unknown_metric_or_one_of_the_other_task_is_refused(name, said):
    with pytest.raises(BadValue, match=said):
        metric(name, "classification")


@pytest.fixture
def metrics_file(tmp_path):
    path = tmp_path / "own_metrics.py"
    path.write_text(
        "def hits(outputs, targets):\n    return (outputs.argmax(1) == targets).sum()\n"
        "hits.direction = 'maximize'\n"
        "def own_error(outputs, targets):\n    return 1\ndef taste(outputs, targets):\n    return 1\n"
        "def cost(outputs, targets):\n    return 3\ncost.direction = 'minimize'\n"
        "def broken(outputs, targets):\n    return 1 / 0\nbroken.direction = 'minimize'\n"
        "def lost(outputs, targets):\n    return 1\nlost.direction = 'up'\n"
        "number = 3\n"
    )
    return str(path)


def test_which_way_an_own_metric_is_better_is_said_or_told_by_its_name_and_never_guessed(metrics_file):
    assert metric(f"{metrics_file}:own_error", "regression").direction == "minimize"
    assert metric(f"{metrics_file}:own_error", "regression", "maximize").direction == "maximize"
    with pytest.raises(
        BadValue, match="whether 'taste' is made large or small is not known here; say --direction"
    ):
        metric(f"{metrics_file}:taste", "regression")


def test_an_own_metric_has_the_direction_it_says(metrics_file):
    hits, cost = (
        metric(f"{metrics_file}:hits", "classification"),
        metric(f"{metrics_file}:cost", "regression"),
    )

    assert (hits.direction, cost.direction) == ("maximize", "minimize")
    assert hits.score(np.eye(3), np.arange(3)) == 3.0
    assert (hits.name, hits.task) == (f"{metrics_file}:hits", "classification")


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("number", BadValue, "no function"),
        ("lost", BadValue, "neither maximize nor minimize"),
        ("hit", BadWorkload, "'hits'"),
    ],
)
def test_an_own_metric_that_cannot_be_used_is_refused_in_one_line(metrics_file, name, error, said):
    with pytest.raises(error, match=said) as caught:
        metric(f"{metrics_file}:{name}", "classification")
    assert "\n" not in str(caught.value)


def test_an_own_metric_that_fails_says_so_in_one_line(metrics_file):
    with pytest.raises(BadValue, match=r"broken' fails: .*own_metrics\.py, line 12: ZeroDivisionError"):
        metric(f"{metrics_file}:broken", "classification").score(np.eye(2), np.arange(2))
