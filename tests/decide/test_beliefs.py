"""Posterior: what it must satisfy, a slow reference to agree with, and whether its confidence comes true."""

from __future__ import annotations

import math
import random
from statistics import NormalDist, fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.decide.estimates import Estimate, Estimates
from advisor.decide.posterior import (
    MARGIN,
    PRIOR_CAP,
    RULE_CLIP,
    TOTAL_CLIP,
    WIDEST,
    Posterior,
    advantages,
    base_rate,
    posterior_draws,
    prior_log_odds,
)
from advisor.evidence import Evidence, Finding
from studies.facts import Facts

from records import confirmations, record, study

NAMES = ("Adagrad", "AdamW", "Momentum", "SGD")


def evidence(records, **fields):
    return Evidence(records=tuple(records), **fields)


def believed(by_optimizer: dict[str, Estimate], advantage=None) -> Posterior:
    names = tuple(sorted(by_optimizer))
    measured = Estimates(by_optimizer=by_optimizer)
    weights, draws = posterior_draws(names, measured, advantage or [0.0] * len(names))
    return Posterior(optimizers=names, estimates=measured, margin=0.02, weights=weights, draws=draws)


# ---------------------------------------------------------------- the prior


def test_no_rule_and_no_prior_can_shout():
    shouting = [
        Finding(rule=f"Rule{i}", subject="AdamW", verdict="prefer", strength=9.0, because="", source="")
        for i in range(3)
    ]

    assert prior_log_odds(Facts(), shouting[:1], ["AdamW"])["AdamW"] == RULE_CLIP
    assert prior_log_odds(Facts(), shouting, ["AdamW"])["AdamW"] == TOTAL_CLIP


def test_what_one_rule_says_in_two_findings_is_clipped_together():
    twice = [Finding(rule="Rule", subject="AdamW", verdict="prefer", strength=1.0, because="", source="")] * 2

    assert prior_log_odds(Facts(), twice, ["AdamW"])["AdamW"] == RULE_CLIP


def test_the_advantage_turns_log_odds_into_the_chance_to_win():
    left, right = advantages([1.4, 0.0])

    assert NormalDist().cdf((left - right) / math.sqrt(2)) == pytest.approx(
        1 / (1 + math.exp(-1.4)), abs=0.01
    )


def test_before_any_trial_no_probability_exceeds_the_cap():
    summaries = Posterior.of(Evidence(candidates=("AdamW", "SGD")), [_finding("SGD", -2.5)]).summaries(
        {"AdamW": 0.0, "SGD": 0.0}
    )

    assert summaries["AdamW"].p_best == summaries["AdamW"].p_tie == PRIOR_CAP
    assert Posterior.of(Evidence(candidates=("AdamW",))).summaries({"AdamW": 0.0})["AdamW"].p_tie == PRIOR_CAP


def test_the_prior_speaks_for_what_was_not_tried():
    tried = study({"AdamW": [0.9, 0.91]})
    for strength, worse in ((1.4, False), (-1.4, True)):
        means = Posterior.of(
            evidence(tried, candidates=("AdamW", "Muon")), [_finding("Muon", strength)]
        ).means()
        assert (means["Muon"] > means["AdamW"]) is worse


def test_a_convolutional_net_has_base_rates_of_its_own():
    plain, deep = Facts(), Facts(convolution_share=0.9, has_batchnorm=True)

    assert (
        prior_log_odds(plain, [], ["Momentum"])["Momentum"]
        < 0
        < prior_log_odds(deep, [], ["Momentum"])["Momentum"]
    )


def _finding(subject, strength):
    return Finding(rule="Rule", subject=subject, verdict="prefer", strength=strength, because="", source="")


# ---------------------------------------------------------------- the posterior


def slow_posterior(by_optimizer: dict[str, Estimate], advantage, margin, draws=250_000):
    """Return (p_best, p_tie, regret) by importance sampling: prior draws, weighed by the likelihood."""
    chance = random.Random(1)  # noqa: S311 - a simulation
    names = sorted(by_optimizer)
    p_best, p_tie, regret = ([0.0] * len(names) for _ in range(3))
    weight_sum = 0.0
    for _ in range(draws):
        s = math.exp(chance.gauss(math.log(0.3), 0.8))
        shape = [-s * m + s * chance.gauss(0, 1) for m in advantage]
        # mu is flat: draw it from where the first estimate says it is, and divide by that density
        first = by_optimizer[names[0]]
        mu = chance.gauss(first.gap - shape[0], math.sqrt(first.variance))
        v = [mu + deviation for deviation in shape]
        weight = math.exp(
            -sum(
                (by_optimizer[n].gap - x) ** 2 / by_optimizer[n].variance
                for n, x in list(zip(names, v, strict=True))[1:]
            )
            / 2
        )
        low = min(v)
        weight_sum += weight
        for i, x in enumerate(v):
            p_best[i] += weight * (x == low)
            p_tie[i] += weight * (x <= low + margin)
            regret[i] += weight * (x - low)
    return [[x / weight_sum for x in row] for row in (p_best, p_tie, regret)]


