"""Import of runs: a study like any other, made of what another tool recorded."""

from __future__ import annotations

import platform
import uuid
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from advisor.jobs.runs.columns import RunsRequest
from advisor.jobs.runs.reading import ASK, UNKNOWN, ReadRuns, read_runs
from advisor.jobs.runs.source import Source
from advisor.jobs.work import conclude
from studies.storage import journal
from studies.storage.home import check_new, free_name
from studies.storage.imported import write_records
from studies.storage.manifest import StudyManifest
from studies.storage.workload_spec import WorkloadSpec
from studies.tracking.address import OFF


@dataclass(frozen=True, kw_only=True)
class Imported:
    """Study that was made of another tool's runs."""

    study: str
    runs: ReadRuns


def import_runs(
    home: Path, source: Source, request: RunsRequest = ASK, *, name: str | None = None
) -> Imported:
    """Read the runs of a source, and keep them as a study.

    Args:
        home: where the study is made.
        source: of the runs; nothing in it is changed.
        request: what somebody says of the columns.
        name: of the study; by default the source's own with a number.

    Raises:
        StudyError: the runs cannot be read, or something has to be said; nothing is made then.
    """
    check_new(home, name)
    runs = read_runs(source, request)
    study = name or free_name(home, runs.name)
    direction = runs.columns.direction
    made = journal.create_study(home, study, direction=direction, manifest=_manifest(runs))
    write_records(made, runs.records)
    conclude(home, study)
    return Imported(study=study, runs=runs)


def _manifest(runs: ReadRuns) -> StudyManifest:
    columns = runs.columns
    spec = WorkloadSpec(
        form="runs", source=runs.source, metric=columns.metric, direction=str(columns.direction), plain=False
    )
    return StudyManifest(
        id=uuid.uuid4().hex,
        workload=spec,
        facts=UNKNOWN,
        metric=columns.metric,
        dataset=runs.source,
        notes=(*runs.notes, f"imported from {runs.source}"),
        model="an unknown model",
        tracking_uri=OFF,
        versions={package: version(package) for package in ("optimizer-advisor", "optuna")},
        python=platform.python_version(),
    )
