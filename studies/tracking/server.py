"""MLflow server: MLflow itself, wherever it is, as a file, a database or a server.

Everything goes through MlflowClient with explicit run ids.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from studies.errors import StoreError, one_line
from studies.tracking.address import hidden, masked
from studies.tracking.entries import key, text

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run

STUDIES_FILTER: Final = "tags.`advisor.study` LIKE '%'"
"""What MLflow's list is filtered by to show studies without their trials."""
SETTINGS: Final = {
    "DISABLE_TELEMETRY": "true", "SUPPRESS_PRINTING_URL_TO_STDOUT": "true", "ALLOW_FILE_STORE": "true",
    "HTTP_REQUEST_MAX_RETRIES": "0", "HTTP_REQUEST_TIMEOUT": "10",
}  # fmt: skip
"""Without telemetry and chatter. No retries: a run whose answer was lost would be made twice, and the next
pass is a retry."""
PAGE: Final = 500
"""Runs a request: a server answers so many within its timeout."""
MOST_METRICS: Final = 900
MOST_PARAMS: Final = 90
"""A batch: MLflow takes 1000 entries, 100 of them params or tags."""


def default_uri(home: Path) -> str:
    """Return the address of the home's own MLflow database.

    A path with a character that means something in an address is written in escapes, and under the longer
    name of the driver: for the short one MLflow makes a folder of the path as it is written.
    """
    path = str(home.resolve() / "mlflow.db")
    if not set(path) & set("?%#"):
        return f"sqlite:///{path}"
    return f"sqlite+pysqlite:///{quote(path)}"


def set_up() -> None:
    """Tell MLflow our settings, before it is imported; what the environment says goes before them."""
    for setting, value in SETTINGS.items():
        os.environ.setdefault(f"MLFLOW_{setting}", value)


def connect(uri: str, home: Path) -> MlflowClient:
    """Return a client of MLflow at an address."""
    set_up()
    if uri == default_uri(home):
        with closing(sqlite3.connect(home / "mlflow.db")) as database:
            # stays set in the file; four writers then take half the time
            database.execute("PRAGMA journal_mode=wal")
    from mlflow import MlflowClient

    for chatty in ("mlflow", "alembic"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    _sync_less()
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def experiment_id(client: MlflowClient, name: str) -> str:
    """Return the id of an experiment, brought back if it was deleted; empty where there is none."""
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return ""
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    return str(experiment.experiment_id)


def new_experiment(client: MlflowClient, name: str, uri: str, home: Path) -> str:
    """Make an experiment whose page links to its studies alone, and return its id."""
    places_files_itself = uri.startswith(("http", "file")) or "://" not in uri
    files = None if places_files_itself else (home / "artifacts").resolve().as_uri()
    kind = {"mlflow.experimentKind": "custom_model_development"}
    made = str(client.create_experiment(name, files, kind))
    note = f"A run a study, with a child run a trial. [Studies alone]({studies_alone(made)})"
    client.set_experiment_tag(made, "mlflow.note.content", note)
    return made


def studies_alone(experiment: str) -> str:
    """Return where MLflow's page lists the studies of an experiment without their trials."""
    return f"#/experiments/{experiment}/runs?searchFilter={quote(STUDIES_FILTER)}"


def unwritable(uri: str, error: Exception) -> StoreError:
    """Return what went wrong in one line, without the secrets that an address may hold."""
    words = masked(one_line(error), uri)[:200]
    return StoreError(f"MLflow at {hidden(uri)} cannot be written: {words}")


def runs(client: MlflowClient, experiment: str, query: str = "") -> Iterator[Run]:
    """Yield the runs that a filter asks for, all without one, page by page, oldest first."""
    token = None
    while True:
        page = client.search_runs(
            [experiment], query, max_results=PAGE, order_by=["attributes.start_time ASC"], page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return


def log(
    client: MlflowClient,
    run_id: str,
    metrics: list[Metric],
    params: Mapping[str, Any],
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write metrics, params and tags in as few batches as MLflow takes."""
    from mlflow.entities import Param, RunTag

    settings = [Param(key(name), text(value)) for name, value in params.items()]
    words = [RunTag(key(name), value) for name, value in (tags or {}).items()]
    while metrics or settings or words:
        client.log_batch(
            run_id,
            metrics[:MOST_METRICS],
            settings[:MOST_PARAMS],
            words[:10] if settings else words[:MOST_PARAMS],
        )
        metrics, words = metrics[MOST_METRICS:], words[10 if settings else MOST_PARAMS :]
        settings = settings[MOST_PARAMS:]


def missing(client: MlflowClient, run: Run, metrics: Iterable[Metric]) -> list[Metric]:
    """Return the metrics that a half-written run lacks.

    A file store would hold a value twice that is written twice.
    """
    known = {
        (name, point.step, point.timestamp)
        for name in run.data.metrics
        for point in client.get_metric_history(run.info.run_id, name)
    }
    return [metric for metric in metrics if (metric.key, metric.step, metric.timestamp) not in known]


def _sync_less() -> None:
    """Let SQLite wait for the disk at checkpoints alone.

    With its log that loses nothing but the last runs, which come again.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    if not event.contains(Engine, "connect", _relax):
        event.listen(Engine, "connect", _relax)


def _relax(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        with suppress(sqlite3.Error), closing(connection.cursor()) as cursor:
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                cursor.execute("PRAGMA synchronous=NORMAL")
