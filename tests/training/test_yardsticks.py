"""Yardsticks: plain models on the very rows of the search, whatever the data; a failure is a fact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from studies.direction import MAXIMIZE
from studies.limits import Budget
from studies.loaded_workload import LoadedWorkload
from studies.measure import yardsticks as plain
from studies.measure.yardsticks import LINEAR, TREES, yardsticks
from studies.metrics import Metric
from studies.workload import Workload
from studies.workload_opening import open_source, workload_from_code

TRIALS = Budget(trials=5)
ROWS = 300


def loaded(inputs, targets, **options) -> LoadedWorkload:
    model = None if options.get("kind") == "text" else "linear"
    return workload_from_code(Workload(train=(inputs, targets), **options), source="made", model=model)


def shapes():
    generator = np.random.default_rng(0)
    codes = np.arange(ROWS) % 3
    table = generator.normal(size=(ROWS, 6)) + codes[:, None]
    pixels = generator.normal(size=(ROWS, 1, 5, 5)) + codes[:, None, None, None]
    return {
        "table": (table, codes),
        "sparse table": (csr_matrix((generator.random((ROWS, 40)) < 0.1) * (codes[:, None] + 1.0)), codes),
        "image": (pixels, codes),
        "signal": (pixels[:, 0, :2], codes),
        "text": (np.array([["good day", "bad night", "so so"][code] + " it was" for code in codes]), codes),
        "numbers": (table, table[:, 0] + 0.01 * table[:, 1] + 0.5),
        "two numbers": (table, table[:, :2] * 3 + 1.5),
    }  # fmt: skip


@pytest.mark.parametrize("form", shapes())
def test_every_form_of_data_has_its_plain_models(form):
    inputs, targets = shapes()[form]
    workload = loaded(inputs, targets, kind=form if form in {"signal", "text"} else None)
    measured = yardsticks(workload, TRIALS)

    trees = workload.dataset.kind == "table"
    assert [each.model for each in measured] == ([LINEAR, TREES] if trees else [LINEAR])
    for each in measured:
        assert not each.left_out
        assert each.seconds > 0
        assert workload.metric.better(each.quality, workload.baseline())


def test_the_metric_is_that_of_the_search_on_the_rows_of_the_search():
    workload = open_source("iris", model="linear", metric_name="log_loss")
    train, valid = workload.dataset.train, workload.dataset.valid
    by_hand = LogisticRegression().fit(train.inputs, train.targets).predict_proba(valid.inputs)
    expected = -np.log(by_hand[np.arange(valid.rows), valid.targets]).mean()

    assert yardsticks(workload, TRIALS)[0].quality == pytest.approx(expected, rel=1e-3)


def test_errors_are_in_the_units_of_the_target():
    inputs, _ = shapes()["numbers"]
    small, large = (loaded(inputs, scale * (inputs[:, 0] ** 2)) for scale in (1, 1000))
    pairs = zip(yardsticks(small, TRIALS), yardsticks(large, TRIALS), strict=True)
    for one_unit, thousand in pairs:
        assert thousand.quality == pytest.approx(1000 * one_unit.quality, rel=1e-3)


def test_the_same_data_gives_the_same_yardsticks_and_draws_from_no_generator():
    workload = open_source("breast_cancer", model="linear")
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002 - the generator that scikit-learn would draw from
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = (
        [(each.quality, each.test_quality) for each in yardsticks(workload, TRIALS)] for _ in range(2)
    )

    assert first == second
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()  # noqa: NPY002


def test_class_weights_are_those_of_the_search():
    generator = np.random.default_rng(0)
    codes = (np.arange(600) % 12 == 0).astype(int)
    inputs = generator.normal(size=(600, 3)) + codes[:, None]
    usual, balanced = (
        yardsticks(loaded(inputs, codes, metric="balanced_accuracy", class_weights=weights), TRIALS)
        for weights in ("none", "balanced")
    )
    assert balanced[0].quality > usual[0].quality


def test_a_class_that_never_trains_is_no_failure():
    codes = np.array([0, 1] * 50 + [2] * 20)
    inputs = np.random.default_rng(0).normal(size=(120, 3))
    data = Workload(train=(inputs[:100], codes[:100]), valid=(inputs[90:], codes[90:]))
    workload = workload_from_code(data, source="made", model="linear")
    assert [each.left_out for each in yardsticks(workload, TRIALS)] == ["", ""]


def test_a_failure_is_a_reason_and_the_next_model_is_trained():
    workload = loaded(*shapes()["table"])
    calls = []

    def fussy(outputs, targets):
        calls.append(len(targets))
        if len(calls) == 1:
            raise ValueError("not these rows")
        return 0.5

    metric = Metric(name="fussy", task="classification", direction=MAXIMIZE, score=fussy)
    linear, trees = yardsticks(replace(workload, metric=metric), TRIALS)
    assert linear.left_out == "it failed: ValueError: not these rows"
    assert linear.quality is None
    assert trees.quality == 0.5


def test_a_metric_that_is_no_number_is_a_reason():
    workload = loaded(*shapes()["table"])
    nan = Metric(name="nan", task="classification", direction=MAXIMIZE, score=lambda *_: float("nan"))
    assert {each.left_out for each in yardsticks(replace(workload, metric=nan), TRIALS)} == {
        "its metric is no number"
    }


def test_what_takes_too_long_for_a_budget_in_seconds_is_left_out(monkeypatch):
    monkeypatch.setattr(plain, "TRIED_WORK", 1.0)  # so that a part of these few rows is timed first
    workload = open_source("digits", model="linear")
    (linear,) = yardsticks(workload, Budget(seconds=1e-6))

    assert linear.quality is None
    assert "it would take about" in linear.left_out
    assert "5 % of the budget" in linear.left_out
    assert yardsticks(workload, Budget(seconds=600))[0].quality is not None


def test_what_is_too_large_is_left_out_by_counts_alone(monkeypatch):
    workload = open_source("digits", model="linear")
    monkeypatch.setattr(plain, "MOST_WORK", 1000)
    assert "too many numbers (1,079 rows of" in yardsticks(workload, TRIALS)[0].left_out


def test_a_stop_is_heeded():
    assert yardsticks(open_source("iris", model="linear"), TRIALS, stop=lambda: True) == ()
