"""Rulebook: the rules there are, those in force under the user's settings, and what they find.

A user has the last word (`--rule`, `Evidence.rules`): `Sparsity=off` silences a rule, `Convergence=0.5`
halves its strengths, `my_rules.py:MyRule` adds one. A rule that is off says nothing, its vetoes included;
what breaks a limit is still ruled out, for limits are the user's own word and are held against forecasts and
measurements elsewhere.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from advisor.evidence import Evidence, Finding
from advisor.rules import Rule
from advisor.rules import __path__ as rule_folder
from advisor.statements.rule_readings import RuleReading
from studies.errors import BadValue, StudyError, did_you_mean, shown
from studies.imports import load
from studies.user_code import code_line

WORDS: Final = {"off": None, "on": 1.0}
MOST: Final = 10.0
"""Largest factor on a rule's strengths; what a rule adds is clipped all the same."""


@cache
def rules() -> dict[str, Rule]:
    """Return the rules by name, sorted.

    Raises:
        BadValue: an entry point that is no rule.
    """
    by_name: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(rule_folder, f"{Rule.__module__}."):
        by_name |= {rule.__name__: rule() for rule in _defined_in(module.name)}
    for point in entry_points(group="optimizer_advisor.rules"):
        rule = point.load()
        if not _is_rule(rule):
            raise BadValue(f"entry point '{point.name}' ({point.value}) is no rule; uninstall or mend it")
        by_name[rule.__name__] = rule()
    return dict(sorted(by_name.items()))


def apply_rules(evidence: Evidence) -> tuple[Finding, ...]:
    """Return what all rules find, rule by rule, as the settings in `evidence.rules` have it.

    Raises:
        BadValue: a setting that means nothing, or a rule that fails.
    """
    return tuple(
        finding for rule, factor in in_force(evidence.rules) for finding in _scaled(rule, evidence, factor)
    )


def readings(evidence: Evidence) -> tuple[RuleReading, ...]:
    """Return what each rule that says so looked at, and whether it spoke, silent ones too.

    Raises:
        BadValue: as `apply_rules`.
    """
    return tuple(
        RuleReading(
            rule=type(rule).__name__,
            criteria=criteria,
            subjects=tuple(dict.fromkeys(finding.subject for finding in _scaled(rule, evidence, factor))),
            source=rule.source,
        )
        for rule, factor in in_force(evidence.rules)
        if (criteria := rule.criteria(evidence))
    )


def optimizers_added_by_rules(evidence: Evidence) -> tuple[str, ...]:
    """Return the candidates that a rule with `invites` prefers, in their order."""
    inviting = [(rule, factor) for rule, factor in in_force(evidence.rules) if rule.invites]
    findings = [finding for rule, factor in inviting for finding in _scaled(rule, evidence, factor)]
    preferred = {finding.subject for finding in findings if finding.verdict == "prefer"}
    return tuple(name for name in evidence.optimizers if name in preferred)


def resolved_settings(settings: Iterable[str]) -> tuple[str, ...]:
    """Return settings that hold in any folder, files by their whole path, once they are checked.

    Raises:
        BadValue: as `in_force`.
    """
    written = tuple(settings)
    in_force(written)
    return tuple(
        str(Path(setting).resolve()) if ".py:" in setting else setting.strip() for setting in written
    )


def in_force(settings: Iterable[str]) -> list[tuple[Rule, float]]:
    """Return the rules in force, each with the factor on its strengths; of two settings the later counts.

    Args: settings: as written: `Name=off`, `Name=on`, `Name=0.5`, `module:Name` or `file.py:Name`, the last
    two with a factor or not.

    Raises:
        BadValue: no such rule, or a factor that is none.
    """
    factors: dict[str, float | None] = {}
    references: dict[str, str] = {}
    for setting in settings:
        reference, factor = _parse(setting)
        name = reference.rpartition(":")[2]
        factors[name] = factor
        if name != reference:
            references[name] = reference
    loaded = {name: _load(reference) for name, reference in references.items() if factors[name] is not None}
    known = rules() | loaded
    for name in factors.keys() - known.keys() - references.keys():
        raise BadValue(f"no rule is called {shown(name)}{did_you_mean(name, known)} See: advisor list rules")
    chosen = ((rule, factors.get(name, 1.0)) for name, rule in sorted(known.items()))
    return [(rule, factor) for rule, factor in chosen if factor is not None]


def _parse(setting: str) -> tuple[str, float | None]:
    reference, equals, value = (part.strip() for part in setting.partition("="))
    word = value.lower() if equals else "on"
    if word in WORDS and reference and (equals or ":" in reference):
        return reference, WORDS[word]
    try:
        factor = float(value)
    except ValueError:
        factor = math.nan
    if reference and 0 <= factor <= MOST:
        return reference, factor
    raise BadValue(
        f"--rule {shown(setting)} is not understood; write Name=off, Name=0.5 (0 to {MOST:g}) or file.py:Name"
    )


def _load(reference: str) -> Rule:
    rule = load(reference)
    if not _is_rule(rule) or inspect.isabstract(rule):
        raise BadValue(
            f"{shown(reference)} is no rule; "
            "write a class that derives from advisor.rules.Rule, with __call__"
        )
    instance: Rule = rule()
    return instance


def _scaled(rule: Rule, evidence: Evidence, factor: float) -> Iterator[Finding]:
    """Yield the findings of a rule, their strengths times a factor."""
    try:
        findings = tuple(rule(evidence))
        odd = next((finding for finding in findings if not math.isfinite(finding.strength)), None)
    except StudyError:
        raise
    except Exception as error:  # whatever a rule of the user's own raises
        raise BadValue(
            f"rule {type(rule).__name__} fails: {code_line(error)}; mend it, or leave it out of --rule"
        ) from error
    if odd:
        raise BadValue(
            f"rule {type(rule).__name__} gives {odd.subject} the strength {odd.strength}; a number is needed"
        )
    yield from (
        findings
        if factor == 1
        else (replace(finding, strength=factor * finding.strength) for finding in findings)
    )


def _is_rule(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, Rule)


def _defined_in(module_name: str) -> list[type[Rule]]:
    module = importlib.import_module(module_name)
    return [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Rule) and member.__module__ == module_name and not inspect.isabstract(member)
    ]