@pytest.mark.parametrize(
    ("gaps", "sds", "advantage"),
    [
        pytest.param((0.1, 0.0, 0.3), (0.3, 0.2, 0.3), (0.0, 0.0, 0.0), id="unconfirmed"),
        pytest.param((0.05, 0.0, 0.4), (0.1, 0.1, 0.4), (0.5, -0.8, 0.3), id="two confirmed, with a prior"),
    ],
)
def test_the_posterior_agrees_with_a_slow_reference(gaps, sds, advantage):
    by_optimizer = {
        name: Estimate(gap=g, variance=s**2) for name, g, s in zip(NAMES, gaps, sds, strict=False)
    }
    fast = believed(by_optimizer, list(advantage)).summaries(dict.fromkeys(sorted(by_optimizer), 0.0))
    p_best, p_tie, regret = slow_posterior(by_optimizer, advantage, 0.02)

    for i, name in enumerate(sorted(by_optimizer)):
        assert fast[name].p_best == pytest.approx(p_best[i], abs=0.012)
        assert fast[name].p_tie == pytest.approx(p_tie[i], abs=0.012)
        assert fast[name].expected_regret == pytest.approx(regret[i], abs=0.006)


estimate = st.builds(
    lambda gap, sd: Estimate(gap=gap, variance=sd**2),
    st.floats(0, 2).map(lambda x: round(x, 3)),
    st.floats(0.02, 0.6),
)


@given(st.lists(estimate, min_size=2, max_size=4))
@settings(max_examples=40, deadline=None)
def test_probabilities_are_probabilities(by_optimizer):
    summaries = believed(dict(zip(NAMES, by_optimizer, strict=False))).summaries(
        dict.fromkeys(NAMES[: len(by_optimizer)], 0.0)
    )

    assert sum(summary.p_best for summary in summaries.values()) == pytest.approx(1)
    assert all(
        0 <= summary.p_best <= summary.p_tie <= 1 + 1e-9 and summary.expected_regret >= 0
        for summary in summaries.values()
    )


@given(
    st.lists(st.floats(0, 2).map(lambda x: round(x, 3)), min_size=2, max_size=4, unique=True),
    st.floats(0.02, 0.6),
)
@settings(max_examples=40, deadline=None)
def test_equal_doubt_and_no_prior_keep_the_order_that_was_seen(gaps, sd):
    by_optimizer = {name: Estimate(gap=gap, variance=sd**2) for name, gap in zip(NAMES, gaps, strict=False)}
    means = believed(by_optimizer).means()

    assert sorted(means, key=means.__getitem__) == sorted(
        by_optimizer, key=lambda name: by_optimizer[name].gap
    )


@given(st.permutations(range(9)), st.permutations(NAMES))
@settings(max_examples=20, deadline=None)
def test_neither_the_order_of_records_nor_of_candidates_matters(order, names):
    records = study(
        {"AdamW": [0.9, 0.95, 0.94], "SGD": [0.8, 0.85]},
        confirmed={"AdamW": [0.93, 0.94], "SGD": [0.86, 0.84]},
    )
    straight = Posterior.of(evidence(records, candidates=NAMES))
    shuffled = Posterior.of(evidence([records[i] for i in order], candidates=tuple(names)))

    assert straight.summaries(dict.fromkeys(NAMES, 0.0)) == shuffled.summaries(dict.fromkeys(NAMES, 0.0))


def test_a_clear_confirmed_difference_is_decided_and_a_tie_is_not():
    clear = study(
        {"AdamW": [0.95], "SGD": [0.90]},
        confirmed={"AdamW": [0.95, 0.951, 0.949], "SGD": [0.9, 0.901, 0.899]},
    )
    close = study(
        {"AdamW": [0.95], "SGD": [0.949]},
        confirmed={"AdamW": [0.95, 0.94, 0.945], "SGD": [0.946, 0.949, 0.942]},
    )
    both = {"AdamW": 0.0, "SGD": 0.0}

    assert Posterior.of(evidence(clear)).summaries(both)["AdamW"].p_best > 0.95
    assert 0.2 < Posterior.of(evidence(close)).summaries(both)["AdamW"].p_best < 0.8


