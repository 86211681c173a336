"""Command lines that a reader can paste: go on with a study, or ask its whole question anew."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from advisor.goals import USUAL
from studies.limits import LIMITED_COST, Budget, Limits
from studies.plans.fairness import CONTENTION
from studies.quantities import exact_bytes, exact_seconds
from studies.rows.kinds import KINDS
from studies.storage.home import default_home
from studies.storage.manifest import StudyManifest

if TYPE_CHECKING:
    from advisor.jobs.request import Request
    from studies.storage.workload_spec import WorkloadSpec

ELSEWHERE: Final = (
    "source", "target", "model", "metric", "direction", "task", "kind", "time", "group", "split", "missing",
    "class_weights", "seed", "budget", "limits", "goal", "rules", "compression", "passes", "exhaust", "fair",
    "trial_time",
)  # fmt: skip
"""Options that other entries of a manifest hold, those that belong to the workload among them."""
ASIDE: Final = ("workers", "study", "tracking_uri")
"""Options that say where a search runs and what it is called, not what it looks for."""


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
        or "space" in manifest.options
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
        "--missing": spec.missing or None,
        **_metric(manifest, spec),
        "--model": None if spec.is_function else model,
        "--seed": spec.seed or None,
        "--budget": None if manifest.budget is None else str(_total(manifest)),
        "--class-weights": None if spec.class_weights == "none" else spec.class_weights,
        "--goal": None if manifest.goal == USUAL else manifest.goal,
        "--compression": _compression(manifest),
        "--passes": manifest.passes or None,
        "--exhaust": manifest.exhaust or None,
        "--fair": None if manifest.fair == CONTENTION else manifest.fair,
        "--trial-time": None if manifest.trial_seconds is None else exact_seconds(manifest.trial_seconds),
        **{_flag(name): value for name, value in manifest.options.items() if name != "start"},
        **limit_options(manifest.limits),
    }
    repeated = {"--start": manifest.options.get("start", ()), "--rule": manifest.rules}
    return _line("search", spec.source, options, home, repeated=repeated)


def _metric(manifest: StudyManifest, spec: WorkloadSpec) -> dict[str, str | None]:
    """Return the options that say what is measured, without what goes without saying."""
    from studies.metrics import METRICS, USUAL

    usual = not spec.is_function and manifest.facts is not None and USUAL.get(manifest.facts.task)
    if usual and spec.metric == usual and usual in METRICS:
        return {}
    return {"--metric": spec.metric, "--direction": None if spec.metric in METRICS else spec.direction}


def options_of(request: Request) -> dict[str, Any]:
    """Return the options of a request that a manifest holds nowhere else, by field, as JSON has them.

    What was left to the advisor is not among them. A `space` from code is there by its names alone.

    Example:
        >>> from advisor.jobs.request import Request
        >>> options_of(Request(source="iris", epochs=9, portfolio=False, budget=Budget(trials=5)))
        {'epochs': 9, 'portfolio': False}
    """
    values = {f.name: getattr(request, f.name) for f in fields(request) if f.name not in (*ELSEWHERE, *ASIDE)}
    defaults = {f.name: _default(f) for f in fields(request)}
    options = {
        name: list(value) if isinstance(value, tuple | Mapping) else value
        for name, value in values.items()
        if value != defaults[name]
    }
    files = {"start": [str(Path(path).absolute()) for path in request.start]} if request.start else {}
    return options | files


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _compression(manifest: StudyManifest) -> str | None:
    """Return how the study compresses: what `advisor compress` did later is asked for as well."""
    if manifest.compression != "off":
        return manifest.compression
    return "after" if manifest.compression_study else None


def limit_options(limits: Limits) -> dict[str, str]:
    """Return the options that set these limits, to the byte and the last digit."""
    values = {cost: getattr(limits, limit) for limit, cost in LIMITED_COST.items()}
    return {
        cost.flag: exact_seconds(value) if cost.in_seconds else exact_bytes(value)
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
    command: str,
    subject: str,
    options: Mapping[str, Any],
    home: Path,
    *,
    repeated: Mapping[str, Sequence[str]] | None = None,
) -> str:
    where = {} if home == default_home() else {"--home": str(home)}
    words = [word for option, value in {**options, **where}.items() for word in _words(option, value)]
    again = [
        word for option, values in (repeated or {}).items() for each in values for word in (option, each)
    ]
    return shlex.join(["advisor", command, subject, *words, *again])


def _words(option: str, value: Any) -> Iterator[str]:
    """Return the words that set an option; none where it is left to the advisor."""
    if isinstance(value, bool):
        yield option if value else f"--no-{option.removeprefix('--')}"
    elif isinstance(value, list | tuple):  # names; to ask for none is not to leave them open
        yield from (option, ",".join(value) or "none")
    elif value not in (None, ""):
        yield from (option, str(value))
