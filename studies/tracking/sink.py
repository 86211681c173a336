"""MLflow mirror of the journal: written in batches, never read back for a decision.

One experiment for each data set; one run a study, with one child run a trial. A pass writes what is not there
yet, so it may be cut off anywhere: the next pass completes it. The journal is the queue: what MLflow could
not take stays there for `advisor sync`.
"""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studies.errors import StoreError
from studies.record import Record
from studies.storage.document import plain
from studies.storage.journal import manifest_of, open_study
from studies.storage.locks import acquire, worked_on
from studies.storage.trial_lines import RECORD, all_trials, lighten, number_of
from studies.tracking.address import whole
from studies.tracking.entries import (
    STATUS,
    dataset_of,
    key,
    metrics_of,
    params_and_tags,
    recommended,
    tags_of,
)
from studies.tracking.run_names import EXPERIMENT, child_name, experiment_name
from studies.tracking.server import (
    connect,
    default_uri,
    experiment_id,
    log,
    missing,
    new_experiment,
    runs,
    unwritable,
)

if TYPE_CHECKING:
    import optuna
    from filelock import BaseFileLock
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from studies.storage.manifest import StudyManifest

__all__ = ["EXPERIMENT", "Sink", "default_uri", "figures_of", "sync"]


def figures_of(home: Path, name: str) -> Path:
    """Return where the page of a study's figures, HTML, is looked for; whoever draws them puts them there."""
    return home / "figures" / f"{name}.html"


def sync(home: Path, name: str, *, tracking_uri: str | None = None) -> int:
    """Write to MLflow every finished trial that is not there yet and return how many were written.

    Raises:
        StudyNotFound: there is no study of that name.
        StoreError: MLflow cannot be written, or another process is mirroring the study.
    """
    # the warnings are those of MLflow's own parts
    with closing(Sink(home, name, tracking_uri)) as sink, warnings.catch_warnings(action="ignore"):
        return sink.write(status="RUNNING" if worked_on(home, name) else "KILLED")


