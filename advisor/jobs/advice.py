"""Advice on a study: its journal read back as evidence. No torch, so that it answers at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.evidence import Evidence
from advisor.jobs.command_lines import compress, resume, search
from advisor.jobs.runs.repeats import with_repeats
from advisor.recommendation import Recommendation
from studies.direction import Direction
from studies.limits import Limits
from studies.storage.follow import read_study
from studies.storage.manifest import StudyManifest

if TYPE_CHECKING:
    from advisor.jobs.runs.columns import RunsRequest
    from studies.record import Record


def evidence_of(home: Path, name: str) -> Evidence:
    """Return the evidence that a study holds.

    Raises:
        StudyNotFound: there is none of that name.
        StoreError: it cannot be read.
    """
    study = read_study(home, name)
    return evidence_in(home, name, study.manifest, study.records, direction=study.direction)


def evidence_in(
    home: Path, name: str, manifest: StudyManifest, records: tuple[Record, ...], *, direction: Direction
) -> Evidence:
    """Return the evidence in a study's manifest, records and direction, already read.

    Raises:
        StoreError: the manifest holds no facts.
    """
    compressing = manifest.compression_study
    if manifest.is_imported:
        records = with_repeats(records)
    return Evidence(
        facts=manifest.profiled,
        limits=manifest.limits,
        records=records,
        candidates=manifest.candidates,
        direction=direction,
        metric=manifest.metric,
        goal=manifest.goal,
        valid_rows=manifest.valid_rows,
        baseline=manifest.baseline,
        yardsticks=manifest.yardsticks or (),
        split_facts=manifest.split_facts,
        columns=manifest.columns,
        fair=manifest.fair,
        resume=resume(home, name, manifest),
        command=search(home, manifest),
        compress=compress(home, name, manifest),
        compression="after" if compressing else manifest.compression,
        compression_finalists=compressing.finalists if compressing else (),
        compression_ended=compressing is not None and compressing.ended,
        study=name,
        rules=manifest.rules,
        unread=manifest.unread,
        outlook=manifest.outlook,
    )


def advice_on(
    about: Any,
    request: RunsRequest,
    *,
    limits: Limits | None = None,
    goal: str | None = None,
    rules: tuple[str, ...] = (),
) -> Recommendation:
    """Return the recommendation from runs that anybody made.

    Args:
        about: a source of runs, records, or an object from code that holds runs.
        request: what somebody says of their columns.
        limits: none by default.
        goal: the usual one by default.
        rules: settings of rules.

    Raises:
        StudyError: they cannot be read, or something has to be said.
    """
    from advisor.decide.recommend import recommend
    from advisor.jobs.runs.objects import evidence_from

    evidence = evidence_from(about, request)
    return recommend(
        replace(evidence, limits=limits or evidence.limits, goal=goal or evidence.goal, rules=rules)
    )


def names_code(manifest: StudyManifest) -> bool:
    """Tell whether the advice on a study runs rules that are code of the user's own."""
    return any(":" in rule for rule in manifest.rules)


def advice(
    home: Path,
    name: str,
    *,
    limits: Limits | None = None,
    goal: str | None = None,
    rules: tuple[str, ...] = (),
) -> Recommendation:
    """Return the recommendation of a study; other limits, goal or settings of rules replace its own."""
    from advisor.decide.recommend import recommend

    evidence = evidence_of(home, name)
    limited = evidence.limits.replaced_by(limits)
    return recommend(
        replace(evidence, limits=limited, goal=goal or evidence.goal, rules=(*evidence.rules, *rules))
    )
