"""Real stores of Optuna and MLflow are read as they are, and left as they were."""

import hashlib
import os

import optuna
import pandas as pd
import pytest
from mlflow import MlflowClient

import advisor
from advisor.jobs.runs.columns import RunsRequest
from advisor.jobs.runs.reading import read_runs
from advisor.jobs.runs.sources.mlflow_experiment import MlflowExperiment
from advisor.jobs.runs.sources.optuna_study import OptunaStudy
from studies.errors import BadValue, BadWorkload

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")  # MLflow's own use
os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial):
    optimizer = trial.suggest_categorical("optim", ["adam", "sgd"])
    lr = trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)
    if trial.number == 1:
        raise ValueError("boom")
    for epoch in range(3):
        trial.report(0.5 + lr * epoch, epoch)
    if trial.number == 2:
        raise optuna.TrialPruned
    return 0.5 + 2 * lr + 0.1 * (optimizer == "adam")


def searched(storage=None, name="mnist"):
    study = optuna.create_study(direction="maximize", storage=storage, study_name=name)
    study.optimize(objective, n_trials=6, catch=(ValueError,))
    return study


def contents(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in folder.rglob("*")
    }


def storages(folder):
    journal = optuna.storages.journal.JournalFileBackend(str(folder / "j.log"))
    return {
        f"sqlite:///{folder / 'a.db'}": f"sqlite:///{folder / 'a.db'}",
        str(folder / "b.db"): f"sqlite:///{folder / 'b.db'}",
        str(folder / "j.log"): optuna.storages.JournalStorage(journal),
    }


def test_a_study_of_optuna_is_read_from_any_storage_without_a_change(tmp_path):
    for where, storage in storages(tmp_path).items():
        trials = searched(storage).trials
        before = contents(tmp_path)
        records = read_runs(OptunaStudy(where=where)).records
        assert contents(tmp_path) == before
        assert [run.state for run in records[:4]] == ["complete", "failed", "pruned", "complete"]
        assert [run.quality for run in records if run.state == "complete"] == [
            trial.value for trial in trials if trial.state.name == "COMPLETE"
        ]
        assert [point.epoch for point in records[0].curve] == [1, 2, 3]
        assert records[0].optimizer in {"Adam", "SGD"}


def test_a_study_in_memory_and_its_frame_come_to_the_same_advice():
    study = searched()
    answer = advisor.recommend(study, metric="accuracy")
    frame = study.trials_dataframe()
    assert isinstance(frame, pd.DataFrame)
    same = advisor.recommend(frame, metric="value", direction="maximize")
    assert (answer.optimizer, answer.quality) == (same.optimizer, same.quality)
    assert answer.metric == "accuracy"


def test_which_of_several_is_asked_for(tmp_path):
    storage = f"sqlite:///{tmp_path / 'a.db'}"
    searched(storage, "one-study"), searched(storage, "other")
    with pytest.raises(BadWorkload, match="holds 2 studies, one-study, other; name one with --study NAME"):
        read_runs(OptunaStudy(where=storage))
    with pytest.raises(BadWorkload, match=r"no Optuna study 'othe' .*did you mean 'other'"):
        read_runs(OptunaStudy(where=storage, part="othe"))
    study = optuna.create_study(directions=["maximize", "minimize"])
    study.add_trial(
        optuna.trial.create_trial(
            values=[0.9, 3.0],
            params={"optimizer": "sgd"},
            distributions={"optimizer": optuna.distributions.CategoricalDistribution(["sgd"])},
        )
    )
    with pytest.raises(BadValue, match="it may be values_0, values_1; say --metric COLUMN"):
        advisor.recommend(study)
    assert advisor.recommend(study, metric="values_1").direction == "minimize"


