"""MLflow: a mirror of the journal, written in batches and never read back for a decision.

One experiment; one run a study, with one child run a trial. A pass writes what is not there yet, so it may be cut off anywhere:
the next pass completes it. Written through MlflowClient with one batch a trial: 26 ms, against 250 ms with a call a metric.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import math
import os
import posixpath
import re
import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from studies.errors import StoreError
from studies.record import Record
from studies.store import RECORD, open_study, plan_of

if TYPE_CHECKING:
    import optuna
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run

EXPERIMENT: Final = "optimizer-advisor"
STATUS: Final = {"complete": "FINISHED", "pruned": "KILLED", "infeasible": "KILLED", "failed": "FAILED"}
COSTS: Final = ("train_seconds", "peak_bytes", "optimizer_state_bytes", "model_bytes", "sparsity", "macs", "latency_seconds")
CHANGING: Final = ("budget", "limits", "goal", "device", "versions", "python", "spent_seconds")
"""Entries of the plan that a resume may change: tags, since MLflow's params are written once."""
APART: Final = ("id", "recommendation", "facts", "tracking_uri")  # neither params nor tags; an address may hold a password
SETTINGS: Final = {
    "DISABLE_TELEMETRY": "true", "SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "HTTP_REQUEST_MAX_RETRIES": "1", "HTTP_REQUEST_TIMEOUT": "10",
}  # fmt: skip


def default_uri(home: Path) -> str:
    """Return the address of the home's own MLflow database."""
    return f"sqlite:///{home.resolve() / 'mlflow.db'}"


def sync(home: Path, name: str, *, tracking_uri: str | None = None) -> int:
    """Write to MLflow every finished trial that is not there yet and return how many were written.

    Raises:
        StudyNotFound: there is no study of that name.
        StoreError: MLflow cannot be written, or another process is mirroring the study.
    """
    with closing(Sink(home, name, tracking_uri)) as sink, warnings.catch_warnings(action="ignore"):  # of MLflow's own parts
        return sink.write()


class Sink:
    """One study's place in MLflow. It remembers what it has written, so one process at a time holds it."""

    def __init__(self, home: Path, name: str, tracking_uri: str | None) -> None:
        self._home = home
        self._uri = tracking_uri or default_uri(home)
        self._study = open_study(home, name)
        self._lock = _hold(home / "studies" / f"{name}.mirror")
        self._client: MlflowClient | None = None
        self._experiment = ""
        self._runs: dict[int, str] = {}  # run ids by trial number, half-written runs too
        self._written: set[int] = set()

    def close(self) -> None:
        """Let another process mirror the study."""
        self._lock.close()

    def write(self, *, status: str | None = None) -> int:
        """Write what is new and return how many trials; the study's run takes `status` as long as it has no recommendation."""
        try:
            client = self._client or self._connect()
            parent = self._parent(client)
            new = tuple(self._unwritten())
            for trial, record in new:
                self._write_trial(client, parent.info.run_id, trial, record)
            self._write_study(client, parent, status)
        except Exception as error:  # whatever MLflow, its database driver and its network library raise
            line = f"MLflow at {self._uri} cannot be written: {' '.join(str(error).split())[:200]}"
            raise StoreError(re.sub(r"://[^/@]+@", "://***@", line)) from error
        return len(new)

    def _connect(self) -> MlflowClient:
        if self._uri == default_uri(self._home):
            with closing(sqlite3.connect(self._home / "mlflow.db")) as database:
                database.execute("PRAGMA journal_mode=wal")  # kept in the file; four writers then take half the time
        client = _client(self._uri)
        self._experiment = _experiment(client, None if self._uri.startswith("http") else self._home / "artifacts")
        ours = f"tags.`mlflow.parentRunId` = '{self._parent(client).info.run_id}'"
        for run in client.search_runs([self._experiment], ours, max_results=50_000):
            self._runs[int(run.data.tags["advisor.number"])] = run.info.run_id
            if run.info.status != "RUNNING":
                self._written.add(int(run.data.tags["advisor.number"]))
        self._client = client
        return client

    def _parent(self, client: MlflowClient) -> Run:
        name, plan = self._study.study_name, plan_of(self._study)
        identity = f"{name}:{plan['id']}" if "id" in plan else name
        found = client.search_runs([self._experiment], f"tags.`advisor.study` = '{identity}'", max_results=1)
        return found[0] if found else client.create_run(self._experiment, tags={"advisor.study": identity}, run_name=name)

    def _unwritten(self) -> Iterator[tuple[optuna.trial.FrozenTrial, Record]]:
        for trial in self._study.get_trials(deepcopy=False):
            if trial.number not in self._written and RECORD in trial.user_attrs:
                record = Record.from_dict(trial.user_attrs[RECORD])
                if record.state in STATUS:
                    yield trial, record

    def _write_trial(self, client: MlflowClient, parent: str, trial: optuna.trial.FrozenTrial, record: Record) -> None:
        start = _milliseconds(trial.datetime_start)
        if trial.number not in self._runs:
            tags = {"mlflow.parentRunId": parent, "advisor.number": str(trial.number)}
            run = client.create_run(self._experiment, start, tags, f"{trial.number} {record.optimizer}")
            self._runs[trial.number] = run.info.run_id
        run_id = self._runs[trial.number]
        metrics, skipped = metrics_of(record, str(plan_of(self._study).get("metric", "metric")), start)
        tags = tags_of(record) | ({"advisor.not_finite": ", ".join(skipped)} if skipped else {})
        _log(client, run_id, metrics, record.params, tags)
        end = _milliseconds(trial.datetime_complete) or start + round(1000 * (record.train_seconds or 0))
        client.set_terminated(run_id, STATUS[record.state], end)
        self._written.add(trial.number)

    def _write_study(self, client: MlflowClient, parent: Run, status: str | None) -> None:
        plan, run_id = plan_of(self._study), parent.info.run_id
        params, tags = params_and_tags(plan)
        if advice := plan.get("recommendation"):
            status = "FINISHED"
            tags["advisor.recommendation"] = hashlib.sha256(json.dumps(advice, sort_keys=True).encode()).hexdigest()[:16]
            if tags["advisor.recommendation"] != parent.data.tags.get("advisor.recommendation"):
                client.log_text(run_id, advice["markdown"], "recommendation.md")
                client.log_text(run_id, advice["json"], "recommendation.json")
        params = {key: value for key, value in params.items() if _key(key) not in parent.data.params}
        tags = {key: value for key, value in tags.items() if parent.data.tags.get(_key(key)) != value}
        if params or tags:
            _log(client, run_id, [], params, tags)
        if status == "RUNNING" != parent.info.status:
            client.update_run(run_id, status)
        elif status not in {None, parent.info.status}:
            client.set_terminated(run_id, status)


