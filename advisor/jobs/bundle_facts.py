"""Facts of a bundle: what it says of its study, its data and its quality."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from studies.bundle import outlet
from studies.bundle.about import About

if TYPE_CHECKING:
    from advisor.recommendation import Recommendation
    from studies.loaded_workload import LoadedWorkload
    from studies.record import Record
    from studies.storage.manifest import StudyManifest

PACKAGES: Final = ("torch", "numpy", "pandas", "safetensors", "scikit-learn", "onnxruntime")
"""Packages that predictions may need."""
FACTS: Final = (
    "rows", "columns", "classes", "missing_share", "input_density", "class_imbalance", "parameters", "macs",
)  # fmt: skip
"""Facts of the data and the model that a bundle repeats."""
UNCONFIRMED: Final = (
    "No confirmation run stands behind this model: it is the best trial of the search, chosen by the very "
    "rows that its metric was measured on, which flatters it."
)


def about_study(study: str, manifest: StudyManifest, recommendation: Recommendation, record: Record) -> About:
    """Return what a bundle says of the study and the run that it is from."""
    metric = {
        "name": recommendation.metric,
        "direction": str(recommendation.direction),
        "validation": record.quality,
        "test": record.test_quality,
        "mean_validation": recommendation.quality,
        "mean_test": recommendation.test_quality,
        "interval": list(recommendation.interval) if recommendation.interval else None,
        "seeds": list(recommendation.seeds),
        "trials": list(recommendation.trials),
    }
    return About(
        study=str(study),
        dataset=manifest.dataset,
        digest=manifest.opened.digest,
        target=manifest.opened.target or "",
        optimizer=recommendation.optimizer,
        metric=metric,
        facts={name: value for name, value in manifest.profiled.to_dict().items() if name in FACTS},
        columns=tuple(column.to_dict() for column in manifest.columns),
        versions=versions(),
    )


def about_data(workload: LoadedWorkload) -> dict[str, Any]:
    """Return what a bundle says of the form of its inputs and outputs, by field."""
    dataset = workload.dataset
    inputs = dataset.inputs
    return {
        "kind": inputs.kind,
        "task": dataset.task,
        "gives": gives(workload),
        "classes": dataset.classes,
        "input_shape": tuple(inputs.shape),
        "vocabulary": inputs.vocabulary,
        "sparse": inputs.sparse,
        "outputs": dataset.outputs,
    }


def gives(workload: LoadedWorkload) -> str:
    """Return what the outputs of a workload's model are, see `studies.bundle.about.About.gives`."""
    dataset, loss = workload.dataset, workload.own_loss
    if dataset.free:
        return outlet.AS_THEY_ARE
    if not dataset.classes:
        return outlet.AMOUNTS
    softmax = loss is None or (loss.takes_logits() and not loss.elementwise())
    return outlet.LOGITS if softmax else outlet.SCORES


def unconfirmed(record: Record) -> tuple[str, ...]:
    """Return a note where no confirmation run stands behind a model."""
    return () if record.stage == "confirm" else (UNCONFIRMED,)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that predictions may need."""
    return {"python": platform.python_version()} | {
        package: number for package in PACKAGES if (number := _version(package))
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def uncompressed(record: Record) -> tuple[str, ...]:
    """Return a sentence where a run was measured by a compressed file that is not at hand."""
    from studies.recipe import Recipe

    if not Recipe.from_params(record.params).compresses:
        return ()
    note = (
        f"Trial {record.number} was measured by the compressed file made of its model, which was not saved: "
        "the bundle holds the model before compression, of another size and perhaps another quality."
    )
    return (note,)
