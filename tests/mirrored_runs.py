"""Runs in MLflow as tests read them, and the study that they mirror."""

from dataclasses import replace

import optuna

from studies.record import Measurement
from studies.tracking.run_names import EXPERIMENT
from studies.tracking.sink import default_uri

from records import record

DIGITS = f"{EXPERIMENT}: digits"
"""The experiment of the studies on this data."""
PLAN = {
    "id": "7f3a",
    "dataset": "digits",
    "model": "cnn",
    "metric": "accuracy",
    "seed": 5,
    "budget": {"seconds": 60.0, "trials": None},
    "versions": {"torch": "2.13"},
    "facts": {"rows": 1000},
    "workload": {"source": "digits", "digest": "0123456789abcdef", "seed": 5},
    "git": {"commit": "c0ffee", "changed": True},
    "sensitivity": [{"name": "0.weight", "size": 4, "before": 1.0, "levels": [0.5], "losses": [1.5]}],
}
CURVE = tuple(
    Measurement(
        epoch=epoch,
        step=10 * epoch,
        seconds=0.5 * epoch,
        train_loss=1 / epoch,
        valid_loss=2 / epoch,
        valid_metric=epoch / 4,
    )
    for epoch in (1, 2, 3)
)
COSTS = {"peak_bytes": 4096, "optimizer_state_bytes": 2048, "model_bytes": 1024, "latency_seconds": 0.002}


def trial(number, state="complete", **changes):
    fields = {"curve": CURVE, "quality": 0.75, "seed": 7, "train_seconds": 1.5} | COSTS | changes
    return replace(record(number, state=state), **fields)


def add(study, *trials):
    for each in trials:
        attributes = {"record": each.to_dict()}
        study.add_trial(
            optuna.trial.create_trial(
                value=each.quality or 0.0, params={}, distributions={}, user_attrs=attributes
            )
        )


def client(home):
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=default_uri(home))


def runs(home):
    """Return the study's run and its trials' runs by number."""
    mlflow = client(home)
    frame = mlflow.search_runs([mlflow.get_experiment_by_name(DIGITS).experiment_id])
    parents = [run for run in frame if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in frame if "mlflow.parentRunId" in run.data.tags]
    assert len(parents) == 1
    assert {run.data.tags["mlflow.parentRunId"] for run in children} <= {parents[0].info.run_id}
    by_number = {int(run.data.tags["advisor.number"]): run for run in children}
    assert len(by_number) == len(children)
    return parents[0], by_number


def curve(home, run, name):
    return [(point.step, point.value) for point in client(home).get_metric_history(run.info.run_id, name)]
