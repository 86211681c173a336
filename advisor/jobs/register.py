"""Registration of the recommended model in MLflow: what may be registered, and how it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from advisor.jobs import command_lines
from advisor.jobs.advice import advice
from studies.errors import BadValue, BadWorkload, NothingFeasible, shown
from studies.storage.follow import read_study
from studies.tracking.address import OFF

if TYPE_CHECKING:
    from advisor.recommendation import Recommendation
    from studies.storage.manifest import StudyManifest
    from studies.storage.workload_spec import WorkloadSpec

FORBIDDEN: Final = "/:.%\"'"
"""Characters that MLflow or its addresses give another meaning."""


def register(
    home: Path,
    study: str,
    name: str,
    *,
    tracking_uri: str | None = None,
    unconfirmed: bool = False,
    retrain: str = "",
    ensemble: bool = False,
) -> dict[str, int]:
    """Log the bundle of a study and register it; return the new version of each registered name.

    Args:
        home: where the study lives.
        study: its name.
        name: to register under.
        tracking_uri: takes the place of the study's.
        unconfirmed: whether a model that no confirmation run stands behind will do.
        retrain: as in `advisor.jobs.bundles.bundle_of`.
        ensemble: as there.

    Raises:
        BadWorkload: a training function was searched, which has no model to give.
        BadValue: no tracking address, a name that cannot be one, or an unconfirmed model.
        StudyError: no such study, no trained model in it, or MLflow cannot be written.
    """
    study = str(study)  # plain, as MLflow writes it to YAML
    manifest = read_study(home, study).manifest
    if problem := no_model_reason(study, manifest.opened):
        raise BadWorkload(problem)
    uri = tracking_uri or manifest.tracking_uri
    check(name, uri)
    if manifest.profiled.kind == "mixed":
        raise BadWorkload(
            f"the model of '{study}' takes several inputs a row, and a registered model takes one; "
            "predict with it in code: advisor.load(study)"
        )
    recommendation = advice(home, study)
    _check_limits(home, study, manifest, recommendation)
    if not unconfirmed:
        _check_confirmed(home, study, recommendation)
    from advisor.jobs.bundles import bundle_of
    from studies.tracking.models import register as log

    bundle = bundle_of(home, study, retrain=retrain, ensemble=ensemble)
    return log(home, study, name, bundle, tracking_uri=uri)


def check(name: str, tracking_uri: str | None) -> None:
    """Raise BadValue unless a model could be registered under this name, at this address."""
    if tracking_uri == OFF:
        raise BadValue("without an MLflow mirror there is nowhere to register a model; give a --tracking-uri")
    if not name.strip() or set(name) & set(FORBIDDEN):
        raise BadValue(f"model name {shown(name)} must not be empty nor hold any of {' '.join(FORBIDDEN)}")


def no_model_reason(study: str, spec: WorkloadSpec) -> str:
    """Return why a study of this workload has no model to register; empty if it has."""
    cause = "which holds its model to itself: there is no model to register"
    return f"'{study}' searches a training function, {cause}" if spec.is_function else ""


def lines(versions: dict[str, int]) -> str:
    """Return what was registered, and how it is loaded."""
    registered = [
        f"registered '{name}' version {number}: models:/{name}/{number}" for name, number in versions.items()
    ]
    name, number = next(iter(versions.items()))
    uri = f"models:/{name}/{number}"
    load = f"load it with: mlflow.pyfunc.load_model('{uri}')"
    return "\n".join([*registered, load, f"serve it with: mlflow models serve -m {uri} --env-manager local"])


def _check_limits(home: Path, study: str, manifest: StudyManifest, recommendation: Recommendation) -> None:
    """Raise NothingFeasible where the model breaks a limit as it is."""
    if manifest.limits.exceeded(recommendation.costs):
        first = f"first run {command_lines.compress(home, study, manifest)}"
        raise NothingFeasible(f"the model of '{study}' breaks a limit until it is compressed; {first}")


def _check_confirmed(home: Path, study: str, recommendation: Recommendation) -> None:
    """Raise BadValue where no confirmation run stands behind the model."""
    records = read_study(home, study).records
    stages = {record.number: record.stage for record in records}
    sources = {record.number: record.source for record in records if record.stage == "compress"}
    compressed = recommendation.compression.trials if recommendation.compression else ()
    behind = [sources.get(number, number) for number in (*recommendation.trials, *compressed)]
    if not any(stages.get(number) == "confirm" for number in behind if number is not None):
        where = command_lines.at_home(home)
        raise BadValue(
            f"the model of '{study}' is not confirmed: it was the best of many on the rows that chose it; "
            f"give it more budget (advisor resume {study}{where} --budget ...), or say --unconfirmed"
        )
