"""Scorers of scikit-learn by name: the number that scikit-learn gives, and always maximized."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn import metrics as sklearn_metrics
from sklearn.metrics import get_scorer_names

from studies.errors import BadValue
from studies.imports import refer
from studies.metrics import METRICS, metric, metric_task

GENERATOR = np.random.default_rng(0)
LOGITS, CODES = GENERATOR.normal(size=(60, 3)), GENERATOR.integers(0, 3, 60)
TWO, TRUTHS = GENERATOR.normal(size=(60, 2)), GENERATOR.integers(0, 2, 60)
PREDICTIONS, VALUES = GENERATOR.uniform(1, 3, (60, 1)), GENERATOR.uniform(1, 3, (60, 1))
NEEDS_MORE_THAN_ONE_LABEL_A_ROW = "samples"


@pytest.mark.parametrize("name", sorted(set(get_scorer_names()) - set(METRICS)))
def test_every_scorer_of_scikit_learn_is_maximized_and_gives_a_number(name):
    scorer = metric(name, metric_task(name))
    outputs, targets = (PREDICTIONS, VALUES) if scorer.task == "regression" else (TWO, TRUTHS)

    assert scorer.direction == "maximize"
    if name.endswith(NEEDS_MORE_THAN_ONE_LABEL_A_ROW):
        with pytest.raises(BadValue, match=f"metric '{name}' fails: ValueError: "):
            scorer.tried(outputs, targets)
    else:
        assert np.isfinite(scorer.tried(outputs, targets).score(outputs, targets))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("matthews_corrcoef", sklearn_metrics.matthews_corrcoef(CODES, LOGITS.argmax(1))),
        ("recall_macro", sklearn_metrics.recall_score(CODES, LOGITS.argmax(1), average="macro")),
        ("neg_log_loss", -sklearn_metrics.log_loss(CODES, softmax(LOGITS, axis=1))),
        ("roc_auc_ovo", sklearn_metrics.roc_auc_score(CODES, softmax(LOGITS, axis=1), multi_class="ovo")),
        ("top_k_accuracy", sklearn_metrics.top_k_accuracy_score(CODES, LOGITS, k=2)),
    ],
)
def test_a_scorer_gets_the_classes_or_the_probabilities_that_it_needs(name, expected):
    assert metric(name, "classification").score(LOGITS, CODES) == pytest.approx(expected)


def test_two_classes_are_judged_by_the_second():
    expected = sklearn_metrics.average_precision_score(TRUTHS, softmax(TWO, axis=1)[:, 1])

    assert metric("average_precision", "classification").score(TWO, TRUTHS) == pytest.approx(expected)


def test_a_scorer_of_numbers_takes_one_target_and_several():
    for outputs, targets in ((PREDICTIONS, VALUES), (np.c_[PREDICTIONS, VALUES], np.c_[VALUES, VALUES])):
        expected = -sklearn_metrics.mean_absolute_error(targets, outputs)
        assert metric("neg_mean_absolute_error", "regression").score(outputs, targets) == pytest.approx(
            expected
        )


def test_a_scorer_for_two_classes_says_so_of_three():
    with pytest.raises(BadValue, match="metric 'precision' fails: ValueError: Target is multiclass"):
        metric("precision", "classification").tried(LOGITS, CODES)


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("accuracy", "classification"),
        ("RMSE", "regression"),
        ("neg_max_error", "regression"),
        ("f1_weighted", "classification"),
        ("explained_variance", "regression"),
        ("work.py:score", None),
        ("no such metric", None),
    ],
)
def test_a_metric_tells_the_task_it_is_made_for(name, task):
    assert metric_task(name) == task


def test_a_loss_is_answered_with_the_scorer_of_it():
    with pytest.raises(BadValue, match="did you mean 'neg_mean_squared_error'"):
        metric("mean_squared_error", "regression")


@pytest.mark.parametrize(
    ("task", "made", "name"),
    [
        (
            "classification",
            sklearn_metrics.make_scorer(sklearn_metrics.f1_score, average="macro"),
            "f1_macro",
        ),
        (
            "classification",
            sklearn_metrics.make_scorer(
                sklearn_metrics.log_loss, greater_is_better=False, response_method="predict_proba"
            ),
            "neg_log_loss",
        ),
        (
            "regression",
            sklearn_metrics.make_scorer(sklearn_metrics.mean_absolute_error, greater_is_better=False),
            "neg_mean_absolute_error",
        ),
    ],
)
def test_a_scorer_that_was_made_is_the_scorer_of_that_name(task, made, name):
    outputs, targets = (PREDICTIONS, VALUES) if task == "regression" else (LOGITS, CODES)
    judged = metric(refer(made), task)

    assert judged.direction == "maximize"
    assert judged.tried(outputs, targets).score(outputs, targets) == metric(name, task).score(
        outputs, targets
    )
