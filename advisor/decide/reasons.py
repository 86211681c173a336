"""Why this optimizer, and when to prefer another: sentences, each with its numbers and the trials or the source they are from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from statistics import fmean, stdev
from typing import Final

from advisor.decide.decision import CLEARLY, Explained
from advisor.decide.feasible import costs_of, untried
from advisor.decide.posterior import PRIOR_CAP, base_rate
from advisor.evidence import Finding
from advisor.goals import criteria
from advisor.published import CLASSES
from advisor.published.rates import REFERENCE, problem_class, rate
from advisor.recommendation import Contender
from advisor.report.compression_names import sentence
from advisor.report.numbers import (
    chance,
    difference,
    duration,
    listed,
    number,
    percent,
    ratio,
    several,
    size,
    trials,
    written,
)
from studies.limits import LIMITED_COST
from studies.search.pruner import best_complete

WORDY: Final = 3
"""Alternatives named at most."""
NO_CLASS: Final = (
    "cover no problem of this kind; those over all kinds stand in for them, at half their weight"
)
TELLING: Final = 4
"""Findings of rules told at most, and as many optimizers ruled out; a reader remembers few."""
LUCK: Final = "nothing but quality counts, though the difference may be luck"


def why(explained: Explained) -> tuple[str, ...]:
    """Return the reasons, most telling first."""
    parts = (
        _measured(explained),
        _compressed(explained),
        _sure(explained),
        _preferred(explained),
        _tested(explained),
        _reputation(explained),
        _ruled(explained),
        _vetoed(explained),
    )
    return tuple(reason for part in parts for reason in part)


def _measured(explained: Explained) -> Iterator[str]:
    advised, rival, fits = explained.advised, explained.rival, explained.decision.fits
    if advised.quality is None:
        return
    text = _reached(explained, advised, advised.quality)
    if rival is None or rival.quality is None:
        yield f"{text}; no other optimizer that fits has a whole run to compare with."
        return
    small = ", compressed too" if fits[rival.optimizer].compressed else ""
    alike = explained.confirmed(rival.optimizer) == explained.confirmed(advised.optimizer)
    unfair = "" if alike else ", not confirmed" if explained.confirmed(advised.optimizer) else ", confirmed"
    role = "the runner-up" if explained.contenders[0] is advised else "its nearest rival"
    yield f"{text}; {role} {rival.optimizer} {number(rival.quality)} ({trials(rival.trials)}{small}{unfair})."


def _reached(explained: Explained, advised: Contender, quality: float) -> str:
    """Return what the recommended recipe reached, in which runs."""
    reached = f"reached {explained.evidence.metric} {number(quality)} on validation"
    if model := explained.decision.recipe.compressed:
        seeds = f"mean of {several(len(model.seeds), 'seed')}" if len(model.seeds) > 1 else "1 seed"
        done = "Deployed" if model.plain else "Compressed"
        return f"{done}, its model {reached} ({seeds}, {trials(advised.trials)})"
    if explained.confirmed(advised.optimizer):
        count = len(advised.trials)
        seeds = several(count, "seed") if count == 1 else f"mean of {count} seeds"
        return f"Its confirmed recipe {reached} ({seeds}, {trials(advised.trials)})"
    runs = several(advised.completed, "whole run")
    return f"Its best trial {reached} ({trials(advised.trials)}, best of {runs})"


def _compressed(explained: Explained) -> Iterator[str]:
    """Say which limit made it compressed, and at what price; or that a better recipe might fit so."""
    evidence, recipe = explained.evidence, explained.decision.recipe
    if recipe.compressed is None:
        yield from _compressible(explained)
        return
    broken = evidence.limits.exceeded(recipe.training.costs)
    limits = [
        f"{written(cost, getattr(evidence.limits, limit))} limit on {cost.limited}"
        for limit, cost in LIMITED_COST.items()
        if limit in broken
    ]
    figures = sentence(recipe.compressed, evidence.metric, evidence.direction)
    only = "as the deployed file" if recipe.compressed.plain else "compressed"
    why_so = (
        f"Its best recipe fits the {listed(limits)} only {only}"
        if limits
        else "Of what fits the limits it gives least away"
    )
    yield f"{why_so}: {figures} ({trials(recipe.compressed.trials)})."


def _compressible(explained: Explained) -> Iterator[str]:
    """Point at compression where its best recipe breaks a limit on the model, and a worse one is advised for it."""
    evidence, name = explained.evidence, explained.decision.optimizer
    best = best_complete(evidence.complete(name), name, evidence.direction)
    if best is None or explained.decision.recipe.given_away <= 0:
        return
    if way := untried(evidence, costs_of(evidence, name, best)):
        quality = f"{evidence.metric} {number(best.measured_quality)}"
        yield f"Its best recipe (trial {best.number}, {quality}) breaks a limit on the model; compressed it may fit ({way})."


def _sure(explained: Explained) -> Iterator[str]:
    advised, evidence, estimates = explained.advised, explained.evidence, explained.posterior.estimates
    if advised.quality is None:
        yield f"No whole run of it has been seen, so no probability above {percent(PRIOR_CAP)} is stated."
        return
    if not explained.others:
        limited = any(value is not None for value in asdict(evidence.limits).values())
        yield f"It is the only optimizer in question{' that fits the limits' if limited else ': it was compared with no other'}."
        return
    regret = f"on average the choice costs {ratio(advised.expected_regret)} {_of_what(explained)}"
    first = f"it is the very best of {len(explained.contenders)} with {chance(advised.p_best)}"
    yield f"It is within {explained.tie} of the best with a probability of {chance(advised.p_tie)} ({first}); {regret}."
    margin, spread = explained.posterior.margin, estimates.measured_seed_sd
    if spread is not None:
        ties = ", so smaller differences count as ties" if spread == margin else ""
        yield f"From seed to seed the confirmed recipes differ by {ratio(spread)} {_of_what(explained)}{ties}."
    if estimates.resolution == margin and evidence.valid_rows:
        rows = f"{evidence.valid_rows} validation rows"
        yield f"{rows} tell no smaller differences than {explained.tie}: those count as ties."


def _of_what(explained: Explained) -> str:
    return "of the error" if explained.evidence.direction.maximizes else f"of the {explained.evidence.metric}"


def _preferred(explained: Explained) -> Iterator[str]:
    advised, goal, fits = explained.advised, explained.evidence.goal, explained.decision.fits
    tied = [name for name in explained.decision.tied if name != advised.optimizer]
    if not tied or goal == "quality":
        return
    apart = f"The evidence cannot tell {listed([advised.optimizer, *tied])} apart"
    wanted = criteria(goal, {name: fits[name] for name in (advised.optimizer, *tied)})
    for noun, value in wanted[advised.optimizer].items():
        if any(wanted[name][noun] != value for name in tied):
            yield f"{apart}; for the goal '{goal}' the one with {noun} is advised{_has(advised, noun)}."
            return
    yield f"{apart}, nor can their costs; the one of least expected loss is advised."


def _has(advised: Contender, noun: str) -> str:
    if noun.endswith("state") and advised.optimizer_state_bytes is not None:
        return f" ({size(advised.optimizer_state_bytes)})"
    if noun.endswith("time") and advised.train_seconds is not None:
        return f" ({duration(advised.train_seconds)} a run)"
    return ""


def _tested(explained: Explained) -> Iterator[str]:
    recipe, metric = explained.decision.recipe, explained.evidence.metric
    if tests := recipe.test_qualities:
        spread = f", standard deviation {stdev(tests):.2g}" if len(tests) > 1 else ""
        seeds = several(len(recipe.measured_runs), "seed")
        yield f"On the test split, looked at once: {metric} {number(fmean(tests))} (mean of {seeds}{spread})."


def _reputation(explained: Explained) -> Iterator[str]:
    if explained.advised.quality is not None:
        return
    facts, name = explained.evidence.facts, explained.decision.optimizer
    known = problem_class(facts)
    yield f"Published comparisons {f'of {CLASSES[known]} apply' if known else NO_CLASS}."
    rates = {contender.optimizer: base_rate(facts, contender.optimizer) for contender in explained.contenders}
    compared = [other for other in rates if other == REFERENCE or rate(facts, other).known]
    behind = [other for other in compared if rates[other] < rates[name]] if name in compared else []
    if behind:
        shown = name if name != REFERENCE else min(behind, key=lambda other: rates[other])
        basis = f"{shown}: {rate(facts, shown).basis}"
        yield f"There {name} does better than {listed(behind)} more often than not ({basis})."


def _ruled(explained: Explained) -> Iterator[str]:
    """Yield the most telling findings on the recommended one: what was measured or costs, then the strong, then the notes."""
    name = explained.decision.optimizer
    about = [
        finding for finding in explained.findings if finding.subject == name and finding.verdict != "veto"
    ]
    telling = sorted(
        about, key=lambda finding: (finding.verdict == "note", finding.strength != 0, -abs(finding.strength))
    )
    for finding in telling[:TELLING]:
        yield f"{_OPENINGS.get(finding.verdict, '')}{finding.because} ({finding.source})."
    if len(telling) > TELLING:
        names = dict.fromkeys(finding.rule for finding in telling[TELLING:])
        yield f"Of less weight: {listed(list(names))} (advisor explain {next(iter(names))})."


_OPENINGS: Final = {"prefer": "Speaks for it: ", "avoid": "Speaks against it: "}


def _vetoed(explained: Explained) -> Iterator[str]:
    vetoes: dict[str, Finding] = {}
    for finding in explained.findings:
        if finding.verdict == "veto":
            vetoes.setdefault(finding.subject, finding)
    ordered = list(vetoes.values())
    shown = ordered if len(ordered) <= TELLING else ordered[: TELLING - 1]
    for finding in shown:
        yield f"Ruled out: {finding.because}."
    if rest := [finding.subject for finding in ordered[len(shown) :]]:
        yield f"Ruled out likewise: {listed(rest)}."


def alternatives(explained: Explained) -> tuple[str, ...]:
    """Return the runner-up and what is cheaper, each with when to prefer it."""
    ranked = explained.others
    lighter = min(ranked, key=_weight, default=None)
    faster = min(
        ranked, key=lambda other: (other.train_seconds is None, other.train_seconds or 0.0), default=None
    )
    wanted = [other for other in (*ranked[:1], lighter, faster) if other is not None]
    unique = {other.optimizer: other for other in wanted}
    return tuple(islice((_alternative(explained, other) for other in unique.values()), WORDY))


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
    reasons = (("memory is short", lighter), ("time is short", faster), (LUCK, ahead))
    when = " or ".join(reason for reason, holds in reasons if holds)
    return f"{other.optimizer}: {cost}{joint}{quality}; {f'prefer it when {when}' if when else 'nothing measured speaks for it'}."


def _against(explained: Explained, other: Contender) -> tuple[str, bool]:
    """Return how another's quality compares, and whether it is better than the recommended one's."""
    advised, evidence = explained.advised, explained.evidence
    if advised.quality is None:
        odds = f"{chance(other.p_tie)}, against {chance(advised.p_tie)}"
        return f"within {ratio(explained.posterior.margin)} of the best with a probability of {odds}", False
    if other.quality is None:
        return "no whole run yet", False
    words = difference(evidence.metric, evidence.direction, other.quality, advised.quality)
    if explained.confirmed(advised.optimizer) and not explained.confirmed(other.optimizer):
        words += " in its best trial (not confirmed)"
    return words, evidence.direction.better(other.quality, advised.quality)


def _compared(
    advised: float | None, other: float | None, noun: str, write: Callable[[float], str]
) -> tuple[bool, str]:
    """Return whether the other's cost is clearly less, and how it compares in words; nothing when they are alike."""
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
