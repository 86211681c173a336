"""Why this optimizer, and when to prefer another: sentences, each with its numbers and the trials or the source they are from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from advisor.beliefs import PRIOR_CAP, base_rate
from advisor.compression_words import sentence
from advisor.evidence import Contender, Evidence, Finding, Recommendation
from advisor.feasible import costs_of, untried
from advisor.goals import criteria
from advisor.published import CLASSES
from advisor.published.rates import REFERENCE, problem_class, rate
from advisor.wording import chance, difference, duration, listed, number, percent, ratio, several, size, trials, written
from studies.limits import LIMITED_COST
from studies.rungs import best_complete

if TYPE_CHECKING:
    from advisor.beliefs import Beliefs
    from advisor.feasible import Option
    from advisor.recommend import Verdict

CLEARLY: Final = 0.9
"""Share of a cost below which another one is clearly less."""
WORDY: Final = 3
"""Alternatives named at most."""
NO_CLASS: Final = "cover no problem of this kind; those over all kinds stand in for them, at half their weight"
TELLING: Final = 4
"""Findings of rules told at most, and as many optimizers ruled out; a reader remembers few."""
LUCK: Final = "nothing but quality counts, though the difference may be luck"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the sentences are about."""

    evidence: Evidence
    held: Beliefs
    verdict: Verdict
    advice: Recommendation

    @property
    def mine(self) -> Contender:
        """Return the recommended one."""
        return next(one for one in self.advice.contenders if one.optimizer == self.advice.optimizer)

    @property
    def others(self) -> list[Contender]:
        """Return the others that fit, best first."""
        return [one for one in self.advice.contenders if one.optimizer != self.advice.optimizer]

    def confirmed(self, name: str) -> bool:
        """Tell whether the recipe in question of an optimizer was confirmed."""
        return self.verdict.fits[name].confirmed


def why(case: Case) -> tuple[str, ...]:
    """Return the reasons, most telling first."""
    parts = (
        _measured(case),
        _compressed(case),
        _sure(case),
        _preferred(case),
        _tested(case),
        _reputation(case),
        _ruled(case),
        _vetoed(case),
    )
    return tuple(sentence for part in parts for sentence in part)


def _measured(case: Case) -> Iterator[str]:
    mine, metric = case.mine, case.evidence.metric
    if mine.quality is None:
        return
    option = case.verdict.fits[mine.optimizer]
    if option.shrunk:
        seeds = f"mean of {several(len(option.shrunk.seeds), 'seed')}" if len(option.shrunk.seeds) > 1 else "1 seed"
        done = "Deployed" if option.shrunk.plain else "Compressed"
        text = f"{done}, its model reached {metric} {number(mine.quality)} on validation ({seeds}, {trials(mine.trials)})"
    elif case.confirmed(mine.optimizer):
        seeds = several(len(mine.trials), "seed") if len(mine.trials) == 1 else f"mean of {len(mine.trials)} seeds"
        text = f"Its confirmed recipe reached {metric} {number(mine.quality)} on validation ({seeds}, {trials(mine.trials)})"
    else:
        runs = several(mine.completed, "whole run")
        text = f"Its best trial reached {metric} {number(mine.quality)} on validation ({trials(mine.trials)}, best of {runs})"
    rival = next((one for one in case.others if one.quality is not None), None)
    if rival is None or rival.quality is None:
        yield f"{text}; no other optimizer that fits has a whole run to compare with."
        return
    small = ", compressed too" if case.verdict.fits[rival.optimizer].shrunk else ""
    unfair = "" if case.confirmed(rival.optimizer) == case.confirmed(mine.optimizer) else ", not confirmed"
    if unfair and not case.confirmed(mine.optimizer):
        unfair = ", confirmed"
    role = "the runner-up" if case.advice.contenders[0] is mine else "its nearest rival"
    yield f"{text}; {role} {rival.optimizer} {number(rival.quality)} ({trials(rival.trials)}{small}{unfair})."


def _compressed(case: Case) -> Iterator[str]:
    """Say which limit made it compressed, and at what price; or that a better recipe might fit so."""
    option = case.verdict.fits[case.advice.optimizer]
    if option.shrunk is None:
        yield from _compressible(case, option)
        return
    broken = case.evidence.limits.exceeded(option.training.costs)
    limits = [
        f"{written(cost, getattr(case.evidence.limits, limit))} limit on {cost.limited}"
        for limit, cost in LIMITED_COST.items()
        if limit in broken
    ]
    told = sentence(option.shrunk, case.evidence.metric, case.evidence.direction)
    only = "as the deployed file" if option.shrunk.plain else "compressed"
    why_so = f"Its best recipe fits the {listed(limits)} only {only}" if limits else "Of what fits the limits it gives least away"
    yield f"{why_so}: {told} ({trials(option.shrunk.trials)})."


