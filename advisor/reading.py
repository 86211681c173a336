"""Read a study back as evidence: the journal in, frozen values out. No torch, so that it answers at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor import commands
from advisor.evidence import Evidence, Recommendation
from advisor.recommend import recommend
from studies import store
from studies.direction import Direction
from studies.facts import Facts
from studies.limits import Limits

if TYPE_CHECKING:
    from studies.record import Record


def evidence_of(home: Path, name: str) -> Evidence:
    """Return the evidence that a study holds.

    Raises:
        StudyNotFound: there is none of that name.
        StoreError: it cannot be read.
    """
    study = store.open_study(home, name)
    direction = Direction(study.direction.name.lower())
    return evidence_from_page(home, name, store.plan_of(study), store.records(study), direction=direction)


def evidence_from_page(
    home: Path, name: str, plan: Mapping[str, Any], records: tuple[Record, ...], *, direction: Direction
) -> Evidence:
    """Return the evidence in what was read of a study already: its page, its records and its direction."""
    return Evidence(
        facts=Facts.from_dict(plan["facts"]),
        limits=Limits(**plan["limits"]),
        records=records,
        candidates=tuple(plan["candidates"]),
        direction=direction,
        metric=plan["metric"],
        goal=plan["goal"],
        valid_rows=plan["valid_rows"],
        baseline=plan.get("baseline"),
        resume=commands.resume(home, name, plan),
        command=commands.search(home, plan),
        compress=commands.compress(home, name),
        study=name,
        rules=tuple(plan.get("rules", ())),
    )


def advice_on(
    runs: Path, *, metric: str, direction: str | None = None, limits: Limits | None = None, goal: str | None = None,
    rules: tuple[str, ...] = (),
) -> Recommendation:  # fmt: skip
    """Return the recommendation that a CSV of anybody's runs comes to, see `advisor.runs`."""
    from advisor.runs import evidence_from

    evidence = evidence_from(runs, metric=metric, direction=direction)
    return recommend(replace(evidence, limits=limits or evidence.limits, goal=goal or evidence.goal, rules=rules))


def advice(
    home: Path, name: str, *, limits: Limits | None = None, goal: str | None = None, rules: tuple[str, ...] = ()
) -> Recommendation:
    """Return the recommendation of a study; limits, goal and settings of rules that are given take the place of its own."""
    evidence = evidence_of(home, name)
    given = {key: value for key, value in asdict(limits or Limits()).items() if value is not None}
    limited = replace(evidence.limits, **given)
    return recommend(replace(evidence, limits=limited, goal=goal or evidence.goal, rules=(*evidence.rules, *rules)))
