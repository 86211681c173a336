"""Rules, one file each: a rule looks at the evidence and says what follows for which optimizer, and why.

Rules never see each other; `recommend` alone combines what they find. A rule is found because its file lies in this folder;
another package offers its own through the entry points `optimizer_advisor.rules`:

    [project.entry-points."optimizer_advisor.rules"]
    MyRule = "my_package.my_module:MyRule"

A user has the last word (`--rule`, `Evidence.rules`): `Sparsity=off` silences a rule, `Convergence=0.5` halves its strengths,
`my_rules.py:MyRule` adds one. A rule that is off says nothing, its vetoes included; what breaks a limit is still ruled out, for
limits are the user's own word and are held against forecasts and measurements elsewhere.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, Final

from advisor.evidence import Evidence, Finding, Verdict
from studies.errors import BadValue, StudyError, did_you_mean, named_line
from studies.imports import load

WORDS: Final = {"off": None, "on": 1.0}
MOST: Final = 10.0
"""Largest factor on a rule's strengths; what a rule adds is clipped all the same."""


class Rule(ABC):
    """Base of every rule. The docstring gives the reasoning, the caveat and the reference."""

    grade: ClassVar[str]
    """A several independent benchmarks, B one careful benchmark or a measurement of ours, C papers or manuals, D custom."""
    source: ClassVar[str]
    """Where the rule is from."""
    when: ClassVar[str] = ""
    """The condition in words, with its thresholds."""
    invites: ClassVar[bool] = False
    """Whether an optimizer that it prefers enters a search even if it is not offered by default."""
    hits: ClassVar[tuple[Evidence, ...]]
    """Examples on which it speaks."""
    misses: ClassVar[tuple[Evidence, ...]]
    """Examples on which it keeps silent."""

    @abstractmethod
    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield what follows from the evidence, one finding an optimizer it concerns."""

    def finding(
        self, subject: str, verdict: Verdict, because: str, *, strength: float = 0.0, source: str | None = None
    ) -> Finding:
        """Return a finding under this rule's name, and its source unless another is given."""
        return Finding(
            rule=type(self).__name__,
            subject=subject,
            verdict=verdict,
            strength=strength,
            because=because,
            source=source or self.source,
        )

    def prior(self, subject: str, strength: float, because: str) -> Iterator[Finding]:
        """Yield a finding that speaks for an optimizer, or against it when its strength is negative; nothing at 0."""
        if strength:
            yield self.finding(subject, "prefer" if strength > 0 else "avoid", because, strength=strength)

    def remark(self, evidence: Evidence, subjects: Iterable[str], because: str) -> Iterator[Finding]:
        """Yield a note, without a strength, on each of these optimizers that is in question; {} stands for its name."""
        for name in evidence.optimizers:
            if name in subjects:
                yield self.finding(name, "note", because.format(name))


class PriorRule(Rule):
    """Base of a rule that is one condition and one table of strengths: its file holds the numbers and the words."""

    strengths: ClassVar[Mapping[str, float]]
    """Log-odds by optimizer against the others: 0.4 weak, 0.8 moderate, 1.4 strong."""
    helps: ClassVar[str] = "{} suits that"
    """What follows for an optimizer with a positive strength; {} stands for its name."""
    hurts: ClassVar[str] = "{} suits that less"
    """And for one with a negative strength."""

    @abstractmethod
    def holds(self, evidence: Evidence) -> str | None:
        """Return what was found, one clause with the numbers; None when the condition does not hold or was not measured."""

    def table(self, evidence: Evidence) -> Mapping[str, float]:  # noqa: ARG002
        """Return the strengths that hold for this evidence; a rule with two sides has two tables."""
        return self.strengths

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each optimizer in the table, when the condition holds."""
        if (cause := self.holds(evidence)) is None:
            return
        strengths = self.table(evidence)
        for name in evidence.optimizers:
            strength = strengths.get(name, 0.0)
            yield from self.prior(name, strength, f"{cause}, and {(self.helps if strength > 0 else self.hurts).format(name)}")


@cache
def rules() -> dict[str, Rule]:
    """Return the rules by name, sorted.

    Raises:
        BadValue: an entry point that is no rule.
    """
    found: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        found |= {rule.__name__: rule() for rule in _defined_in(module.name)}
    for point in entry_points(group="optimizer_advisor.rules"):
        rule = point.load()
        if not _is_rule(rule):
            raise BadValue(f"entry point '{point.name}' ({point.value}) is no rule; uninstall or mend it")
        found[rule.__name__] = rule()
    return dict(sorted(found.items()))


def judge(evidence: Evidence) -> tuple[Finding, ...]:
    """Return what all rules find, rule by rule, as the settings in `evidence.rules` have it.

    Raises:
        BadValue: a setting that means nothing, or a rule that fails.
    """
    return tuple(finding for rule, factor in in_force(evidence.rules) for finding in _ask(rule, evidence, factor))


def invited(evidence: Evidence) -> tuple[str, ...]:
    """Return the candidates that a rule with `invites` prefers, in their order."""
    inviting = [(rule, factor) for rule, factor in in_force(evidence.rules) if rule.invites]
    found = {finding.subject for one in inviting for finding in _ask(one[0], evidence, one[1]) if finding.verdict == "prefer"}
    return tuple(name for name in evidence.optimizers if name in found)


def settled(settings: Iterable[str]) -> tuple[str, ...]:
    """Return settings that hold in any folder, files by their whole path, after a look whether they mean something.

    Raises:
        BadValue: as `in_force`.
    """
    given = tuple(settings)
    in_force(given)
    return tuple(str(Path(setting).resolve()) if ".py:" in setting else setting.strip() for setting in given)


def in_force(settings: Iterable[str]) -> list[tuple[Rule, float]]:
    """Return the rules that speak, each with the factor on its strengths; of two settings on one rule the later counts.

    Args: settings: as written: `Name=off`, `Name=on`, `Name=0.5`, `module:Name` or `file.py:Name`, the last two with a factor or
    not.

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
    own = {name: _load(reference) for name, reference in references.items() if factors[name] is not None}
    known = rules() | own
    for name in factors.keys() - known.keys() - references.keys():
        raise BadValue(f"no rule is called '{name}'{did_you_mean(name, known)} See: advisor list rules")
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
    raise BadValue(f"--rule '{setting}' is not understood; write Name=off, Name=0.5 (0 to {MOST:g}) or file.py:Name")


def _load(reference: str) -> Rule:
    rule = load(reference)
    if not _is_rule(rule) or inspect.isabstract(rule):
        raise BadValue(f"'{reference}' is no rule; write a class that derives from advisor.rules.Rule, with __call__")
    instance: Rule = rule()
    return instance


def _ask(rule: Rule, evidence: Evidence, factor: float) -> Iterator[Finding]:
    try:
        findings = tuple(rule(evidence))
        odd = next((finding for finding in findings if not math.isfinite(finding.strength)), None)
    except StudyError:
        raise
    except Exception as error:  # whatever a rule of the user's own raises
        raise BadValue(f"rule {type(rule).__name__} fails: {named_line(error)}; mend it, or leave it out of --rule") from error
    if odd:
        raise BadValue(f"rule {type(rule).__name__} gives {odd.subject} the strength {odd.strength}; a number is needed")
    yield from findings if factor == 1 else (replace(finding, strength=factor * finding.strength) for finding in findings)


def _is_rule(thing: Any) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Rule)


def _defined_in(module_name: str) -> list[type[Rule]]:
    module = importlib.import_module(module_name)
    return [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Rule) and member.__module__ == module_name and not inspect.isabstract(member)
    ]
