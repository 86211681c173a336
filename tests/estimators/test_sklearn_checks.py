"""Estimators pass scikit-learn's own checks, all of them."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from advisor.sklearn import AdvisedClassifier, AdvisedRegressor

QUICK = {"budget": "2trials", "epochs": 20, "optimizers": ("AdamW",), "batch_size": 16, "random_state": 0}


@parametrize_with_checks([AdvisedClassifier(**QUICK)])
def test_scikit_learn_finds_no_fault_with_the_classifier(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([AdvisedRegressor(**QUICK)])
def test_scikit_learn_finds_no_fault_with_the_regressor(estimator, check):
    check(estimator)
