"""Command lines that a reader can paste: go on with a study, or ask its whole question anew."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from advisor.goals import USUAL
from studies.limits import LIMITED_COST, Budget, Limits
from studies.rows.kinds import KINDS
from studies.storage.home import default_home
from studies.storage.manifest import StudyManifest


def resume(home: Path, name: str, manifest: StudyManifest) -> str:
    """Return the command that goes on with a study under twice its budget; empty for one that names none."""
    if (budget := _total(manifest)) is None:
        return ""
    return _line("resume", name, {"--budget": _doubled(budget)}, home)


def search(home: Path, manifest: StudyManifest) -> str:
    """Return the command that asks a study's question anew; empty for a workload that only code can name."""
    spec = manifest.workload
    if (
        spec is None
        or spec.is_imported
        or not spec.source
        or spec.source.startswith("__main__:")
        or "<" in spec.source
    ):
        return ""
    model = spec.factory if spec.model == "Custom" else spec.model
    options = {
        "--target": spec.target,
        "--task": None if spec.task == "auto" else spec.task,
        "--kind": spec.kind if spec.kind in KINDS else None,
        "--time": spec.time,
        "--group": spec.group,
        "--split": spec.split,
        "--missing": ",".join(spec.missing),
        "--metric": spec.metric,
        "--direction": spec.direction,
        "--model": None if spec.is_function else model,
        "--seed": spec.seed,
        "--budget": None if manifest.budget is None else str(_total(manifest)),
        "--class-weights": None if spec.class_weights == "none" else spec.class_weights,
        "--goal": None if manifest.goal == USUAL else manifest.goal,
        "--compression": _compression(manifest),
        "--passes": ",".join(manifest.passes) or None,
        **limit_options(manifest.limits),
    }
    return _line("search", spec.source, options, home, rules=manifest.rules)


def _compression(manifest: StudyManifest) -> str | None:
    """Return how the study compresses: what `advisor compress` did later is asked for as well."""
    if manifest.compression != "off":
        return manifest.compression
    return "after" if manifest.compression_study else None


def limit_options(limits: Limits) -> dict[str, str]:
    """Return the options that set these limits, to the byte and the last digit."""
    values = {cost: getattr(limits, limit) for limit, cost in LIMITED_COST.items()}
    return {
        cost.flag: f"{value!r}s" if cost.in_seconds else f"{value}B"
        for cost, value in values.items()
        if value is not None
    }


def _total(manifest: StudyManifest) -> Budget | None:
    """Return the budget that was asked for: of the search, and of the compression that came with it."""
    budget, later = manifest.budget, manifest.compression_study
    if budget is None or budget.seconds is None or later is None or manifest.compression != "after":
        return budget
    return replace(budget, seconds=round(budget.seconds + (later.budget.seconds or 0.0), 6))


def compress(home: Path, name: str, manifest: StudyManifest) -> str:
    """Return the command that makes the trained models of a study small; again, under twice its budget.

    Empty for runs of another tool, which left no model.
    """
    if manifest.is_imported:
        return ""
    entry = manifest.compression_study
    options = {"--budget": _doubled(entry.budget)} if entry and entry.ended else {}
    return _line("compress", name, options, home)


def _doubled(budget: Budget) -> str:
    return f"{2 * budget.seconds:g}s" if budget.seconds is not None else f"{2 * (budget.trials or 1)}trials"


def recommend(home: Path, name: str, options: Mapping[str, str]) -> str:
    """Return the command that answers again from a study, under other limits or for another goal."""
    return _line("recommend", name, options, home)


def at_home(home: Path) -> str:
    """Return the option that names this home, with a blank before it; nothing for the usual home."""
    return "" if home == default_home() else shlex.join(["", "--home", str(home)]).removeprefix("''")


def _line(
    command: str, subject: str, options: Mapping[str, Any], home: Path, *, rules: tuple[str, ...] = ()
) -> str:
    where = {} if home == default_home() else {"--home": str(home)}
    words = [word for option, value in {**options, **where}.items() if value for word in (option, str(value))]
    settings = [word for rule in rules for word in ("--rule", rule)]
    return shlex.join(["advisor", command, subject, *words, *settings])
