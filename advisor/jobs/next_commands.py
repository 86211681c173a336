"""Next commands: what to type after a short answer, ready to run."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from advisor.jobs.advice import names_code
from advisor.jobs.command_lines import at_home, limit_options, recommend, resume
from studies.limits import Limits

if TYPE_CHECKING:
    from advisor.recommendation import Recommendation
    from studies.storage.manifest import StudyManifest

PREDICTIONS: Final = "predictions.csv"
TABLES: Final = frozenset({".csv", ".tsv", ".parquet", ".jsonl", ".json"})
"""Endings of files that `advisor predict` can be pointed at as they are."""


def next_commands(
    home: Path, name: str, manifest: StudyManifest, answer: Recommendation, *, options: str = ""
) -> tuple[str, ...]:
    """Return the two commands that come next: the whole answer, and what to do with it.

    Args:
        home: where the study lives.
        name: of the study.
        manifest: its own.
        answer: what it recommends.
        options: of `advisor recommend`, that the answer was asked with, as typed.
    """
    code = " --allow-code" if names_code(manifest) else ""
    question = " ".join(filter(None, (recommend(home, name, {}), options)))
    whole = f"{question}{code} --full"
    return tuple(filter(None, (whole, _use(home, name, manifest, answer))))


def asked_again(limits: Limits, goal: str | None, rules: tuple[str, ...]) -> str:
    """Return the options that ask for these limits, this goal and these rules again."""
    options: Mapping[str, Any] = limit_options(limits) | ({"--goal": goal} if goal else {})
    words = [word for option, value in options.items() for word in (option, value)]
    return shlex.join([*words, *(word for rule in rules for word in ("--rule", rule))])


def after_runs(records: Path, metric: str | None, direction: str | None, options: str) -> tuple[str, ...]:
    """Return the command that gives the whole answer from a CSV of runs."""
    said = {"--metric": metric, "--direction": direction}
    words = [word for option, value in said.items() if value for word in (option, value)]
    line = shlex.join(["advisor", "recommend", "--records", str(records), *words])
    return (" ".join(filter(None, (line, options, "--full"))),)


def _use(home: Path, name: str, manifest: StudyManifest, answer: Recommendation) -> str:
    """Return the command that uses the answer: predictions of a table's rows, else the export."""
    where, quoted = at_home(home), shlex.quote(name)
    if answer.quality is None:
        return resume(home, name, manifest)
    spec = manifest.workload
    if spec is not None and spec.target and not (spec.is_function or spec.is_imported):
        rows = Path(spec.source)
        if rows.suffix.lower() in TABLES and rows.is_file():
            return f"advisor predict {quoted} {shlex.quote(_from_here(rows))} --out {PREDICTIONS}{where}"
    return f"advisor export {quoted} --out {quoted}{where}"


def _from_here(path: Path) -> str:
    """Return the shorter of a path and of the way there from the working directory; it leads to that file."""
    way = Path(os.path.relpath(path))
    return str(way if len(str(way)) < len(str(path)) and way.exists() and way.samefile(path) else path)
