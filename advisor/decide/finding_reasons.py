"""Reasons from findings: what published results and rules say of the advised one; who is ruled out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from advisor.decide.decision import Explained
from advisor.decide.posterior import base_rate
from advisor.evidence import Finding
from advisor.published import CLASSES
from advisor.published.rates import REFERENCE, problem_class, rate
from advisor.statements.findings import (
    LessWeight,
    PublishedClass,
    PublishedWins,
    RuledOut,
    RuledOutLikewise,
    RuleSays,
)
from advisor.statements.statement import Statement

MOST_FINDINGS: Final = 4
"""Findings of rules named at most, and as many optimizers ruled out; a reader remembers few."""


def finding_reasons(explained: Explained) -> tuple[Statement, ...]:
    """Return what is said by published results, then by rules, then who is ruled out and why."""
    parts = (_published(explained), _rule_findings(explained), _vetoed(explained))
    return tuple(statement for part in parts for statement in part)


def _published(explained: Explained) -> Iterator[Statement]:
    if explained.advised.quality is not None:
        return
    facts, name = explained.evidence.facts, explained.decision.optimizer
    known = problem_class(facts)
    yield PublishedClass(problem=CLASSES[known] if known else None)
    rates = {contender.optimizer: base_rate(facts, contender.optimizer) for contender in explained.contenders}
    compared = [other for other in rates if other == REFERENCE or rate(facts, other).known]
    behind = [other for other in compared if rates[other] < rates[name]] if name in compared else []
    if behind:
        shown = name if name != REFERENCE else min(behind, key=lambda other: rates[other])
        source = f"{shown}: {rate(facts, shown).basis}"
        yield PublishedWins(subjects=(name,), behind=tuple(behind), source=source)


def _rule_findings(explained: Explained) -> Iterator[Statement]:
    """Yield the most telling findings on the recommended one.

    First what was measured or costs, then the strong, then the notes.
    """
    name = explained.decision.optimizer
    about = [
        finding for finding in explained.findings if finding.subject == name and finding.verdict != "veto"
    ]
    telling = sorted(
        about, key=lambda finding: (finding.verdict == "note", finding.strength != 0, -abs(finding.strength))
    )
    for finding in telling[:MOST_FINDINGS]:
        yield RuleSays(
            subjects=(name,),
            source=finding.source,
            rule=finding.rule,
            verdict=finding.verdict,
            strength=finding.strength,
            because=finding.because,
        )
    if len(telling) > MOST_FINDINGS:
        names = dict.fromkeys(finding.rule for finding in telling[MOST_FINDINGS:])
        yield LessWeight(subjects=(name,), rules=tuple(names))


def _vetoed(explained: Explained) -> Iterator[Statement]:
    vetoes: dict[str, Finding] = {}
    for finding in explained.findings:
        if finding.verdict == "veto":
            vetoes.setdefault(finding.subject, finding)
    ordered = list(vetoes.values())
    shown = ordered if len(ordered) <= MOST_FINDINGS else ordered[: MOST_FINDINGS - 1]
    for finding in shown:
        yield RuledOut(subjects=(finding.subject,), source=finding.source, because=finding.because)
    if rest := tuple(finding.subject for finding in ordered[len(shown) :]):
        yield RuledOutLikewise(subjects=rest)