def test_a_constraint_that_was_broken_is_no_success():
    study = optuna.create_study(direction="maximize")
    trial = study.ask({"optimizer": optuna.distributions.CategoricalDistribution(["sgd", "adam"])})
    trial.set_constraint("bytes", 1.0)
    study.tell(trial, 0.9)
    study.tell(study.ask({"optimizer": optuna.distributions.CategoricalDistribution(["sgd", "adam"])}), 0.5)
    assert [run.state for run in read_runs(OptunaStudy(where=study)).records] == ["infeasible", "complete"]


def test_a_study_of_our_own_is_said_to_be_ours(tmp_path):
    study = advisor.search("iris", budget="3trials", epochs=3, home=tmp_path, tracking_uri="off")
    with pytest.raises(BadWorkload, match=r"was made by optimizer-advisor itself; .* advisor recommend"):
        read_runs(OptunaStudy(where=tmp_path / "studies" / f"{study}.journal", part=str(study)))


def logged(uri):
    client = MlflowClient(tracking_uri=uri)
    experiment = client.create_experiment("mnist")
    parent = client.create_run(experiment).info.run_id
    client.log_param(parent, "batch_size", 32)
    client.set_terminated(parent)
    for optimizer, seed, top in (("adam", 0, 0.9), ("adam", 1, 0.92), ("sgd", 0, 0.8)):
        run = client.create_run(experiment, tags={"mlflow.parentRunId": parent}).info.run_id
        client.log_param(run, "optimizer", optimizer)
        client.log_param(run, "lr", 0.01)
        client.log_param(run, "seed", seed)
        for step in range(3):
            client.log_metric(run, "val_acc", top - 0.1 * (2 - step), step=step)
            client.log_metric(run, "train_loss", 1.0 / (step + 1), step=step)
        client.set_terminated(run)


@pytest.mark.parametrize("kind", ["database", "folder"])
def test_an_experiment_of_mlflow_is_read_without_a_change(tmp_path, kind):
    where = f"sqlite:///{tmp_path / 'mlflow.db'}" if kind == "database" else str(tmp_path / "mlruns")
    logged(where)
    before = contents(tmp_path)
    runs = read_runs(MlflowExperiment(where=where, part="mnist"))
    assert contents(tmp_path) == before
    assert [(run.optimizer, run.seed, run.quality) for run in runs.records] == [
        ("Adam", 0, 0.9), ("Adam", 1, 0.92), ("SGD", 0, 0.8),
    ]  # fmt: skip
    assert runs.records[0].params == {
        "optimizer": "Adam", "optimizer.Adam.lr": 0.01, "batch_size": 32,
    }  # fmt: skip
    assert [round(point.valid_metric, 3) for point in runs.records[0].curve] == [0.7, 0.8, 0.9]
    assert len(runs.evidence.confirmations("Adam")) == 2


def test_an_experiment_that_is_not_there_is_answered_with_those_that_are(tmp_path):
    where = f"sqlite:///{tmp_path / 'mlflow.db'}"
    logged(where)
    with pytest.raises(BadWorkload, match=r"no MLflow experiment 'mnst' .*did you mean 'mnist'.* It has"):
        read_runs(MlflowExperiment(where=where, part="mnst"))
    assert read_runs(MlflowExperiment(where=where)).name == "mnist"  # the only one with runs


@pytest.mark.parametrize("source", [OptunaStudy, MlflowExperiment])
def test_what_is_no_store_is_one_plain_line_and_stays_as_it_was(source, tmp_path):
    (tmp_path / "text").write_text("hello")
    pd.DataFrame({"a": [1]}).to_csv(tmp_path / "runs.csv")
    for name in ("gone.db", "text", "runs.csv"):
        with pytest.raises(BadWorkload) as raised:
            read_runs(source(where=str(tmp_path / name)), RunsRequest())
        assert "\n" not in str(raised.value)
    with pytest.raises(BadWorkload, match="no file"):
        read_runs(source(where=f"sqlite:///{tmp_path / 'none.db'}"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs.csv", "text"]
