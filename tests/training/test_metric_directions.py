"""Directions by name: known ones, and never against the sense of a name."""

from __future__ import annotations

import inspect

import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import get_scorer_names

from studies.errors import BadValue
from studies.scoring.directions import LOWER, direction_of


def known(name: str) -> str:
    try:
        return direction_of(name)
    except BadValue:
        return "refused"


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("valid_loss", "minimize"),
        ("own_error", "minimize"),
        ("RMSE", "minimize"),
        ("MeanSquaredError", "minimize"),
        ("mean_squared_error", "minimize"),
        ("neg_mean_squared_error", "maximize"),
        ("negative_mae", "maximize"),
        ("one_minus_accuracy", "minimize"),
        ("brier_score", "minimize"),
        ("brier_score_loss", "minimize"),
        ("neg_brier_score", "maximize"),
        ("d2_log_loss_score", "maximize"),
        ("negative_log_likelihood", "minimize"),
        ("neg_log_likelihood", "minimize"),
        ("false_negative_rate", "minimize"),
        ("f1_score", "maximize"),
        ("MulticlassF1Score", "maximize"),
        ("val_acc", "maximize"),
        ("top1_accuracy", "maximize"),
        ("roc_auc", "maximize"),
        ("dice", "maximize"),
        ("val_map", "maximize"),
        ("swapped_score", "refused"),
        ("skill_score", "refused"),
        ("feature_map", "refused"),
        ("error_reduction", "refused"),
        ("inverse_error", "refused"),
        ("taste", "refused"),
        ("score", "refused"),
        ("", "refused"),
    ],
)
def test_a_name_tells_its_direction_or_is_asked_for(name, direction):
    assert known(name) == direction


def test_no_scorer_of_scikit_learn_is_minimized():
    assert {name: known(name) for name in get_scorer_names() if known(name) == "minimize"} == {}


def test_no_loss_of_scikit_learn_is_maximized_and_no_score_minimized():
    functions = [name for name, _ in inspect.getmembers(sklearn.metrics, inspect.isfunction)]
    losses = [name for name in functions if name.endswith(("_loss", "_error", "_deviance"))]

    assert losses
    assert {known(name) for name in losses} == {"minimize"}
    # of Davies and Bouldin's index, clusters that are alike, less is better
    scores = {name for name in functions if name.endswith("_score")} - {"davies_bouldin_score"}
    assert {name for name in scores if known(name) == "minimize"} == set()


def test_no_metric_of_torchmetrics_is_turned_round():
    torchmetrics = pytest.importorskip("torchmetrics")
    classes = {
        name: getattr(torchmetrics, name).higher_is_better
        for name in torchmetrics.__all__
        if isinstance(getattr(getattr(torchmetrics, name), "higher_is_better", None), bool)
    }

    wrong = {
        name: known(name)
        for name, higher in classes.items()
        if known(name) not in {"refused", "maximize" if higher else "minimize"}
    }
    assert len(classes) > 30
    assert wrong == {}


@given(end=st.sampled_from(sorted(LOWER)), turns=st.lists(st.sampled_from(["neg", "negative", "minus"])))
def test_each_word_that_turns_a_name_turns_its_direction(end, turns):
    name = "_".join([*turns, "x", end])

    assert known(name) == ("maximize" if len(turns) % 2 else "minimize")


def test_what_is_said_goes_before_the_name():
    assert direction_of("valid_loss", "maximize") == "maximize"
