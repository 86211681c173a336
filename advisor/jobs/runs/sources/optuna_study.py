"""Optuna study: in a storage (SQLite or another database, or a journal file), or in memory."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from advisor.jobs.runs.cells import flat
from advisor.jobs.runs.run import CurvePoint, Run, Runs, no_curve
from advisor.jobs.runs.snapshots import database_file, snapshot
from advisor.jobs.runs.source import Source
from studies.direction import Direction
from studies.errors import BadWorkload, did_you_mean, listed, one_line, shown
from studies.tracking.address import hidden, masked

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

VALUE = "value"
"""What an objective is called that its owner gave no name."""


@dataclass(frozen=True, kw_only=True)
class OptunaStudy(Source):
    """Optuna study: a trial a run, its reported values the learning curve."""

    kind: ClassVar[str] = "optuna"
    within: ClassVar[str] = "--study"

    @classmethod
    def takes(cls, value: object) -> bool:
        """Tell whether it is a study; Optuna is not imported to ask."""
        return type(value).__module__.startswith("optuna.study") and hasattr(value, "get_trials")

    @contextmanager
    def opened(self) -> Iterator[Runs]:
        """Yield a run for each trial that was begun."""
        if self.takes(self.where):
            yield runs_in(self.where, "the Optuna study")
            return
        with _storage(str(self.where)) as storage:
            where = hidden(str(self.where))
            study = _study(storage, self.part, where)
            yield runs_in(study, f"the Optuna study {shown(study.study_name)} in {where}")


def runs_in(study: optuna.Study, source: str) -> Runs:
    """Return the runs of an Optuna study.

    Raises:
        BadWorkload: it is one of this program's own.
    """
    trials = study.get_trials(deepcopy=False)
    if any(
        "record" in trial.user_attrs and "stage" in _mapping(trial.user_attrs["record"]) for trial in trials
    ):
        raise BadWorkload(
            f"{source} was made by optimizer-advisor itself; read it where it lies, as in: "
            f"advisor recommend {study.study_name} --home HOME"
        )
    metrics = _metrics(study)
    runs = tuple(_run(trial, metrics) for trial in trials if trial.state.name != "WAITING")
    if not runs:
        raise BadWorkload(f"{source} holds no trial; there is nothing to import")
    directions = tuple(Direction(each.name.lower()) for each in study.directions)
    return Runs(
        source=source,
        name=study.study_name,
        runs=runs,
        metrics=metrics,
        directions=directions,
        results=metrics,
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _metrics(study: optuna.Study) -> tuple[str, ...]:
    if study.metric_names:
        return tuple(study.metric_names)
    count = len(study.directions)
    return (VALUE,) if count == 1 else tuple(f"values_{number}" for number in range(count))


def _run(trial: FrozenTrial, metrics: Sequence[str]) -> Run:
    values = flat(trial.params)
    values |= {f"user_attrs.{name}": value for name, value in flat(trial.user_attrs).items()}
    if trial.duration is not None:
        values["duration"] = trial.duration.total_seconds()
    # a trial that was pruned has the last value that it reported
    reached = trial.values or (
        [trial.intermediate_values[trial.last_step]] if trial.last_step is not None else []
    )
    values |= dict(zip(metrics, reached, strict=False))
    points = tuple(
        CurvePoint(step=step, value=float(value)) for step, value in sorted(trial.intermediate_values.items())
    )
    return Run(
        name=f"trial {trial.number}",
        values=values,
        state=trial.state.name,
        curve=(lambda column: points if column == metrics[0] else ()) if len(metrics) == 1 else no_curve,
        infeasible=any(violation > 0 for violation in _violations(trial)),
        error=str(trial.system_attrs.get("fail_reason", "")),
    )


def _violations(trial: FrozenTrial) -> list[float]:
    constraints = trial.constraints
    values = constraints.values() if isinstance(constraints, dict) else constraints or ()
    return [float(value) for value in values]


@contextmanager
def _storage(where: str) -> Iterator[Any]:
    """Yield the storage behind an address or a path; of a SQLite file, a copy of it.

    Raises:
        BadWorkload: there is none, or this Optuna cannot read it.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        if (file := database_file(where)) is not None:
            with snapshot(file) as copy:
                yield _database(copy, where)
        elif "://" in where:
            yield optuna.storages.RDBStorage(where, skip_table_creation=True)
        else:
            yield _journal(Path(where))
    except BadWorkload:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a database, its driver, or a file of another version raises
        raise BadWorkload(
            f"{hidden(where)} cannot be read as an Optuna storage: {masked(one_line(error), where)[:200]}"
        ) from None


def _database(copy: Path, where: str) -> Any:
    """Return the storage in a copy, brought up to this Optuna's version if need be."""
    import sqlite3
    from contextlib import closing

    from optuna.storages import RDBStorage

    with closing(sqlite3.connect(copy)) as database:
        tables = {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}
    if not {"studies", "trials"} <= tables:
        raise BadWorkload(f"{where} holds no Optuna study; its tables are {listed(sorted(tables)) or 'none'}")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    storage = RDBStorage(f"sqlite:///{copy}", skip_compatibility_check=True)
    if storage.get_current_version() != storage.get_head_version():
        storage.upgrade()
    return storage


def _journal(path: Path) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    if not path.is_file():
        raise BadWorkload(
            f"no file {shown(str(path))}; give an Optuna storage: a SQLite or journal file, or an address as "
            "in sqlite:///study.db"
        )
    return JournalStorage(JournalFileBackend(str(path)))


def _study(storage: Any, name: str, where: str) -> optuna.Study:
    """Return the study of that name; without a name, the only one.

    Raises:
        BadWorkload: there is none, or several and no name.
    """
    import optuna

    names = sorted(study.study_name for study in storage.get_all_studies())
    if not names:
        raise BadWorkload(f"{where} holds no Optuna study; there is nothing to import")
    if not name and len(names) > 1:
        raise BadWorkload(f"{where} holds {len(names)} studies, {listed(names)}; name one with --study NAME")
    if name and name not in names:
        raise BadWorkload(
            f"no Optuna study {shown(name)} in {where}{did_you_mean(name, names)} It has {listed(names)}"
        )
    return optuna.load_study(storage=storage, study_name=name or names[0])