def _compressible(case: Case, option: Option) -> Iterator[str]:
    """Point at compression where its best recipe breaks a limit on the model, and a worse one is advised for it."""
    evidence, name = case.evidence, case.advice.optimizer
    best = best_complete(evidence.complete(name), name, evidence.direction)
    if best is None or option.given_away <= 0:
        return
    if way := untried(evidence, costs_of(evidence, name, best)):
        told = f"{evidence.metric} {number(best.measured_quality)}"
        yield f"Its best recipe (trial {best.number}, {told}) breaks a limit on the model; compressed it may fit ({way})."


def _sure(case: Case) -> Iterator[str]:
    mine, margin = case.mine, case.held.margin
    if mine.quality is None:
        yield f"No whole run of it has been seen, so no probability above {percent(PRIOR_CAP)} is stated."
        return
    if not case.others:
        limited = any(value is not None for value in asdict(case.evidence.limits).values())
        yield f"It is the only optimizer in question{' that fits the limits' if limited else ': it was compared with no other'}."
        return
    regret = f"on average the choice costs {ratio(mine.expected_regret)} {_of_what(case)}"
    first = f"it is the very best of {len(case.advice.contenders)} with {chance(mine.p_best)}"
    yield f"It is within {case.advice.tie} of the best with a probability of {chance(mine.p_tie)} ({first}); {regret}."
    spread, row = case.held.estimates.measured_seed_sd, case.held.estimates.resolution
    if spread is not None:
        ties = ", so smaller differences count as ties" if spread == margin else ""
        yield f"From seed to seed the confirmed recipes differ by {ratio(spread)} {_of_what(case)}{ties}."
    if row == margin and case.evidence.valid_rows:
        rows = f"{case.evidence.valid_rows} validation rows"
        yield f"{rows} tell no smaller differences than {case.advice.tie}: those count as ties."


def _of_what(case: Case) -> str:
    return "of the error" if case.evidence.direction.maximizes else f"of the {case.evidence.metric}"


def _preferred(case: Case) -> Iterator[str]:
    tied = [name for name in case.verdict.tied if name != case.advice.optimizer]
    if not tied or case.evidence.goal == "quality":
        return
    mine, goal, fits = case.mine, case.evidence.goal, case.verdict.fits
    apart = f"The evidence cannot tell {listed([mine.optimizer, *tied])} apart"
    wanted = criteria(goal, {name: fits[name] for name in (mine.optimizer, *tied)})
    for noun, value in wanted[mine.optimizer].items():
        if any(wanted[name][noun] != value for name in tied):
            yield f"{apart}; for the goal '{goal}' the one with {noun} is advised{_has(mine, noun)}."
            return
    yield f"{apart}, nor can their costs; the one of least expected loss is advised."


def _has(mine: Contender, noun: str) -> str:
    if noun.endswith("state") and mine.optimizer_state_bytes is not None:
        return f" ({size(mine.optimizer_state_bytes)})"
    return f" ({duration(mine.train_seconds)} a run)" if noun.endswith("time") and mine.train_seconds is not None else ""


def _tested(case: Case) -> Iterator[str]:
    advice = case.advice
    if advice.test_quality is not None:
        spread = f", standard deviation {advice.test_spread:.2g}" if advice.test_spread is not None else ""
        seeds = several(len(advice.seeds), "seed")
        yield f"On the test split, looked at once: {advice.metric} {number(advice.test_quality)} (mean of {seeds}{spread})."


def _reputation(case: Case) -> Iterator[str]:
    if case.mine.quality is not None:
        return
    facts, name = case.evidence.facts, case.advice.optimizer
    known = problem_class(facts)
    yield f"Published comparisons {f'of {CLASSES[known]} apply' if known else NO_CLASS}."
    rates = {one.optimizer: base_rate(facts, one.optimizer) for one in case.advice.contenders}
    compared = [one for one in rates if one == REFERENCE or rate(facts, one).known]
    behind = [other for other in compared if rates[other] < rates[name]] if name in compared else []
    if behind:
        shown = name if name != REFERENCE else min(behind, key=lambda other: rates[other])
        basis = f"{shown}: {rate(facts, shown).basis}"
        yield f"There {name} does better than {listed(behind)} more often than not ({basis})."


