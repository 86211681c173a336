"""Reasons for the recommended optimizer: sentences, each with its numbers and their trials or source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from statistics import fmean, stdev
from typing import Final

from advisor.contender import Contender
from advisor.decide.compression_reasons import compression_reasons
from advisor.decide.decision import Explained
from advisor.decide.posterior import PRIOR_CAP, base_rate
from advisor.evidence import Finding
from advisor.goals import criteria
from advisor.published import CLASSES
from advisor.published.rates import REFERENCE, problem_class, rate
from advisor.report.numbers import chance, duration, listed, number, percent, ratio, size, trials
from studies.quantities import several

NO_CLASS: Final = (
    "cover no problem of this kind; those over all kinds stand in for them, at half their weight"
)
MOST_FINDINGS: Final = 4
"""Findings of rules named at most, and as many optimizers ruled out; a reader remembers few."""


def reasons(explained: Explained) -> tuple[str, ...]:
    """Return the reasons, most telling first."""
    parts = (
        _measured(explained),
        map(str, compression_reasons(explained)),
        _confidence(explained),
        _preferred(explained),
        _tested(explained),
        _published(explained),
        _rule_findings(explained),
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


def _confidence(explained: Explained) -> Iterator[str]:
    advised, evidence, estimates = explained.advised, explained.evidence, explained.posterior.estimates
    if advised.quality is None:
        yield f"No whole run of it has been seen, so no probability above {percent(PRIOR_CAP)} is stated."
        return
    if not explained.others:
        limited = any(value is not None for value in asdict(evidence.limits).values())
        why = " that fits the limits" if limited else ": it was compared with no other"
        yield f"It is the only optimizer in question{why}."
        return
    regret = f"on average the choice costs {ratio(advised.expected_regret)} {_of_loss(explained)}"
    first = f"it is the very best of {len(explained.contenders)} with {chance(advised.p_best)}"
    probability = f"with a probability of {chance(advised.p_tie)} ({first})"
    yield f"It is within {explained.tie} of the best {probability}; {regret}."
    margin, spread = explained.posterior.margin, estimates.measured_seed_sd
    if spread is not None:
        ties = ", so smaller differences count as ties" if spread == margin else ""
        change = f"{ratio(spread)} {_of_loss(explained)}"
        yield f"From seed to seed the confirmed recipes differ by {change}{ties}."
    if estimates.resolution == margin and evidence.valid_rows:
        rows = f"{evidence.valid_rows} validation rows"
        yield f"{rows} tell no smaller differences than {explained.tie}: those count as ties."


def _of_loss(explained: Explained) -> str:
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
            yield f"{apart}; for the goal '{goal}' the one with {noun} is advised{_cost_of(advised, noun)}."
            return
    yield f"{apart}, nor can their costs; the one of least expected loss is advised."


def _cost_of(advised: Contender, noun: str) -> str:
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


def _published(explained: Explained) -> Iterator[str]:
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


def _rule_findings(explained: Explained) -> Iterator[str]:
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
        yield f"{_OPENINGS.get(finding.verdict, '')}{finding.because} ({finding.source})."
    if len(telling) > MOST_FINDINGS:
        names = dict.fromkeys(finding.rule for finding in telling[MOST_FINDINGS:])
        yield f"Of less weight: {listed(list(names))} (advisor explain {next(iter(names))})."


_OPENINGS: Final = {"prefer": "Speaks for it: ", "avoid": "Speaks against it: "}


def _vetoed(explained: Explained) -> Iterator[str]:
    vetoes: dict[str, Finding] = {}
    for finding in explained.findings:
        if finding.verdict == "veto":
            vetoes.setdefault(finding.subject, finding)
    ordered = list(vetoes.values())
    shown = ordered if len(ordered) <= MOST_FINDINGS else ordered[: MOST_FINDINGS - 1]
    for finding in shown:
        yield f"Ruled out: {finding.because}."
    if rest := [finding.subject for finding in ordered[len(shown) :]]:
        yield f"Ruled out likewise: {listed(rest)}."
