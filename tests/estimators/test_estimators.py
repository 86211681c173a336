"""Estimators for scikit-learn: what its users expect of one, and what ours say beyond it."""

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from torch import nn

import advisor
from advisor.sklearn import AdvisedClassifier, AdvisedRegressor
from studies.errors import BadValue, StudyError

from waiting import HANG_SECONDS

QUICK = {"budget": "2trials", "epochs": 15, "optimizers": ("AdamW",), "batch_size": 16, "random_state": 0}


def passengers(rows=120, seed=0):
    """Return a table with every kind of column, gaps in most, and labels that depend on the first two."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "deck": pd.Categorical(draw.choice(["upper", "lower", "middle"], rows)),
            "age": np.where(draw.random(rows) < 0.2, np.nan, draw.integers(1, 80, rows)),
            "boarded": pd.Timestamp("1912-04-01") + pd.to_timedelta(draw.integers(0, 10, rows), unit="D"),
            "alone": draw.random(rows) < 0.5,
            "remark": draw.choice(["ate at the table", "slept in the saloon", "stood at the rail"], rows),
        },
        index=draw.permutation(rows) + 1000,
    )
    labels = np.where((frame["deck"] == "upper") & frame["alone"], "saved", "lost")
    return frame, pd.Series(labels, index=frame.index, name="fate")


def python(*words, inside):
    """Return what a new Python prints in a folder; it finds the packages that this one finds."""
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=inside,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def fitted():
    frame, fate = passengers()
    return AdvisedClassifier(**QUICK).fit(frame, fate), frame, fate


def test_a_table_of_every_kind_of_column_is_learnt_as_it_is(fitted):
    classifier, frame, fate = fitted
    assert classifier.score(frame, fate) > 0.8
    assert list(classifier.feature_names_in_) == list(frame)
    assert classifier.n_features_in_ == frame.shape[1]
    assert list(classifier.classes_) == ["lost", "saved"]


def test_rows_in_another_order_are_answered_in_that_order(fitted):
    classifier, frame, _ = fitted
    shuffled = frame.sample(frac=1, random_state=1)
    chances = pd.DataFrame(classifier.predict_proba(frame), index=frame.index)
    np.testing.assert_allclose(classifier.predict_proba(shuffled), chances.loc[shuffled.index], rtol=1e-6)
    np.testing.assert_allclose(chances.sum(axis=1), 1)


def test_new_levels_and_gaps_are_answered(fitted):
    classifier, frame, _ = fitted
    rows = frame.head(2).astype(object)
    rows.iloc[0] = None
    rows.iloc[1, 0] = "rigging"
    assert set(classifier.predict(rows)) <= set(classifier.classes_)


def test_the_recommendation_is_the_study_s(fitted):
    classifier, *_ = fitted
    recommendation = classifier.recommendation_
    assert recommendation.optimizer == "AdamW"
    assert "advisor resume" not in recommendation.to_markdown()
    study = advisor.recommend(classifier.study_)
    assert study.quality == recommendation.quality


def test_no_file_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    classifier = AdvisedClassifier(**QUICK).fit(*passengers(40))
    first = classifier.home_
    classifier.fit(*passengers(40))
    second = classifier.home_
    assert second.is_dir()
    assert not first.exists()
    del classifier
    assert not second.exists()
    assert not list(tmp_path.iterdir())


def test_a_home_that_is_named_keeps_the_study(tmp_path):
    classifier = AdvisedClassifier(**QUICK, home=tmp_path).fit(*passengers(40))
    study = classifier.study_
    del classifier
    assert advisor.recommend(study, home=tmp_path).optimizer == "AdamW"


def test_it_is_pickled_with_its_model_and_without_its_study(fitted, tmp_path):
    classifier, frame, _ = fitted
    joblib.dump((classifier, frame), tmp_path / "classifier.joblib")
    script = (
        "import joblib, numpy\n"
        "classifier, frame = joblib.load('classifier.joblib')\n"
        "numpy.save('chances.npy', classifier.predict_proba(frame))\n"
        "print(classifier.recommendation_.optimizer, *classifier.classes_)"
    )
    printed = python("-W", "error", "-c", script, inside=tmp_path)
    assert printed.split() == ["AdamW", "lost", "saved"]
    np.testing.assert_allclose(np.load(tmp_path / "chances.npy"), classifier.predict_proba(frame), rtol=1e-6)


def test_its_bundle_is_saved_for_the_command_line(fitted, tmp_path):
    classifier, frame, _ = fitted
    classifier.bundle_.save(tmp_path / "bundle")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    python("-m", "advisor", "predict", "bundle", "rows.csv", "--out", "out.csv", inside=tmp_path)
    assert pd.read_csv(tmp_path / "out.csv")["prediction"].tolist() == classifier.predict(frame).tolist()


def test_the_same_random_state_is_the_same_model(fitted):
    classifier, frame, fate = fitted
    again = clone(classifier).fit(frame, fate)
    assert again.get_params() == classifier.get_params()
    np.testing.assert_array_equal(again.predict_proba(frame), classifier.predict_proba(frame))


def test_no_random_state_is_another_split_each_time():
    classifier = AdvisedClassifier(**{**QUICK, "random_state": None})
    assert classifier._seed() != classifier._seed()


def test_it_takes_part_in_pipelines_and_searches():
    frame, fate = passengers(60)
    columns = make_column_transformer(
        (OneHotEncoder(), ["deck"]), ("passthrough", ["age", "alone"]), sparse_threshold=0
    )
    pipeline = make_pipeline(columns, AdvisedClassifier(**QUICK))
    goals = {"advisedclassifier__goal": ["quality", "memory"]}
    search = GridSearchCV(pipeline, goals, cv=2).fit(frame, fate)
    assert search.best_params_["advisedclassifier__goal"] in {"quality", "memory"}
    assert len(cross_val_score(pipeline, frame, fate, cv=2)) == 2


@pytest.mark.parametrize(
    "labels",
    [[3, 7], [True, False], ["01", "1"], [0.0, 1.0], ["", "None"]],
    ids=["int", "bool", "text", "float", "gaps"],
)
def test_labels_come_back_as_they_were(labels):
    rows = np.random.default_rng(0).normal(size=(60, 2))
    y = np.array(labels)[(rows[:, 0] > 0).astype(int)]
    classifier = AdvisedClassifier(**QUICK).fit(rows, y)
    assert classifier.predict(rows).dtype == y.dtype
    assert (classifier.predict(rows) == y).mean() > 0.8


def test_several_amounts_a_row_come_back_in_their_own_units():
    rows = np.random.default_rng(0).normal(size=(200, 2))
    amounts = np.stack([rows[:, 0] * 1000 + 5000, rows[:, 1]], axis=1)
    regressor = AdvisedRegressor(**{**QUICK, "epochs": 40}).fit(rows, amounts)
    assert regressor.predict(rows).shape == (200, 2)
    assert regressor.score(rows, amounts) > 0.8


def test_limits_are_kept_and_a_limit_that_there_is_not_is_named():
    rows, fate = passengers(40)
    classifier = AdvisedClassifier(**QUICK, limits={"memory": "64MiB"}).fit(rows, fate)
    assert classifier.recommendation_.costs["peak_bytes"] < 64 * 2**20
    with pytest.raises(StudyError, match="memory"):
        AdvisedClassifier(**QUICK, limits={"train_bytes": 5}).fit(rows, fate)
    with pytest.raises(BadValue, match="there is no limit 'memmory'; did you mean 'memory'"):
        AdvisedClassifier(**QUICK, limits={"memmory": "64MiB"}).fit(rows, fate)
    with pytest.raises(StudyError, match="memory"):
        AdvisedClassifier(**QUICK, limits={"memory": "1KB"}).fit(rows, fate)


def test_a_column_says_what_trains_and_what_tests():
    frame, fate = passengers(60)
    classifier = AdvisedClassifier(**QUICK, time="boarded").fit(frame, fate)
    assert "Trains on the earliest rows by 'boarded' and tests on the latest." in classifier.notes_


def test_it_is_trained_once_more_on_the_rows_that_validated(fitted):
    classifier, frame, fate = fitted
    assert "Trained once more on the 96 rows" in " ".join(classifier.bundle_.about.notes)
    once = clone(classifier).set_params(retrain=False).fit(frame, fate)
    assert not any("once more" in note for note in once.bundle_.about.notes)


def test_sparse_rows_are_answered_as_they_are():
    rows = sparse.random(400, 60, density=0.05, format="csr", random_state=0)
    labels = np.asarray(rows[:, :30].sum(axis=1)).ravel() > np.asarray(rows[:, 30:].sum(axis=1)).ravel()
    classifier = AdvisedClassifier(**QUICK).fit(rows, labels)
    np.testing.assert_allclose(
        classifier.predict_proba(rows.tocsc()), classifier.predict_proba(rows), rtol=1e-6
    )
    assert classifier.score(rows, labels) > 0.6


def test_an_ensemble_answers_with_the_average_of_its_runs(fitted):
    classifier, frame, fate = fitted
    several = clone(classifier).set_params(ensemble=True).fit(frame, fate)
    assert not np.allclose(several.predict_proba(frame), classifier.predict_proba(frame))
    assert several.score(frame, fate) > 0.8


def test_a_table_of_arrow_is_taken_as_a_frame(fitted):
    classifier, frame, _ = fitted
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    np.testing.assert_array_equal(classifier.predict(arrow), classifier.predict(frame))


def test_a_model_and_a_metric_of_one_s_own_are_used():
    rows = np.random.default_rng(0).normal(size=(60, 2))
    classifier = AdvisedClassifier(**QUICK, model=Net, metric="balanced_accuracy")
    classifier.fit(rows, rows[:, 0] > 0)
    assert classifier.recommendation_.metric == "balanced_accuracy"
    chances = classifier.predict_proba(rows)
    again = pickle.loads(pickle.dumps(classifier))  # noqa: S301 - our own
    np.testing.assert_array_equal(again.predict_proba(rows), chances)


class Net(nn.Sequential):
    """A linear model of two columns."""

    def __init__(self):
        super().__init__(nn.Linear(2, 2))


def test_a_search_is_silent_unless_it_is_to_be_seen(capfd, caplog):
    AdvisedClassifier(**QUICK).fit(*passengers(40))
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    AdvisedClassifier(**QUICK, verbose=1).fit(*passengers(40))
    assert "start     AdamW" in capfd.readouterr().err


def test_rows_are_let_go_of_when_the_search_is_over():
    from studies import imports

    before = len(imports._REFERRED)
    AdvisedRegressor(**QUICK).fit(np.random.default_rng(0).normal(size=(40, 2)), np.arange(40.0))
    assert len(imports._REFERRED) == before


def test_they_are_reached_from_advisor_itself():
    assert advisor.AdvisedClassifier is AdvisedClassifier
    assert advisor.AdvisedRegressor is AdvisedRegressor
    light = "import sys, advisor; sys.exit('sklearn' in sys.modules or 'torch' in sys.modules)"
    assert not subprocess.run([sys.executable, "-c", light], check=False).returncode


def test_the_block_of_the_document_runs():
    document = Path(__file__).parents[2] / "docs" / "guides" / "scikit-learn.md"
    (block,) = re.findall(r"```python\n(.*?)```", document.read_text(), flags=re.DOTALL)
    frame, labels = passengers(60)
    names = {"frame": frame, "labels": labels, "new_frame": frame.head(3)}
    exec(block.replace('budget="60s"', 'budget="2trials", epochs=2'), names)  # noqa: S102 - the document is ours
    assert names["chances"].shape == (3, 2)
    assert len(names["scores"]) == 5


def test_a_fit_that_fails_leaves_nothing_of_the_one_before():
    rows, labels = load_iris(return_X_y=True)
    classifier = AdvisedClassifier(budget="2trials", epochs=2, model="linear").fit(rows, labels)
    with pytest.raises(ValueError, match="memry"):
        classifier.set_params(limits={"memry": "1MB"}).fit(rows, labels > 1)
    with pytest.raises(NotFittedError):
        classifier.predict(rows)
