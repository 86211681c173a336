"""Entrants of a search: few and unlike optimizers when trials are few, more when there are trials for each.

On recorded trials of eight small tasks the best gap to be found was 0.30 to 0.36 with one optimizer and 0.46
with nine when nine trials were affordable; at 36 four unlike ones found 0.13, one alone 0.20; at 72 nine
found 0.04. What a further optimizer adds is what the ones before it lack, so members of a family follow each
other late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from advisor.decide.estimates import Estimates
from advisor.decide.feasible import feasible_recipes
from advisor.decide.posterior import prior_log_odds
from advisor.decide.rulebook import apply_rules
from advisor.decide.trial_summary import TrialSummary
from advisor.evidence import Evidence, Finding
from advisor.published.rates import REFERENCE
from studies import catalogue
from studies.errors import BadValue, BadWorkload, UnknownChoice
from studies.facts import Facts
from studies.limits import Limits
from studies.optimizers import OptimizerChoice
from studies.quantities import listed, several

STEPS: Final = ((8, 2), (16, 3), (30, 4), (100, 6))
"""(trials, optimizers): with fewer trials than that, so many enter."""
EACH: Final = 15
"""Trials an optimizer beyond the last step: what tuning one takes (the best of 15 random recipes is near the
best there is)."""
FAMILY: Final = 1.0
"""Log-odds that an optimizer loses for each of its family that has entered: one of each goes before a second
of any (judged)."""
TWIN: Final = 0.7
"""And for one that differs from it in a detail: tuned, the two tie on most tables (Adam and AdamW, heavy ball
and Nesterov)."""


def candidates(
    facts: Facts,
    limits: Limits,
    *,
    planned_trials: int,
    offered: tuple[str, ...],
    rules: tuple[str, ...] = (),
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Return the optimizers that enter, first things first, and why the others do not.

    Args:
        facts: of the workload, with its memory forecasts.
        limits: what may be spent.
        planned_trials: how many recipes the search can afford to ask for.
        offered: names to choose from.
        rules: the user's word on rules, as in `Evidence.rules`.

    Raises:
        NothingFeasible: none fits the limits.
        BadValue: nothing is offered.
    """
    if not offered:
        raise BadValue("no optimizer is offered; see: advisor list optimizers")
    places = affordable(planned_trials)
    # so that the rules see the trials each of `places` gets
    shared = max(1, planned_trials) * max(1.0, len(offered) / places)
    evidence = Evidence(
        facts=facts, limits=limits, candidates=offered, planned_trials=round(shared), rules=rules
    )
    findings = apply_rules(evidence)
    untrained = TrialSummary.of(evidence, Estimates(by_optimizer={}))
    fits, vetoes = feasible_recipes(evidence, untrained, findings)
    chosen = _diverse(prior_log_odds(facts, findings, fits), places)
    left = [name for name in fits if name not in chosen]
    ruled_out = [finding for finding in (*findings, *vetoes) if finding.verdict == "veto"]
    return chosen, (*ruled_out, *_left_out(left, planned_trials, places))


def affordable(planned_trials: int) -> int:
    """Return how many optimizers so many trials are enough for."""
    return next(
        (places for trials, places in STEPS if planned_trials < trials),
        max(STEPS[-1][1], planned_trials // EACH),
    )


def _diverse(log_odds: Mapping[str, float], places: int) -> tuple[str, ...]:
    """Return the best by prior, each marked down for the relatives that entered before it.

    Ties go by the order offered.
    """
    # what the others are compared with everywhere
    chosen: list[str] = [REFERENCE] if REFERENCE in log_odds else []
    while len(chosen) < min(places, len(log_odds)):
        families, twins = Counter(map(_family, chosen)), Counter(map(_twins, chosen))
        worth = {
            name: odds - FAMILY * families[_family(name)] - TWIN * twins[_twins(name)]
            for name, odds in log_odds.items()
            if name not in chosen
        }
        chosen.append(max(worth, key=lambda name: round(worth[name], 9)))
    return tuple(chosen)


def _family(name: str) -> str:
    """Return an optimizer's family; one that is not installed here is a family of its own."""
    choice = _choice(name)
    return choice.family if choice else name


def _twins(name: str) -> str:
    """Return the name that an optimizer shares with its twins: the one they differ from in a detail."""
    choice = _choice(name)
    return (choice.twin_of or choice.name()) if choice else name


def _choice(name: str) -> type[OptimizerChoice] | None:
    try:
        choice = catalogue.find("optimizer", name)
    except (BadWorkload, UnknownChoice):
        return None
    return choice if issubclass(choice, OptimizerChoice) else None


def _left_out(names: Sequence[str], planned_trials: int, places: int) -> Iterator[Finding]:
    """Yield one finding about all that were left out for want of trials; its subject is all their names."""
    if not names:
        return
    verb = "does" if len(names) == 1 else "do"
    enough = f"about {several(max(1, planned_trials), 'trial')} are enough for {several(places, 'optimizer')}"
    because = f"{listed(names)} {verb} not enter: {enough}, and others are likelier"
    source = (
        "best gap found by trials and number of optimizers on eight small tasks; "
        "Schmidt et al. 2021, arXiv 2007.01547"
    )
    yield Finding(
        rule="Starts", subject=", ".join(names), verdict="note", strength=0.0, because=because, source=source
    )
