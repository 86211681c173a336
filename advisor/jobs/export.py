"""Export of a study: the recommended recipe as a training script and a file, in a folder of its own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.jobs.advice import advice
from advisor.jobs.recommended_model import picked
from studies.errors import BadValue, NothingFeasible, shown
from studies.recipe import Recipe
from studies.storage import journal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from advisor.recommendation import Recommendation
    from studies.loaded_workload import LoadedWorkload
    from studies.record import Record
    from studies.script.plain import About
    from studies.storage.manifest import StudyManifest


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What an export wrote."""

    folder: Path
    files: tuple[str, ...]
    """Names, sorted."""
    notes: tuple[str, ...] = ()
    """What could not be written out, and how things were done that could be done otherwise, in sentences."""


def export(home: Path, study: str, folder: Path, *, force: bool = False) -> Exported:
    """Write the recommended recipe of a study into a folder as files that need nothing of ours.

    Args:
        home: where the study lives.
        study: its name.
        folder: where to; made if need be.
        force: whether files that are there may be overwritten.

    Raises:
        StudyError: no such study, no complete run in it, or a folder that cannot be written.

    Example:
        export(default_home(), "iris-1", Path("iris"))   # iris/train.py, iris/recipe.toml, ...
    """
    recommendation, manifest = advice(home, study), journal.manifest_of(journal.open_study(home, study))
    records = journal.records(journal.open_study(home, study))
    if not any(record.state == "complete" for record in records):
        raise NothingFeasible(
            f"'{study}' has no complete run yet, so there is no recipe to export; search longer"
        )
    record, _ = picked(recommendation, records, home / "models" / study)
    recipe = Recipe.from_params(record.params).uncompressed
    _make(folder, force=force)
    text = recipe.to_toml(_provenance(study, record, manifest, recommendation))
    (folder / "recipe.toml").write_text(text)
    notes = _script(folder, study, record, recipe, manifest)
    files = tuple(sorted(path.name for path in folder.iterdir() if path.is_file()))
    return Exported(folder=folder, files=files, notes=tuple(notes))


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
    expected = recommendation.to_dict().get("expected") or {}
    interval = expected.get("interval") if isinstance(expected, dict) else None
    reached = f"{manifest.metric} {record.quality:.6g} on the validation rows"
    return (
        f"Recommended by study {study} on {manifest.dataset}: {recommendation.optimizer}.",
        f"Trial {record.number}, seed {record.seed}: {reached}.",
        *([f"Over seeds: {interval}."] if interval else []),
    )


def _script(folder: Path, study: str, record: Record, recipe: Recipe, manifest: StudyManifest) -> list[str]:
    """Write train.py, data.py and requirements.txt; return what is to be said of them."""
    from studies.script.literals import CannotWrite

    if manifest.opened.is_function:
        return [f"No train.py: '{study}' searches a training function of your own; pass it recipe.toml."]
    try:
        return _written(folder, study, record, recipe, manifest)
    except CannotWrite as problem:
        return [f"No train.py: {problem}."]


def _written(folder: Path, study: str, record: Record, recipe: Recipe, manifest: StudyManifest) -> list[str]:
    from studies.script.parts import parts_of
    from studies.script.plain import train_script
    from studies.workload_opening import reopen_workload

    opened = reopen_workload(manifest.opened)
    workload = opened.on_split(record.split_seed).on_sample(record.sample_rows)
    parts = parts_of(recipe, workload)
    data, notes, further = _data(folder, workload)
    about = _about(study, record, manifest, data)
    (folder / "train.py").write_text(train_script(parts, recipe, workload, about))
    parts.copy_files(folder)
    packages = {*parts.packages, "torch", "numpy", *further}
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in requirements(packages)))
    return notes


def _data(folder: Path, workload: LoadedWorkload) -> tuple[str, list[str], set[str]]:
    """Write data.py; return the file that it reads, notes, and the packages that it imports."""
    from studies.script.data_rows import ROWS_FILE, write_rows
    from studies.script.data_table import write_table
    from studies.script.literals import CannotWrite

    source = Path(workload.source)
    if workload.target and source.is_file():
        try:
            write_table(workload.dataset, source, workload.target, folder)
        except CannotWrite as problem:
            reason = str(problem)
        else:
            return str(source.resolve()), [], {"pandas"}
    else:
        reason = "the data is no table in a file"
    write_rows(workload.dataset, folder)
    return ROWS_FILE, [f"The rows are in {ROWS_FILE} as the study encoded them: {reason}."], set()


def _about(study: str, record: Record, manifest: StudyManifest, data: str) -> About:
    from studies.script.plain import About

    plan_threads = manifest.threads or 1
    reached = f"{record.quality:.6g} on validation rows"
    tested = f", {record.test_quality:.6g} on test rows" if record.test_quality is not None else ""
    return About(
        title=f"Train {manifest.opened.model} on {manifest.dataset} by the recipe of study {study}.",
        lines=(f"With seed {record.seed} the study had {manifest.metric} {reached}{tested}.",),
        seed=record.seed,
        threads=plan_threads,
        data=data,
        device=manifest.device or "cpu",
    )


def requirements(packages: Iterable[str]) -> list[str]:
    """Return a line for each imported package: its distribution and the version that is installed."""
    distributions = packages_distributions()
    lines = list[str]()
    for package in sorted(packages):
        name = next(iter(distributions.get(package, [package])), package)
        try:
            lines.append(f"{name}=={version(name).partition('+')[0]}")
        except PackageNotFoundError:
            lines.append(name)
    return sorted(set(lines))
