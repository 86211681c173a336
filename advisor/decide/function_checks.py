"""Checks of training functions of the user's own: was an optimizer compared, and does the seed matter?"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from advisor.evidence import Evidence
from advisor.statements.check import Check
from advisor.statements.function_statements import OptimizerNeverRan, SeedsChangeNothing


def function_checks(evidence: Evidence) -> tuple[Check, ...]:
    """Return the checks that fail; that on seeds may fail in a study of our own training loop too."""
    checks: list[Check] = []
    if "optimizer" in evidence.unread:
        searched = _searched(evidence)
        checks.append(OptimizerNeverRan(subjects=evidence.optimizers, passed=False, searched=searched))
    if evidence.seedless:
        groups = [group for group in evidence.repeats if group[0].curve]
        runs = sorted((run for group in groups for run in group), key=lambda run: run.number)
        seeds = tuple(sorted({run.seed for run in runs}))
        numbers = tuple(run.number for run in runs)
        checks.append(
            SeedsChangeNothing(passed=False, trials=numbers, seeds=seeds, ours=not evidence.facts.unseen)
        )
    return tuple(checks)


def _searched(evidence: Evidence) -> tuple[str, ...]:
    """Return the settings that varied among the search trials, in the order of their recipes."""
    values: dict[str, set[Any]] = defaultdict(set)
    for run in evidence.records:
        if run.searched:
            for key, value in run.params.items():
                values[key.rpartition(".")[2]].add(value)
    return tuple(name for name, different in values.items() if len(different) > 1)
