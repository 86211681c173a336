"""Fingerprints of the user's own files that a study is made of, and whether they have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studies.errors import BadWorkload

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload
    from studies.storage.manifest import StudyManifest
    from studies.training_function.function import Function


def code_of(workload: LoadedWorkload | Function) -> dict[str, str | None]:
    """Return the fingerprint of each file of the user's own that a workload is made of."""
    from studies.imports import fingerprint
    from studies.loaded_workload import absolute

    spec = workload.spec()
    references = (absolute(workload.source), absolute(spec.factory), spec.loss)
    return {reference: digest for reference in references if (digest := fingerprint(reference))}


def changed(manifest: StudyManifest, workload: LoadedWorkload | Function) -> tuple[str, ...]:
    """Return a note on each file that has changed: new trials stand beside those of the old code."""
    now = code_of(workload)
    return tuple(
        f"{reference} has changed since the study began: new trials stand beside those of the old code"
        for reference, before in manifest.code.items()
        if now.get(reference) != before
    )


def check_model_unchanged(manifest: StudyManifest, workload: LoadedWorkload) -> None:
    """Raise BadWorkload where the user's model is not in the file that the weights were trained with."""
    from studies.imports import fingerprint
    from studies.loaded_workload import absolute

    reference = absolute(workload.spec().factory)
    before = manifest.code.get(reference)
    if before is not None and fingerprint(reference) != before:
        raise BadWorkload(
            f"{reference} has changed since the study trained its weights, and may read them otherwise; "
            "put the file back as it was, or search again"
        )
