"""Text of a rule for `advisor explain`: when it speaks, what it says there, and on what it is silent."""

from __future__ import annotations

import inspect
import math
from dataclasses import asdict, fields
from typing import Any

from advisor.evidence import Evidence, Finding
from advisor.report.numbers import number
from advisor.rules import Rule
from studies.facts import Facts
from studies.quantities import several


def rule_text(rule: Rule) -> str:
    """Return what a rule rests on, when it speaks, and what it says and does not say on its examples."""
    name = type(rule).__name__
    lines = [f"{name} (rule, grade {rule.grade})", "", inspect.getdoc(type(rule)) or "", ""]
    lines += [f"Speaks when: {rule.when}."] if rule.when else []
    for example in rule.hits:
        lines += ["", f"It speaks of {_situation(example)}:"]
        lines += [f"  {_verdict(finding)}: {finding.because}" for finding in rule(example)]
    silent = "; ".join(_situation(example) for example in rule.misses)
    return "\n".join(
        [
            *lines,
            "",
            f"It is silent on {silent}.",
            "",
            f"Source: {rule.source}",
            f"Switch it off: --rule {name}=off",
        ]
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
    return [
        f"{name} {_plain(getattr(example, name))}"
        for name in names
        if getattr(example, name) != getattr(usual, name)
    ]


def _plain(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number(value)
        case dict():
            return ", ".join(f"{key} {_plain(entry)}" for key, entry in value.items())
        case _:
            return str(value)


def _verdict(finding: Finding) -> str:
    """Return verdict, optimizer and strength, the last as log-odds and as the odds of a pair."""
    if not finding.strength:
        return f"{finding.verdict} {finding.subject}"
    chance = 100 / (1 + math.exp(-finding.strength))
    return f"{finding.verdict} {finding.subject} {finding.strength:+.2g} ({chance:.0f}:{100 - chance:.0f})"
