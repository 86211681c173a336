"""Reports of a study: read from its journal, written as a page, as Markdown or as PDF."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from advisor.browser import pdf
from advisor.decide.recommend import recommend
from advisor.jobs.advice import evidence_in
from advisor.jobs.command_lines import at_home
from advisor.study_report.markdown_page import markdown
from advisor.study_report.page import page
from advisor.study_report.reported import ReportedStudy
from studies.errors import BadValue, NothingFeasible
from studies.quantities import format_seconds, several
from studies.storage.follow import read_study
from studies.storage.locks import worked_on
from studies.storage.manifest import StudyManifest

FORMS: Final[Mapping[str, Callable[[ReportedStudy], bytes]]] = {
    ".html": lambda study: page(study).encode(),
    ".md": lambda study: markdown(study).encode(),
    ".pdf": lambda study: pdf(page(study)),
}
"""What writes a report, by how the name of its file ends."""


def reported(home: Path, name: str) -> ReportedStudy:
    """Read a study as a report shows it; without torch.

    Raises:
        StudyNotFound: there is none of that name.
        StoreError: it cannot be read.
    """
    stored = read_study(home, name)
    manifest = stored.manifest
    evidence = evidence_in(home, name, manifest, stored.records, direction=stored.direction)
    try:
        recommendation, problem = recommend(evidence), ""
    except NothingFeasible as error:
        recommendation, problem = None, str(error)
    return ReportedStudy(
        name=name,
        evidence=evidence,
        recommendation=recommendation,
        problem=problem,
        state=_state(home, name, manifest),
        is_function=manifest.is_function,
        dataset=manifest.dataset,
        model=manifest.model_shown,
        notes=manifest.notes,
        repeat=tuple(_repeat(name, manifest)),
    )


def write_report(home: Path, name: str, out: Path) -> None:
    """Write the report of a study to a file, in the form that its name ends with.

    Raises:
        BadValue: no such form, no browser for a PDF, or the file cannot be written.
        StudyNotFound: there is none of that name.
    """
    if out.suffix.lower() not in FORMS:
        raise BadValue(f"'{out}' must end with {', '.join(FORMS)}")
    content = FORMS[out.suffix.lower()](reported(home, name))
    try:
        out.write_bytes(content)
    except OSError as error:
        raise BadValue(f"'{out}' cannot be written ({error.strerror}); give another file") from None


def _state(home: Path, name: str, manifest: StudyManifest) -> str:
    if worked_on(home, name):
        return "The search is still running; this is how it stands."
    if manifest.recommendation is None:
        return f"The search is not finished; go on with: advisor resume {name}{at_home(home)}."
    if (ahead := manifest.outlook) is not None:
        return f"The search ended by itself after {several(ahead.trials, 'trial')}: {ahead}."
    return "The search is finished."


def _repeat(name: str, manifest: StudyManifest) -> Iterator[tuple[str, str]]:
    """Yield what the search ran with, as far as the journal says so."""
    spec, commit = manifest.workload, manifest.git
    entries = {
        "study": name,
        "id": manifest.id,
        "seed": str(manifest.seed),
        "budget": "" if manifest.budget is None else str(manifest.budget),
        "spent": format_seconds(manifest.spent_seconds) if manifest.spent_seconds else "",
        "device": f"{manifest.device}, {manifest.threads} thread{'' if manifest.threads == 1 else 's'}",
        "digest of the data": spec.digest if spec else "",
        "rules": ", ".join(manifest.rules),
        "git commit": f"{commit.commit}{', files changed since' if commit.changed else ''}" if commit else "",
        "Python": manifest.python,
        **manifest.versions,
    }
    yield from ((entry, value) for entry, value in entries.items() if value)
    for reference, fingerprint in manifest.code.items():
        if fingerprint:
            yield f"fingerprint of {reference}", fingerprint
