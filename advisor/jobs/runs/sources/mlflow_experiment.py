"""MLflow experiment: in a SQLite file, a folder `mlruns`, or on a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import unquote, urlsplit

from advisor.jobs.runs.cells import flat
from advisor.jobs.runs.run import CurvePoint, Run, Runs
from advisor.jobs.runs.snapshots import database_file, snapshot
from advisor.jobs.runs.source import Source
from studies.errors import BadWorkload, did_you_mean, listed, one_line, shown
from studies.quantities import several
from studies.tracking import server
from studies.tracking.address import hidden, masked

if TYPE_CHECKING:
    import mlflow.entities
    from mlflow import MlflowClient

PARENT: Final = "mlflow.parentRunId"


@dataclass(frozen=True, kw_only=True)
class MlflowExperiment(Source):
    """MLflow experiment: its runs with their params, metrics and tags; a metric's history is a curve.

    A run that others are nested in is no run of its own: its params are theirs too.
    """

    kind: ClassVar[str] = "mlflow"
    within: ClassVar[str] = "--experiment"

    @contextmanager
    def opened(self) -> Iterator[Runs]:
        """Yield its runs that are not deleted."""
        where = hidden(str(self.where))
        with _address(str(self.where)) as address, _readable(str(self.where)):
            client = _client(address)
            experiment = _experiment(client, self.part, where)
            source = f"the MLflow experiment {shown(experiment.name)} in {where}"
            runs = list(server.runs(client, experiment.experiment_id))
            if not runs:
                raise BadWorkload(f"{source} holds no run; there is nothing to import")
            yield _runs(client, runs, source, experiment.name)


def _runs(client: MlflowClient, runs: list[mlflow.entities.Run], source: str, name: str) -> Runs:
    by_id = {run.info.run_id: run for run in runs}
    parents = {run.data.tags.get(PARENT, "") for run in runs}
    leaves = [run for run in runs if run.info.run_id not in parents]
    count = len(runs) - len(leaves)
    note = f"{several(count, 'run')} with runs nested within: these have its params too"
    metrics = dict.fromkeys(f"metrics.{metric}" for run in leaves for metric in run.data.metrics)
    return Runs(
        source=source,
        name=name,
        runs=tuple(_run(client, run, by_id) for run in leaves),
        results=tuple(metrics),
        notes=(note,) if count else (),
    )


def _run(client: MlflowClient, run: mlflow.entities.Run, by_id: dict[str, mlflow.entities.Run]) -> Run:
    parent = by_id.get(run.data.tags.get(PARENT, ""))
    params = (parent.data.params if parent else {}) | run.data.params
    tags = {name: text for name, text in run.data.tags.items() if not name.startswith("mlflow.")}
    values = flat({f"params.{name}": value for name, value in params.items()})
    values |= flat({f"metrics.{name}": value for name, value in run.data.metrics.items()})
    values |= flat({f"tags.{name}": value for name, value in tags.items()})
    if run.info.end_time and run.info.start_time:
        values["duration"] = (run.info.end_time - run.info.start_time) / 1000
    title = run.info.run_name or run.info.run_id
    return Run(
        name=f"run {title}", values=values, state=run.info.status, curve=partial(_curve, client, run.info)
    )


def _curve(client: MlflowClient, info: mlflow.entities.RunInfo, column: str) -> tuple[CurvePoint, ...]:
    """Return the history of a metric; the last value of each step."""
    metric = column.removeprefix("metrics.")
    if metric == column:
        return ()
    history = sorted(client.get_metric_history(info.run_id, metric), key=lambda entry: entry.timestamp)
    last = {entry.step: entry for entry in history}
    return tuple(
        CurvePoint(step=step, value=entry.value, seconds=max(0.0, (entry.timestamp - info.start_time) / 1000))
        for step, entry in sorted(last.items())
    )


def _client(address: str) -> MlflowClient:
    server.set_up()
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=address)


def _experiment(client: MlflowClient, name: str, where: str) -> mlflow.entities.Experiment:
    """Return the experiment of that name; without a name, the only one that holds runs.

    Raises:
        BadWorkload: there is none, or several and no name.
    """
    experiments = {each.name: each for each in client.search_experiments()}
    if name in experiments:
        return experiments[name]
    if name:
        raise BadWorkload(
            f"no MLflow experiment {shown(name)} in {where}{did_you_mean(name, experiments)} "
            f"It has {listed(sorted(experiments)) or 'none'}"
        )
    filled = [
        each for each in experiments.values() if client.search_runs([each.experiment_id], max_results=1)
    ]
    if len(filled) != 1:
        names = listed(sorted(each.name for each in filled))
        raise BadWorkload(
            f"{where} holds {len(filled)} experiments with runs, {names}; name one with --experiment NAME"
            if filled
            else f"{where} holds no MLflow run; there is nothing to import"
        )
    return filled[0]


@contextmanager
def _readable(where: str) -> Iterator[None]:
    """Tell in one line that MLflow could not read."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        raise BadWorkload(
            f"{hidden(where)} cannot be read by MLflow: {masked(one_line(error.message), where)[:200]}"
        ) from None


@contextmanager
def _address(where: str) -> Iterator[str]:
    """Yield an address that may be opened without a change to what is there.

    Of a SQLite file a copy, since MLflow makes tables in it; of a folder one with links to what is in it,
    since MLflow makes another beside that.
    """
    if (file := database_file(where)) is not None:
        with snapshot(file) as copy:
            yield f"sqlite:///{copy}"
    elif "://" in where and not where.startswith("file:"):
        yield where
    else:
        with _links(Path(unquote(urlsplit(where).path) if where.startswith("file:") else where)) as folder:
            yield folder.as_uri()


@contextmanager
def _links(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise BadWorkload(
            f"nothing at {shown(str(folder))}; give MLflow's SQLite file, its folder mlruns, or an address "
            "as in http://localhost:5000"
        )
    with TemporaryDirectory(prefix="advisor-") as place:
        for entry in folder.iterdir():
            if entry.name != ".trash":
                (Path(place) / entry.name).symlink_to(entry.resolve(), target_is_directory=entry.is_dir())
        yield Path(place)