class Sink:
    """Sink: one study's place in MLflow.

    It remembers what it has written, so one process at a time has it.
    """

    def __init__(self, home: Path, name: str, tracking_uri: str | None) -> None:
        self.home = home
        self.uri = whole(tracking_uri) or default_uri(home)
        self._study = open_study(home, name)
        self._lock = _locked(home / "studies" / f"{name}.mirror")
        self._client: MlflowClient | None = None
        self.experiment = ""
        """Id of the experiment that the study lies in, once something was written."""
        self.run_id = ""
        """Of the study's own run, once something was written."""
        self._begun: dict[int, Run] = {}  # half-written runs by trial number
        self._written: set[int] = set()

    def close(self) -> None:
        """Let another process mirror the study."""
        self._lock.release()

    def write(self, *, status: str | None = None) -> int:
        """Write what is new; return how many trials that were.

        The study's run takes `status` as long as it has no recommendation.
        """
        try:
            manifest = manifest_of(self._study)
            client = self._client or self._connect(manifest)
            new = tuple(self._unwritten())
            for trial, record in new:
                self._write_trial(client, manifest, trial, record)
            self._write_study(client, manifest, status)
        except Exception as error:  # whatever MLflow, its database driver and its network library raise
            raise unwritable(self.uri, error) from error
        return len(new)

    def _connect(self, manifest: StudyManifest) -> MlflowClient:
        client = connect(self.uri, self.home)
        self.run_id = self._parent(client, manifest)
        for run in runs(client, self.experiment, f"tags.`mlflow.parentRunId` = '{self.run_id}'"):
            self._remember(client, run)
        self._client = client
        return client

    def _parent(self, client: MlflowClient, manifest: StudyManifest) -> str:
        """Return the id of the study's own run, the oldest one where a lost answer made two."""
        name = self._study.study_name
        identity = f"{name}:{manifest.id}" if manifest.id else name
        run = self._parent_there(client, experiment_name(manifest), identity)
        if run is None:
            begun = _milliseconds(min(self._moments("datetime_start"), default=None)) or None
            run = client.create_run(self.experiment, begun, tags={"advisor.study": identity}, run_name=name)
        return str(run.info.run_id)

    def _parent_there(self, client: MlflowClient, name: str, identity: str) -> Run | None:
        """Return the run of the study that is there, and remember its experiment; else that of its data.

        Studies of earlier versions lie in one experiment for all data, and go on there.
        """
        for known in dict.fromkeys((name, EXPERIMENT)):
            if experiment := experiment_id(client, known):
                run = next(runs(client, experiment, f"tags.`advisor.study` = '{identity}'"), None)
                if run is not None:
                    self.experiment = experiment
                    return run
        self.experiment = experiment_id(client, name) or new_experiment(client, name, self.uri, self.home)
        return None

    def _remember(self, client: MlflowClient, run: Run) -> None:
        """Remember a run that is there.

        Of two for one trial, as a lost answer of a server leaves them, the whole one stays.
        """
        number = int(run.data.tags.get("advisor.number", -1))
        whole, twin = run.info.status != "RUNNING", self._begun.get(number)
        if number in self._written or (twin and not whole):
            client.delete_run(run.info.run_id)
        elif whole:
            if twin:
                client.delete_run(self._begun.pop(number).info.run_id)
            self._written.add(number)
        else:
            self._begun[number] = run

    def _unwritten(self) -> Iterator[tuple[optuna.trial.FrozenTrial, Record]]:
        for trial in all_trials(self._study):
            if number_of(trial) in self._written:
                lighten(trial)
            elif RECORD in trial.user_attrs:
                record = Record.from_dict(trial.user_attrs[RECORD])
                if record.state in STATUS:
                    yield trial, record

    def _write_trial(
        self, client: MlflowClient, manifest: StudyManifest, trial: optuna.trial.FrozenTrial, record: Record
    ) -> None:
        number, start = number_of(trial), _milliseconds(trial.datetime_start)
        metrics, skipped = metrics_of(record, manifest.metric, start)
        run = self._begun.get(number)
        if run is None:
            tags = tags_of(record) | ({"advisor.not_finite": ", ".join(skipped)} if skipped else {})
            tags |= {"mlflow.parentRunId": self.run_id, "advisor.number": str(number)}
            if git := manifest.git:
                tags["mlflow.source.git.commit"] = git.commit
            run = client.create_run(self.experiment, start, tags, child_name(record, manifest))
            self._begun[number] = run
        else:
            metrics = missing(client, run, metrics)
        log(client, run.info.run_id, metrics, record.params)
        end = _milliseconds(trial.datetime_complete) or start + round(1000 * (record.train_seconds or 0))
        client.set_terminated(run.info.run_id, STATUS[record.state], end)
        self._begun.pop(number)
        self._written.add(number)

    def _write_study(self, client: MlflowClient, manifest: StudyManifest, status: str | None) -> None:
        run = client.get_run(self.run_id)
        figures: dict[str, float] = {}
        params, tags = params_and_tags(manifest)
        if advice := manifest.recommendation:
            status = "FINISHED"
            figures, said = recommended(advice)
            tags |= said | {
                "advisor.recommendation": _digest(json.dumps(plain(advice), sort_keys=True).encode())
            }
            if tags["advisor.recommendation"] != run.data.tags.get("advisor.recommendation"):
                client.log_text(self.run_id, advice.markdown, "recommendation.md")
                client.log_text(self.run_id, advice.json, "recommendation.json")
        tags |= self._write_figures(client, run)
        self._write_page(client, run, figures, params, tags)
        dataset = None if run.inputs and run.inputs.dataset_inputs else dataset_of(manifest)
        if dataset is not None:
            client.log_inputs(self.run_id, [dataset])
        if status == "RUNNING" != run.info.status:
            client.update_run(self.run_id, status)
        elif status not in {None, run.info.status}:
            ended = _milliseconds(max(self._moments("datetime_complete"), default=None)) or None
            client.set_terminated(self.run_id, status, ended)

    def _moments(self, which: str) -> list[Any]:
        """Return when the trials began or ended: the study's run has the search's times, not the mirror's."""
        moments = (getattr(trial, which) for trial in all_trials(self._study))
        return [moment for moment in moments if moment is not None]

    def _write_page(
        self,
        client: MlflowClient,
        run: Run,
        figures: Mapping[str, float],
        params: Mapping[str, Any],
        tags: Mapping[str, str],
    ) -> None:
        """Write what the study's own run does not say yet, or says otherwise."""
        from mlflow.entities import Metric

        now = round(1000 * time.time())
        metrics = [
            Metric(name, value, now, 0)
            for name, value in figures.items()
            if run.data.metrics.get(name) != value
        ]
        params = {name: value for name, value in params.items() if key(name) not in run.data.params}
        tags = {name: value for name, value in tags.items() if run.data.tags.get(key(name)) != value}
        log(client, self.run_id, metrics, params, tags)

    def _write_figures(self, client: MlflowClient, run: Run) -> dict[str, str]:
        """Write the page of figures if somebody drew a new one; return the tag that says which is there."""
        path = figures_of(self.home, self._study.study_name)
        if not path.is_file():
            return {}
        page = path.read_bytes()
        if (digest := _digest(page)) != run.data.tags.get("advisor.figures"):
            client.log_text(self.run_id, page.decode(), "figures.html")
        return {"advisor.figures": digest}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _locked(path: Path) -> BaseFileLock:
    lock = acquire(path)
    if lock is None:
        raise StoreError(f"another process is mirroring study '{path.stem}'; wait for it to end")
    return lock


def _milliseconds(moment: Any) -> int:
    return 0 if moment is None else round(1000 * moment.timestamp())
