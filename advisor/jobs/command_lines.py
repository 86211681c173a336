"""Command lines that a reader can paste: go on with a study, or search its workload anew."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studies.storage.home import default_home
from studies.storage.manifest import StudyManifest


def resume(home: Path, name: str, manifest: StudyManifest) -> str:
    """Return the command that goes on with a study under twice its budget; empty for one that names none."""
    if (budget := manifest.budget) is None:
        return ""
    doubled = (
        f"{2 * budget.seconds:g}s" if budget.seconds is not None else f"{2 * (budget.trials or 1)}trials"
    )
    return _line("resume", name, {"--budget": doubled}, home)


def search(home: Path, manifest: StudyManifest) -> str:
    """Return the command that searches the workload of a study; empty for one that only code can name."""
    spec = manifest.workload
    if spec is None or not spec.source or spec.source.startswith("__main__:") or "<" in spec.source:
        return ""
    model = spec.factory if spec.model == "Custom" else spec.model
    options = {
        "--target": spec.target,
        "--metric": spec.metric,
        "--direction": spec.direction,
        "--model": None if spec.is_function else model,
        "--seed": spec.seed,
        "--budget": None if manifest.budget is None else str(manifest.budget),
    }
    return _line("search", spec.source, options, home)


def compress(home: Path, name: str) -> str:
    """Return the command that makes the trained models of a study small."""
    return _line("compress", name, {}, home)


def recommend(home: Path, name: str, options: Mapping[str, str]) -> str:
    """Return the command that answers again from a study, under other limits or for another goal."""
    return _line("recommend", name, options, home)


def at_home(home: Path) -> str:
    """Return the option that names this home, with a blank before it; nothing for the usual home."""
    return "" if home == default_home() else shlex.join(["", "--home", str(home)]).removeprefix("''")


def _line(command: str, subject: str, options: Mapping[str, Any], home: Path) -> str:
    where = {} if home == default_home() else {"--home": str(home)}
    words = [word for option, value in {**options, **where}.items() if value for word in (option, str(value))]
    return shlex.join(["advisor", command, subject, *words])