def metrics_of(record: Record, metric: str, start: int) -> tuple[list[Metric], list[str]]:
    """Return a record's metrics, and the names of those left out because a value was not finite: MLflow writes inf as 1.8e308.

    The timestamps follow from the record alone, so that a batch written twice is one batch.
    """
    from mlflow.entities import Metric

    final = {name: getattr(record, name) for name in COSTS} | {"test_quality": record.test_quality}
    final |= footprint_of(record)
    final["quality" if record.state == "complete" else "partial_quality"] = record.quality
    rows = [(name, value, start, 0) for name, value in final.items() if value is not None]
    for point in record.curve:
        now = start + (round(1000 * point.seconds) if math.isfinite(point.seconds) else 0)
        series = {"train_loss": point.train_loss, "valid_loss": point.valid_loss, f"valid_{metric}": point.valid_metric}
        rows += [(name, value, now, point.epoch) for name, value in series.items()]
    finite = [Metric(_key(name), float(value), now, step) for name, value, now, step in rows if math.isfinite(value)]
    return finite, sorted({name for name, value, _, _ in rows if not math.isfinite(value)})


def footprint_of(record: Record) -> dict[str, float | int | None]:
    """Return what was measured on a deployed file, flat: `latency_64_p90_seconds`, `reference_quality`, `compressed_bytes`."""
    if record.footprint is None:
        return {}
    measured = asdict(record.footprint).items()
    found: dict[str, float | int | None] = {key: value for key, value in measured if isinstance(value, int | float)}
    for latency in record.footprint.latencies:
        timed = {key: value for key, value in asdict(latency).items() if key != "batch"}
        found |= {f"latency_{latency.batch}_{key}": value for key, value in timed.items()}
    return found


def tags_of(record: Record) -> dict[str, str]:
    """Return a record's tags."""
    named = {"state": record.state, "stage": record.stage, "seed": record.seed, "error": record.error, "source": record.source}
    return {f"advisor.{name}": str(value)[:5000] for name, value in named.items() if value is not None}  # MLflow takes 8000


def params_and_tags(plan: Mapping[str, Any]) -> tuple[dict[str, object], dict[str, str]]:
    """Return a plan's entries, nested ones under dotted names: those that stay, and those that may change."""
    flat = _flat({key: value for key, value in plan.items() if key not in APART})
    stays = {key: value for key, value in flat.items() if key.split(".")[0] not in CHANGING}
    return stays, {f"advisor.{key}": str(value)[:5000] for key, value in flat.items() if key not in stays}


def _hold(path: Path) -> IO[str]:
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StoreError(f"another process is mirroring study '{path.stem}'; wait for it to end") from None
    return file


def _client(uri: str) -> MlflowClient:
    """Open `uri` without MLflow's telemetry, its chatter and its seven retries, which take minutes when the server is gone."""
    for setting, value in SETTINGS.items():
        os.environ.setdefault(f"MLFLOW_{setting}", value)
    from mlflow import MlflowClient

    for chatty in ("mlflow", "alembic"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=uri)


def _experiment(client: MlflowClient, artifacts: Path | None) -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        return client.create_experiment(EXPERIMENT, None if artifacts is None else artifacts.resolve().as_uri())
    return str(found.experiment_id)


def _log(client: MlflowClient, run_id: str, metrics: list[Metric], params: Mapping[str, Any], tags: Mapping[str, str]) -> None:
    from mlflow.entities import Param, RunTag

    as_params = [Param(_key(key), str(value)) for key, value in params.items()]
    client.log_batch(run_id, metrics, as_params, [RunTag(_key(key), value) for key, value in tags.items()])


def _key(name: str) -> str:
    """Return a name that MLflow takes: letters, digits and `_-. :/`, and no path that could be written shorter."""
    plain = re.sub(r"[^\w\-. :/]", "_", name)
    return plain if posixpath.normpath(plain) == plain and not plain.startswith(("/", "..")) else plain.replace("/", "_")


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in values.items():
        if value is not None:
            flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return flat


def _milliseconds(moment: Any) -> int:
    return 0 if moment is None else round(1000 * moment.timestamp())
