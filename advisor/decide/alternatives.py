"""Alternatives to the recommended optimizer: the runner-up and what is cheaper, with when to prefer each."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice
from typing import Final

from advisor.contender import Contender
from advisor.decide.decision import CLEARLY, Explained
from advisor.decide.paired import paired_qualities
from advisor.report.numbers import chance, difference, duration, number, percent, ratio, size

MOST_ALTERNATIVES: Final = 3
"""Alternatives named at most."""
LUCK: Final = "nothing but quality counts, though the difference may be luck"


def alternatives(explained: Explained) -> tuple[str, ...]:
    """Return the runner-up and what is cheaper, each with when to prefer it."""
    ranked = explained.others
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


def _alternative(explained: Explained, other: Contender) -> str:
    advised = explained.advised
    lighter, weight = _compared(
        advised.optimizer_state_bytes, other.optimizer_state_bytes, "optimizer state", size
    )
    if advised.optimizer_state_bytes is None or other.optimizer_state_bytes is None:
        lighter, weight = _compared(advised.peak_bytes, other.peak_bytes, "peak memory", size)
    faster, time = _compared(advised.train_seconds, other.train_seconds, "training time", duration)
    cost = " and ".join(part for part in (weight, time) if part)
    quality, ahead = _against(explained, other)
    measured = advised.quality is not None and other.quality is not None
    joint = (" for " if measured else ", ") if cost else ""
    occasions = (("memory is short", lighter), ("time is short", faster), (LUCK, ahead))
    when = " or ".join(occasion for occasion, holds in occasions if holds)
    verdict = f"prefer it when {when}" if when else "nothing measured speaks for it"
    return f"{other.optimizer}: {cost}{joint}{quality}; {verdict}."


def _against(explained: Explained, other: Contender) -> tuple[str, bool]:
    """Return how another's quality compares, and whether it is better than the recommended one's."""
    advised, evidence = explained.advised, explained.evidence
    if advised.quality is None:
        odds = f"{chance(other.p_tie)}, against {chance(advised.p_tie)}"
        return f"within {ratio(explained.posterior.margin)} of the best with a probability of {odds}", False
    if other.quality is None:
        return "no whole run yet", False
    fits = explained.decision.fits
    pair = paired_qualities(fits[advised.optimizer], fits[other.optimizer])
    ours, theirs = (pair.first, pair.second) if pair else (advised.quality, other.quality)
    words = difference(evidence.metric, evidence.direction, theirs, ours)
    if explained.confirmed(advised.optimizer) and not explained.confirmed(other.optimizer):
        words += " in its best trial (not confirmed)"
    return words, evidence.direction.better(theirs, ours)


def _compared(
    advised: float | None, other: float | None, noun: str, write: Callable[[float], str]
) -> tuple[bool, str]:
    """Return whether the other's cost is clearly less, and how it compares in words; nothing when alike."""
    if (
        advised is None
        or other is None
        or advised == other
        or min(advised, other) > CLEARLY * max(advised, other)
    ):
        return False, ""
    against = f"({write(other)} against {write(advised)})"
    if other == 0:
        return True, f"no {noun} (against {write(advised)})"
    share = other / advised if advised else math.inf
    if 0.45 < share < 0.55:
        return True, f"half the {noun} {against}"
    if 1.8 < share < 2.2:
        return False, f"twice the {noun} {against}"
    word = (
        f"{percent(1 - share)} less"
        if share < 1
        else f"{number(round(share, 1))} times the"
        if advised
        else "more"
    )
    return share < 1, f"{word} {noun} {against}"
