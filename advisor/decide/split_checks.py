"""Checks of the split: is it honest, and does the metric tell what it seems to?"""

from __future__ import annotations

import math
from statistics import NormalDist

from advisor.evidence import Evidence
from advisor.statements.check import Check
from advisor.statements.split_checks import (
    HEAVIER,
    HEAVY,
    LARGE,
    PAST,
    REPEATED,
    SQUARED,
    HeavyTail,
    LargeClass,
    RepeatedRows,
    SharedKey,
    SplitAcrossDates,
    TargetGivenAway,
)
from studies.split_facts import TAIL_ROWS, SplitFacts


def split_checks(evidence: Evidence) -> tuple[Check, ...]:
    """Return each question about the split that the facts can answer; none where nobody looked at it."""
    facts = evidence.split_facts
    if facts is None:
        return ()
    return (
        *_order(evidence, facts),
        *_keys(evidence, facts),
        *_tell_tales(evidence, facts),
        *_repeated(facts),
        *_large_class(evidence, facts),
        *_tail(evidence, facts),
    )


def _order(evidence: Evidence, facts: SplitFacts) -> tuple[Check, ...]:
    return tuple(
        SplitAcrossDates(
            passed=dates.past_share <= PAST,
            command="" if dates.past_share <= PAST else evidence.asked_with("--time", dates.name),
            column=dates.name,
            first=dates.first,
            last=dates.last,
            past_share=dates.past_share,
        )
        for dates in facts.dates
    )


def _keys(evidence: Evidence, facts: SplitFacts) -> tuple[Check, ...]:
    return tuple(
        SharedKey(
            passed=not key.shared_valid_rows,
            command=evidence.asked_with("--group", key.name) if key.shared_valid_rows else "",
            column=key.name,
            groups=key.groups,
            rows=key.rows,
            shared_valid_rows=key.shared_valid_rows,
            valid_rows=facts.valid_rows,
        )
        for key in facts.keys
    )


def _tell_tales(evidence: Evidence, facts: SplitFacts) -> tuple[Check, ...]:
    if evidence.facts.kind != "table":
        return ()
    return (
        TargetGivenAway(
            passed=not facts.leaks,
            columns=tuple(leak.column for leak in facts.leaks),
            least_share=min((leak.right_share for leak in facts.leaks), default=None),
            classes=evidence.facts.classes > 0,
        ),
    )


def _repeated(facts: SplitFacts) -> tuple[Check, ...]:
    if not facts.valid_rows:
        return ()
    flattered = (
        facts.repeated_valid_rows > REPEATED * facts.valid_rows
        or facts.repeated_test_rows > REPEATED * facts.test_rows
    )
    return (
        RepeatedRows(
            passed=not flattered,
            repeated_valid_rows=facts.repeated_valid_rows,
            valid_rows=facts.valid_rows,
            repeated_test_rows=facts.repeated_test_rows,
            test_rows=facts.test_rows,
        ),
    )


def _large_class(evidence: Evidence, facts: SplitFacts) -> tuple[Check, ...]:
    if evidence.metric != "accuracy" or not facts.present_classes or not facts.largest_class_share:
        return ()
    passed = facts.largest_class_share <= LARGE
    return (
        LargeClass(
            passed=passed,
            command="" if passed else evidence.asked_with("--metric", "balanced_accuracy"),
            label=facts.largest_class,
            share=facts.largest_class_share,
            balanced_accuracy=1 / facts.present_classes,
        ),
    )


def _tail(evidence: Evidence, facts: SplitFacts) -> tuple[Check, ...]:
    if evidence.metric not in SQUARED or facts.tail_share is None or facts.valid_rows <= TAIL_ROWS:
        return ()
    usual = _usual_tail(facts.valid_rows)
    passed = facts.tail_share <= max(HEAVY, HEAVIER * usual)
    return (
        HeavyTail(
            passed=passed,
            command="" if passed else evidence.asked_with("--metric", "mae"),
            metric=evidence.metric,
            far_rows=TAIL_ROWS,
            tail_share=facts.tail_share,
            usual_share=usual,
            valid_rows=facts.valid_rows,
        ),
    )


def _usual_tail(rows: int) -> float:
    """Return the share of the squares that the three furthest of so many normal numbers make, about."""
    normal = NormalDist()
    squares = [normal.inv_cdf(1 - (place + 0.5) / (2 * rows)) ** 2 for place in range(rows)]
    return math.fsum(squares[:TAIL_ROWS]) / math.fsum(squares)
