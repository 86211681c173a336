"""Script files of an export: train.py in a style, data.py or the rows, and what they need installed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.jobs.fingerprints import check_model_unchanged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from studies.loaded_workload import LoadedWorkload
    from studies.recipe import Recipe
    from studies.record import Record
    from studies.script.frame import About, Style
    from studies.storage.manifest import StudyManifest


@dataclass(frozen=True, kw_only=True)
class ScriptFiles:
    """What was written of a script."""

    notes: tuple[str, ...] = ()
    """What could not be written, and how things were done that could be done otherwise, in sentences."""
    snippet: str = ""
    """Optimizer and schedule of train.py, as code; empty where there is no train.py."""


def write_script(
    folder: Path, study: str, record: Record, recipe: Recipe, manifest: StudyManifest, style: Style
) -> ScriptFiles:
    """Write train.py, data.py and requirements.txt, as far as they can be written."""
    from studies.script.literals import CannotWrite

    if manifest.opened.is_function:
        return ScriptFiles(
            notes=(f"No train.py: '{study}' searches a training function of your own; pass it recipe.toml.",)
        )
    try:
        return _written(folder, study, record, recipe, manifest, style)
    except CannotWrite as problem:
        return ScriptFiles(notes=(f"No train.py: {problem}.",))


def _written(
    folder: Path, study: str, record: Record, recipe: Recipe, manifest: StudyManifest, style: Style
) -> ScriptFiles:
    from studies.script.parts import parts_of
    from studies.script.snippet import snippet
    from studies.workload_opening import reopen_workload

    opened = reopen_workload(manifest.opened)
    check_model_unchanged(manifest, opened)
    workload = opened.on_split(record.split_seed).on_sample(record.sample_rows)
    trained = recipe.uncompressed
    parts = parts_of(trained, workload)
    data, notes, further = _data(folder, workload)
    about = _about(study, record, recipe, manifest, data)
    (folder / "train.py").write_text(style.write(parts, trained, workload, about), encoding="utf-8")
    parts.copy_files(folder)
    packages = {*parts.packages, *style.packages, "torch", "numpy", *further}
    lines = "".join(f"{line}\n" for line in requirements(packages))
    (folder / "requirements.txt").write_text(lines, encoding="utf-8")
    return ScriptFiles(notes=tuple(notes), snippet=snippet(parts))


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


def _about(study: str, record: Record, recipe: Recipe, manifest: StudyManifest, data: str) -> About:
    from studies.script.frame import About

    reached = f"{record.quality:.6g} on validation rows"
    tested = f", {record.test_quality:.6g} on test rows" if record.test_quality is not None else ""
    compressed = "That was measured on the compressed model; this script does not compress."
    return About(
        title=f"Train {manifest.opened.model} on {manifest.dataset} by the recipe of study {study}.",
        lines=(
            f"With seed {record.seed} the study had {manifest.metric} {reached}{tested}.",
            *([compressed] if recipe.compresses else []),
        ),
        seed=record.seed,
        threads=manifest.threads or 1,
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
