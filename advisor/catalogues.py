"""What `advisor list` and `advisor explain` say: read off the choices, rules and studies themselves."""

from __future__ import annotations

import inspect
import math
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from advisor.evidence import Evidence, Finding
from advisor.rules import Rule, rules
from advisor.wording import number, several
from studies import catalogue, store
from studies.choice import Choice, sections, summary
from studies.errors import StudyError, UnknownChoice, did_you_mean
from studies.facts import Facts
from studies.optimizers import OptimizerChoice
from studies.routing import ROLES
from studies.space import ranges

AXES: Final = {folder: axis for axis, folder in catalogue.FOLDERS.items()}
KINDS: Final = (*AXES, "rules", "studies")


def listing(kind: str, home: Path) -> list[dict[str, Any]]:
    """Return what there is of a kind, a row each with `name` and `summary`.

    Raises:
        UnknownChoice: no such kind.
    """
    if kind == "rules":
        return [
            {"name": name, "summary": summary(type(rule)), "grade": rule.grade, "source": rule.source}
            for name, rule in rules().items()
        ]
    if kind == "studies":
        return [_study_row(home, name) for name in store.study_names(home)]
    if kind not in AXES:
        raise UnknownChoice(f"nothing is called '{kind}' here{did_you_mean(kind, KINDS)} Allowed: {', '.join(KINDS)}")
    return [_row(choice) for choice in catalogue.choices(AXES[kind]).values()]


def explanation(name: str) -> str:
    """Return what is known of a choice or a rule, as text.

    Raises:
        UnknownChoice: neither has that name.
    """
    known: dict[str, str] = {}
    for axis in catalogue.FOLDERS:
        for found, choice in catalogue.choices(axis).items():
            if found.lower() == name.lower() and found != "none":
                return _explain_choice(choice)
            known[found] = axis
    for found, rule in rules().items():
        if found.lower() == name.lower():
            return _explain_rule(found, rule)
        known[found] = "rule"
    raise UnknownChoice(f"nothing is called '{name}'{did_you_mean(name, known)} See: advisor list optimizers")


def _row(choice: type[Choice]) -> dict[str, Any]:
    row: dict[str, Any] = {"name": choice.name(), "summary": summary(choice)}
    if choice.axis in {"optimizer", "regularizers"}:
        row["searched"] = choice.offered
    if issubclass(choice, OptimizerChoice):
        row["state_floats"] = choice.state_floats
    for fact in ("task", "rows", "columns", "source", "licence"):
        if choice.axis == "dataset" and hasattr(choice, fact):
            row[fact] = getattr(choice, fact)
    return row


def _study_row(home: Path, name: str) -> dict[str, Any]:
    try:
        study = store.open_study(home, name)
    except StudyError as error:  # one broken journal must not hide the others
        return {"name": name, "summary": str(error), "trials": 0, "metric": None, "best": None}
    plan, records = store.plan_of(study), store.records(study)
    whole = [record.quality for record in records if record.state == "complete" and record.quality is not None]
    best = (max if study.direction.name == "MAXIMIZE" else min)(whole, default=None)
    found = "no whole run yet" if best is None else f"best {plan['metric']} {best:.4g}"
    return {
        "name": name, "summary": f"{plan['dataset']} with {plan['model']}: {len(records)} trials, {found}",
        "trials": len(records), "metric": plan["metric"], "best": best,
    }  # fmt: skip


def _about(choice: type[OptimizerChoice]) -> list[str]:
    """Return what an optimizer's class says of itself: state, regime, which parameters it leaves to another."""
    regime = "the whole training set every step" if choice.full_batch else "any: one row (per-sample), some, or the whole set"
    routes = {role: choice.from_fields({}).serves(role) for role in ROLES}
    left = ", ".join(f"{role} to {other}" for role, other in routes.items() if other != choice.name())
    return [
        f"State: {choice.state_floats:g} floats a parameter" + (", and a counter a tensor" if choice.counts_steps else ""),
        f"Batch: {regime}",
        f"Routing: {'leaves ' + left if left else 'steps on every parameter, sparse tables included'}",
        *(["Schedule: its own; a recipe gives it a constant one"] if choice.own_schedule else []),
    ]


def _explain_rule(name: str, rule: Rule) -> str:
    """Return what a rule rests on, when it speaks, and what it says and does not say on its examples."""
    lines = [f"{name} (rule, grade {rule.grade})", "", inspect.getdoc(type(rule)) or "", ""]
    lines += [f"Speaks when: {rule.when}."] if rule.when else []
    for example in rule.hits:
        lines += ["", f"It speaks of {_situation(example)}:"]
        lines += [f"  {_verdict(finding)}: {finding.because}" for finding in rule(example)]
    silent = "; ".join(_situation(example) for example in rule.misses)
    return "\n".join(
        [*lines, "", f"It is silent on {silent}.", "", f"Source: {rule.source}", f"Switch it off: --rule {name}=off"]
    )


def _situation(example: Evidence) -> str:
    """Return what sets an example apart from a small dense table, in the names of the facts."""
    parts = _departures(example.facts, Facts(), without=("forecasts", "probes"))
    parts += _departures(example, Evidence(), without=("facts", "limits", "candidates", "records"))
    limits = {key: value for key, value in asdict(example.limits).items() if value is not None}
    parts += [f"{key} up to {_plain(value)}" for key, value in limits.items()]
    parts += [several(len(example.records), "record")] if example.records else []
    return f"{', '.join(example.optimizers)} with {', '.join(parts) or 'the default facts'}"


def _departures(example: Any, usual: Any, *, without: tuple[str, ...]) -> list[str]:
    names = [field.name for field in fields(example) if field.name not in without]
    return [f"{name} {_plain(getattr(example, name))}" for name in names if getattr(example, name) != getattr(usual, name)]


def _plain(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number(value)
        case dict():
            return ", ".join(f"{key} {_plain(one)}" for key, one in value.items())
        case _:
            return str(value)


def _verdict(finding: Finding) -> str:
    """Return verdict, optimizer and strength, the last as log-odds and as the odds of a pair."""
    if not finding.strength:
        return f"{finding.verdict} {finding.subject}"
    chance = 100 / (1 + math.exp(-finding.strength))
    return f"{finding.verdict} {finding.subject} {finding.strength:+.2g} ({chance:.0f}:{100 - chance:.0f})"


def _explain_choice(choice: type[Choice]) -> str:
    noun = {"regularizers": "regularizer"}.get(choice.axis, choice.axis)
    parts = sections(choice)
    lines = [f"{choice.name()} ({noun})", "", summary(choice), ""]
    lines += [f"{label}: {parts[label]}" for label in ("Helps", "Hurts", "Source") if label in parts]
    if issubclass(choice, OptimizerChoice):
        lines += _about(choice)
    fields = ranges(choice)
    if fields:
        lines += ["", "Searched over:"]
        lines += [
            f"  {name:<14} {span}; default {format(span.default, 'g') if type(span.default) is float else span.default}"
            for name, span in fields.items()
        ]
    return "\n".join(lines)
