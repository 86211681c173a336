"""Registration of the recommended model in MLflow: which trial's weights, and the notes to their user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from advisor.jobs import command_lines
from advisor.jobs.advice import advice
from advisor.jobs.recommended_model import picked
from studies.errors import BadValue, BadWorkload, NothingFeasible, StoreError, shown
from studies.storage import journal
from studies.tracking.address import OFF

if TYPE_CHECKING:
    from advisor.recommendation import Recommendation
    from studies.compression.checkpoint import Checkpoint
    from studies.record import Record
    from studies.storage.manifest import StudyManifest
    from studies.storage.workload_spec import WorkloadSpec
    from studies.tracking.models import Trained

FORBIDDEN: Final = "/:.%\"'"
"""Characters that MLflow or its addresses give another meaning."""
ONE_TENSOR: Final = (
    "takes several inputs or returns no single tensor, and registered models need one of each; "
    "train its recipe in code of yours: advisor.recommend(study).recipe"
)
"""Why such a model cannot be registered, as the end of a sentence."""


def register(home: Path, study: str, name: str, *, tracking_uri: str | None = None) -> dict[str, int]:
    """Log the recommended model of a study and register it; return the new version of each registered name.

    Args:
        home: where the study lives.
        study: its name.
        name: to register under.
        tracking_uri: takes the place of the study's.

    Raises:
        BadWorkload: a training function was searched, which has no model to give.
        BadValue: no tracking address, or a name that cannot be one.
        StudyError: no such study, no trained model in it, or MLflow cannot be written.
    """
    manifest = journal.manifest_of(journal.open_study(home, study))
    if problem := no_model_reason(study, manifest.opened):
        raise BadWorkload(problem)
    uri = tracking_uri or manifest.tracking_uri
    check(name, uri)
    from studies.tracking.models import register as log

    return log(home, study, name, _trained(home, study, manifest), tracking_uri=uri)


def check(name: str, tracking_uri: str | None) -> None:
    """Raise BadValue unless a model could be registered under this name, at this address."""
    if tracking_uri == OFF:
        raise BadValue("without an MLflow mirror there is nowhere to register a model; give a --tracking-uri")
    if not name.strip() or set(name) & set(FORBIDDEN):
        raise BadValue(f"model name {shown(name)} must not be empty nor hold any of {' '.join(FORBIDDEN)}")


def no_model_reason(study: str, spec: WorkloadSpec) -> str:
    """Return why a study of this workload has no model to register; empty if it has."""
    if not spec.is_function:
        return "" if spec.plain or spec.loss else f"the model of '{study}' {ONE_TENSOR}"
    cause = "which holds its model to itself: there is no model to register"
    return f"'{study}' searches a training function, {cause}"


def lines(versions: dict[str, int]) -> str:
    """Return what was registered, and how it is loaded."""
    registered = [
        f"registered '{name}' version {number}: models:/{name}/{number}" for name, number in versions.items()
    ]
    name, number = next(iter(versions.items()))
    return "\n".join([*registered, f"load it with: mlflow.pyfunc.load_model('models:/{name}/{number}')"])


def _trained(home: Path, study: str, manifest: StudyManifest) -> Trained:
    from studies.data.rows import first_rows
    from studies.forward import gives_tensor
    from studies.search.checkpoints import Checkpoints
    from studies.tracking.models import Trained
    from studies.workload_opening import reopen_workload

    recommendation, records = advice(home, study), journal.records(journal.open_study(home, study))
    if manifest.limits.exceeded(recommendation.costs):
        first = f"first run {command_lines.compress(home, study, manifest)}"
        raise NothingFeasible(f"the model of '{study}' breaks a limit until it is compressed; {first}")
    record, deployed = picked(recommendation, records, home / "models" / study)
    workload = reopen_workload(manifest.opened)
    source = Checkpoints.of(home, study).load_or_train(record, workload, device=manifest.device)
    if source is None:
        raise StoreError("interrupted while the recommended model was trained again")
    model, rows = source.model.cpu().eval(), first_rows(source.workload.dataset.valid, 4)
    if not gives_tensor(model, rows):
        raise BadWorkload(f"the model of '{study}' {ONE_TENSOR}")
    about = _about(study, source, record, recommendation)
    trial = f"trial {record.number} of study {study}, seed {record.seed}"
    return Trained(
        model=model,
        rows=rows,
        about=about,
        deployed=deployed,
        description=f"{recommendation.optimizer}, {trial}: {about['takes']}.",
    )


def _about(study: str, source: Checkpoint, record: Record, recommendation: Recommendation) -> dict[str, Any]:
    dataset, split_seed = source.workload.dataset, record.split_seed
    split = "" if split_seed is None else f" on its split of seed {split_seed}"
    notes = {
        "study": study,
        "trial": source.number,
        "seed": source.seed,
        "optimizer": recommendation.optimizer,
        "metric": recommendation.metric,
        "dataset": dataset.name,
        "digest": dataset.digest,
        "split_seed": split_seed,
        "takes": f"rows as the study encodes them{split} (see its notes), with any number of rows at once",
    }
    if dataset.free:
        return notes | {"gives": "what the study's own loss takes"}
    if dataset.classes:
        return notes | {"classes": list(dataset.classes), "gives": "one logit a class"}
    return notes | {
        "target_scale": _plain_number(dataset.target_scale),
        "target_mean": _plain_number(dataset.target_mean),
        "gives": "the target as (value - target_mean) / target_scale",
    }


def _plain_number(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else float(value)
