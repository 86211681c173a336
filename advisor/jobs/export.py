"""Export of a study: recipe, training script, model, report and card in a folder of its own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from advisor.jobs.advice import advice
from advisor.jobs.exporting.model_files import write_bundle, write_compressed
from advisor.jobs.exporting.papers import write_papers
from advisor.jobs.exporting.script_files import write_script
from advisor.jobs.recommended_model import picked
from studies.errors import BadValue, NothingFeasible, shown
from studies.recipe import Recipe
from studies.storage.follow import read_study

if TYPE_CHECKING:
    from advisor.recommendation import Recommendation
    from studies.record import Record
    from studies.storage.manifest import StudyManifest


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What an export wrote."""

    folder: Path
    files: tuple[str, ...]
    """Names, sorted; that of a folder ends with a slash."""
    notes: tuple[str, ...] = ()
    """What could not be written out, and how things were done that could be done otherwise, in sentences."""


def export(home: Path, study: str, folder: Path, *, style: str = "plain", force: bool = False) -> Exported:
    """Write what a study recommends into a folder: a script that needs nothing of ours, the model, a report.

    Args:
        home: where the study lives.
        study: its name.
        folder: where to; made if need be.
        style: whose trainer train.py hands the recipe to: plain (its own loop), lightning or transformers.
        force: whether files that are there may be overwritten.

    Raises:
        UnknownChoice: no such style.
        StudyError: no such study, no complete run in it, or a folder that cannot be written.

    Example:
        export(default_home(), "iris-1", Path("iris"))   # iris/train.py, iris/recipe.toml, ...
    """
    from studies.script.styles import style_of

    writer = style_of(style)
    stored = read_study(home, study)
    manifest, records = stored.manifest, stored.records
    recommendation = advice(home, study)
    if not any(record.state == "complete" for record in records):
        raise NothingFeasible(
            f"'{study}' has no complete run yet, so there is no recipe to export; search longer"
        )
    record, file = picked(recommendation, records, home / "models" / study)
    recipe = Recipe.from_params(record.params)
    _make(folder, force=force)
    with TemporaryDirectory() as place:  # what fails half-way leaves nothing behind
        written = Path(place)
        text = recipe.uncompressed.to_toml(_provenance(study, record, manifest, recommendation))
        (written / "recipe.toml").write_text(text, encoding="utf-8")
        script = write_script(written, study, record, recipe, manifest, writer)
        notes = (*script.notes, *write_bundle(written, home, study), *write_compressed(written, file))
        write_papers(written, home, study, snippet=script.snippet)
        shutil.copytree(written, folder, dirs_exist_ok=True)
        files = tuple(sorted(path.name + "/" * path.is_dir() for path in written.iterdir()))
    return Exported(folder=folder, files=files, notes=notes)


def _make(folder: Path, *, force: bool) -> None:
    """Make the folder that is written to.

    Raises:
        BadValue: it holds files already, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not force:
            raise BadValue(
                f"folder {shown(str(folder))} is not empty; give another --out, or --force to overwrite"
            )
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise BadValue(
            f"folder {shown(str(folder))} cannot be written: {problem}; give another --out"
        ) from None


def _provenance(
    study: str, record: Record, manifest: StudyManifest, recommendation: Recommendation
) -> tuple[str, ...]:
    """Return where a recipe is from, a line each."""
    reached = f"{manifest.metric} {record.quality:.6g} on the validation rows"
    return (
        f"Recommended by study {study} on {manifest.dataset}: {recommendation.optimizer}.",
        f"Trial {record.number}, seed {record.seed}: {reached}.",
        *([recommendation.reached] if recommendation.interval else []),
    )
