"""Alternatives to the recommended optimizer: the runner-up and what is cheaper, with when to prefer each."""

from __future__ import annotations

from itertools import islice
from typing import Final

from advisor.contender import Contender
from advisor.decide.decision import Explained
from advisor.statements.alternative import CLEARLY, Alternative, CostAgainst

MOST_ALTERNATIVES: Final = 3
"""Alternatives named at most."""


def alternatives(explained: Explained) -> tuple[Alternative, ...]:
    """Return the runner-up and what is cheaper; trials that ran, once the recommended one has run."""
    trained = explained.advised.quality is not None
    ranked = [other for other in explained.others if other.quality is not None or not trained]
    lighter = min(ranked, key=_weight, default=None)
    faster = min(
        ranked, key=lambda other: (other.train_seconds is None, other.train_seconds or 0.0), default=None
    )
    wanted = [other for other in (*ranked[:1], lighter, faster) if other is not None]
    unique = {other.optimizer: other for other in wanted}
    return tuple(islice((_alternative(explained, other) for other in unique.values()), MOST_ALTERNATIVES))


def _weight(contender: Contender) -> tuple[bool, int]:
    state = contender.optimizer_state_bytes
    weight = contender.peak_bytes if state is None else state
    return weight is None, weight or 0


def _alternative(explained: Explained, other: Contender) -> Alternative:
    advised = explained.advised
    confirmed = explained.confirmed(advised.optimizer) and explained.confirmed(other.optimizer)
    pair = explained.paired(other.optimizer)
    return Alternative(
        subjects=(other.optimizer,),
        trials=pair.trials if pair else other.trials,
        metric=explained.evidence.metric,
        direction=explained.evidence.direction,
        goal=explained.evidence.goal,
        quality=pair.quality if pair else None,
        advised_quality=pair.advised_quality if pair else None,
        advised_trials=pair.advised_trials if pair else (),
        trained=advised.quality is not None,
        p_tie=other.p_tie,
        advised_p_tie=advised.p_tie,
        margin=explained.posterior.margin,
        unconfirmed=not confirmed,
        costs=_costs(explained, other),
    )


def _costs(explained: Explained, other: Contender) -> tuple[CostAgainst, ...]:
    """Return the costs that clearly differ: the optimizer state, else the peak, and the training time."""
    state = _against(explained, other, "optimizer_state_bytes")
    known = None not in (explained.advised.optimizer_state_bytes, other.optimizer_state_bytes)
    weight = state if known else _against(explained, other, "peak_bytes")
    return tuple(cost for cost in (weight, _against(explained, other, "train_seconds")) if cost)


def _against(explained: Explained, other: Contender, cost: str) -> CostAgainst | None:
    """Return how a cost compares; None when it is alike, not known of both, or measured of one alone."""
    fits = explained.decision.fits
    value, advised = getattr(other, cost), getattr(explained.advised, cost)
    kinds = {cost in fits[name].measured for name in (other.optimizer, explained.advised.optimizer)}
    if value is None or advised is None or len(kinds) > 1:
        return None
    if value == advised or min(value, advised) > CLEARLY * max(value, advised):
        return None
    return CostAgainst(cost=cost, value=value, advised=advised, forecast=kinds == {False})