def _ruled(case: Case) -> Iterator[str]:
    """Yield the most telling findings on the recommended one: what was measured or costs, then the strong, then the notes."""
    mine = [one for one in case.advice.findings if one.subject == case.advice.optimizer and one.verdict != "veto"]
    telling = sorted(mine, key=lambda one: (one.verdict == "note", one.strength != 0, -abs(one.strength)))
    for finding in telling[:TELLING]:
        yield f"{_OPENINGS.get(finding.verdict, '')}{finding.because} ({finding.source})."
    if len(telling) > TELLING:
        names = dict.fromkeys(one.rule for one in telling[TELLING:])
        yield f"Of less weight: {listed(list(names))} (advisor explain {next(iter(names))})."


_OPENINGS: Final = {"prefer": "Speaks for it: ", "avoid": "Speaks against it: "}


def _vetoed(case: Case) -> Iterator[str]:
    vetoes: dict[str, Finding] = {}
    for finding in case.advice.findings:
        if finding.verdict == "veto":
            vetoes.setdefault(finding.subject, finding)
    ordered = list(vetoes.values())
    shown = ordered if len(ordered) <= TELLING else ordered[: TELLING - 1]
    for finding in shown:
        yield f"Ruled out: {finding.because}."
    if rest := [finding.subject for finding in ordered[len(shown) :]]:
        yield f"Ruled out likewise: {listed(rest)}."


def alternatives(case: Case) -> tuple[str, ...]:
    """Return the runner-up and what is cheaper, each with when to prefer it."""
    ranked = case.others
    lighter = min(ranked, key=_weight, default=None)
    faster = min(ranked, key=lambda one: (one.train_seconds is None, one.train_seconds or 0.0), default=None)
    wanted = [one for one in (*ranked[:1], lighter, faster) if one is not None]
    unique = {one.optimizer: one for one in wanted}
    return tuple(islice((_alternative(case, one) for one in unique.values()), WORDY))


def _weight(one: Contender) -> tuple[bool, int]:
    held = one.peak_bytes if one.optimizer_state_bytes is None else one.optimizer_state_bytes
    return held is None, held or 0


def _alternative(case: Case, other: Contender) -> str:
    mine = case.mine
    lighter, weight = _compared(mine.optimizer_state_bytes, other.optimizer_state_bytes, "optimizer state", size)
    if mine.optimizer_state_bytes is None or other.optimizer_state_bytes is None:
        lighter, weight = _compared(mine.peak_bytes, other.peak_bytes, "peak memory", size)
    faster, time = _compared(mine.train_seconds, other.train_seconds, "training time", duration)
    cost = " and ".join(part for part in (weight, time) if part)
    quality, ahead = _against(case, other)
    measured = mine.quality is not None and other.quality is not None
    joint = (" for " if measured else ", ") if cost else ""
    reasons = (("memory is short", lighter), ("time is short", faster), (LUCK, ahead))
    when = " or ".join(reason for reason, holds in reasons if holds)
    return f"{other.optimizer}: {cost}{joint}{quality}; {f'prefer it when {when}' if when else 'nothing measured speaks for it'}."


def _against(case: Case, other: Contender) -> tuple[str, bool]:
    """Return how another's quality compares, and whether it is better than the recommended one's."""
    mine, evidence = case.mine, case.evidence
    if mine.quality is None:
        odds = f"{chance(other.p_tie)}, against {chance(mine.p_tie)}"
        return f"within {ratio(case.held.margin)} of the best with a probability of {odds}", False
    if other.quality is None:
        return "no whole run yet", False
    words = difference(evidence.metric, evidence.direction, other.quality, mine.quality)
    if case.confirmed(mine.optimizer) and not case.confirmed(other.optimizer):
        words += " in its best trial (not confirmed)"
    return words, evidence.direction.better(other.quality, mine.quality)


def _compared(mine: float | None, other: float | None, noun: str, write: Callable[[float], str]) -> tuple[bool, str]:
    """Return whether the other's cost is clearly less, and how it compares in words; nothing when they are alike."""
    if mine is None or other is None or (mine == other) or (min(mine, other) > CLEARLY * max(mine, other)):
        return False, ""
    against = f"({write(other)} against {write(mine)})"
    if other == 0:
        return True, f"no {noun} (against {write(mine)})"
    share = other / mine if mine else math.inf
    if 0.45 < share < 0.55:
        return True, f"half the {noun} {against}"
    if 1.8 < share < 2.2:
        return False, f"twice the {noun} {against}"
    word = f"{percent(1 - share)} less" if share < 1 else f"{number(round(share, 1))} times the" if mine else "more"
    return share < 1, f"{word} {noun} {against}"
