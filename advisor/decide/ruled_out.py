"""Ruled-out optimizer that is nearest to fitting: which limit admits it, and at what value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from advisor.decide.feasible import tried_recipes
from advisor.decide.trial_summary import TrialSummary
from advisor.evidence import Evidence, Finding
from studies.limits import LIMITED_COST

OF_LIMITS: Final = ("Memory", "Limits")
"""Rules whose veto another limit would lift."""


class RuledOut(NamedTuple):
    """Optimizer that a limit rules out, and what would admit it."""

    optimizer: str
    limit: str
    """The field of `Limits`."""
    needed: float
    """The least value of that limit with which it fits, in the limit's own unit."""
    has_trials: bool


def nearest_ruled_out(
    evidence: Evidence, summary: TrialSummary, findings: Iterable[Finding]
) -> RuledOut | None:
    """Return the optimizer that a single limit rules out by the smallest factor; None if there is none.

    Its memory is that at the smallest batch that may be tried. What another finding rules out, no limit would
    admit.
    """
    hopeless = {
        finding.subject for finding in findings if finding.verdict == "veto" and finding.rule not in OF_LIMITS
    }
    nearest: tuple[float, RuledOut] | None = None
    for name in evidence.optimizers:
        recipes = tried_recipes(evidence, summary, name)
        overs = [evidence.limits.exceeded(recipe.costs) for recipe in recipes]
        if name in hopeless or not all(overs):
            continue
        for over, recipe in zip(overs, recipes, strict=True):
            (limit, times), *others = over.items()
            if not others and (nearest is None or times < nearest[0]):
                needed = recipe.costs[LIMITED_COST[limit].field] or 0
                nearest = times, RuledOut(name, limit, needed, bool(evidence.searched(name)))
    return nearest[1] if nearest else None