def test_the_tie_margin_follows_the_spread_over_seeds_up_to_a_tenth():
    noisy = study(
        {"AdamW": [0.9], "SGD": [0.9]}, confirmed={"AdamW": [0.9, 0.85, 0.95], "SGD": [0.85, 0.95, 0.9]}
    )
    calm = study(
        {"AdamW": [0.9], "SGD": [0.9]}, confirmed={"AdamW": [0.9, 0.904, 0.902], "SGD": [0.905, 0.9, 0.904]}
    )
    rows = {"valid_rows": 10_000}

    assert Posterior.of(evidence(study({"AdamW": [0.9, 0.8]}), **rows)).margin == MARGIN
    assert MARGIN < Posterior.of(evidence(calm, **rows)).margin < WIDEST
    assert Posterior.of(evidence(noisy, **rows)).margin == WIDEST


def test_what_half_a_row_could_undo_is_a_tie():
    """Two optimizers that are right on every row, and one that misses one of a hundred."""
    perfect = study(
        {"AdamW": [1.0], "SGD": [1.0], "Momentum": [0.99]},
        confirmed={"AdamW": [1.0] * 3, "SGD": [1.0] * 3, "Momentum": [0.99] * 3},
    )
    few, many = (Posterior.of(evidence(perfect, valid_rows=rows)) for rows in (100, 10_000))

    assert few.margin == many.margin == pytest.approx(math.log(2))
    names = dict.fromkeys(few.optimizers, 0.0)
    assert few.summaries(names)["SGD"].p_tie > 0.8
    assert few.summaries(names)["Momentum"].p_tie > 0.2 > many.summaries(names)["Momentum"].p_tie


def test_what_was_trained_counts_for_more_than_what_was_said():
    prior = [_finding("SGD", 1.4), _finding("AdamW", -1.4)]
    equal = study({"AdamW": [0.9] * 3, "SGD": [0.9] * 3})
    before = Posterior.of(evidence([], candidates=("AdamW", "SGD")), prior).means()
    after = Posterior.of(evidence(equal), prior).means()

    assert 0 < after["AdamW"] - after["SGD"] < 0.5 * (before["AdamW"] - before["SGD"])


# ---------------------------------------------------------------- calibration

ARMS = ("AdamW", "Momentum", "RMSprop", "SGD")
EVEN = {name: -base_rate(Facts(), name) for name in ARMS}
"""Takes the base rates back, as the simulated optimizers are drawn alike."""


def simulate(chance: np.random.Generator, trials: int, *, confirm: bool):
    """Draw optimizers from the prior and gamma-tailed trials around them; return evidence and true gaps."""
    s = math.exp(math.log(0.3) + 0.8 * chance.standard_normal())
    level = s * chance.standard_normal(len(ARMS))
    lowest = chance.gamma(2.0, 0.42, (2000, trials)).min(axis=1).mean()
    records, truth, best = [], {}, {}
    for arm, name in enumerate(ARMS):
        true = level[arm] - lowest + chance.gamma(2.0, 0.42, trials)
        gaps = true + 0.08 * chance.standard_normal(trials)
        first = len(records)
        records += [
            record(first + i, name, math.exp(gap), direction="minimize") for i, gap in enumerate(gaps)
        ]
        pick = int(gaps.argmin())
        best[name] = (first + pick, float(gaps[pick]), float(true[pick]))
        truth[name] = float(true[pick])
    if confirm:
        shared = 0.1 * chance.standard_normal(3)
        for name in sorted(best, key=lambda name: best[name][1])[:2]:
            runs = np.exp(best[name][2] + shared + 0.08 * chance.standard_normal(3))
            records += confirmations(
                len(records), name, map(float, runs), source=best[name][0], direction="minimize"
            )
    return evidence(records, direction="minimize", metric="loss"), truth


@pytest.mark.parametrize(
    ("trials", "confirm"),
    [
        pytest.param(1, False, id="one trial each"),
        pytest.param(5, False, id="five trials each"),
        pytest.param(5, True, id="five trials each and the best two confirmed"),
    ],
)
def test_stated_confidence_comes_true(trials, confirm):
    chance = np.random.default_rng(7)
    findings = [_finding(name, strength) for name, strength in EVEN.items()]
    stated, true = [], []
    for _ in range(400):
        observed, truth = simulate(chance, trials, confirm=confirm)
        posterior_ = Posterior.of(observed, findings)
        summaries = posterior_.summaries(dict.fromkeys(ARMS, 0.0))
        pick = min(summaries, key=lambda name: summaries[name].expected_regret)
        stated.append(summaries[pick].p_tie)
        true.append(truth[pick] <= min(truth.values()) + posterior_.margin)

    # two standard errors of 400 simulations are 0.05; erring on the modest side is allowed up to 0.12
    assert -0.05 <= fmean(true) - fmean(stated) <= 0.12
