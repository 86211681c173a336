"""Guarantees of the advice on compressed models, for any evidence."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from advisor.decide.compressed import compressed_models, pareto_front
from advisor.decide.feasible import feasible_recipes
from advisor.decide.posterior import Posterior
from advisor.decide.recommend import recommend
from advisor.decide.rulebook import apply_rules
from advisor.decide.trial_summary import TrialSummary
from studies.direction import MAXIMIZE
from studies.errors import NothingFeasible
from studies.limits import Limits
from studies.pareto import dominates
from studies.quantities import parse_bytes

from compressed_evidence import (
    BASE,
    evidence_with,
    finalists,
)
from records import compressions

BYTES = st.sampled_from([5_000, 9_000, 15_000, 25_000, 40_000])
SECONDS = st.sampled_from([1e-5, 3e-5, 5e-5, 2e-4])
MADE = st.tuples(
    st.sampled_from(["Int8", "Float16", "Grouped", "Static"]),
    st.floats(-0.01, 0.3),
    BYTES,
    BYTES,
    SECONDS,
    st.integers(1, 3),
)


@st.composite
def compressed_studies(draw, *, optimizers=("AdamW", "Momentum")):
    records = BASE
    for optimizer in optimizers:
        for name, loss, file_bytes, zipped, seconds, seeds in draw(
            st.lists(MADE, max_size=4, unique_by=lambda way: way[0])
        ):
            sources = finalists(optimizer)[:seeds]
            records += compressions(
                len(records),
                sources,
                loss=[round(loss, 3)],
                done={"quantization": name},
                file_bytes=file_bytes,
                compressed_bytes=zipped,
                seconds=seconds,
            )
    return evidence_with(records=records, goal="quality")


LIMITS = st.builds(
    Limits,
    model_bytes=st.none() | st.sampled_from([6_000, 20_000, 50_000]),
    latency_seconds=st.none() | st.sampled_from([2e-5, 6e-5, 3e-4]),
)


@given(compressed_studies(), LIMITS)
@settings(max_examples=60, deadline=None)
def test_no_limit_is_ever_broken_by_a_known_cost(evidence, limits):
    try:
        advice = recommend(replace(evidence, limits=limits))
    except NothingFeasible:
        return

    assert not limits.exceeded(advice.costs)
    point = advice.compression
    if point and (limits.model_bytes or limits.latency_seconds):
        assert limits.model_bytes is None or point.model_bytes <= limits.model_bytes
        assert limits.latency_seconds is None or point.latency_seconds <= limits.latency_seconds


@given(compressed_studies(), st.integers(4_000, 60_000), st.integers(4_000, 60_000))
@settings(max_examples=60, deadline=None)
def test_a_looser_limit_never_makes_an_optimizer_give_more_away(evidence, first, second):
    summary = TrialSummary.of(evidence, Posterior.of(evidence, apply_rules(evidence)).estimates)
    by_limit = []
    for limit in sorted((first, second)):
        try:
            limited = replace(evidence, limits=Limits(model_bytes=limit))
            by_limit.append(feasible_recipes(limited, summary, apply_rules(evidence))[0])
        except NothingFeasible:
            by_limit.append({})
    tight, loose = by_limit

    assert set(tight) <= set(loose)
    assert all(loose[name].given_away <= tight[name].given_away for name in tight)


@given(compressed_studies(optimizers=("AdamW",)), st.integers(4_000, 60_000), st.integers(4_000, 60_000))
@settings(max_examples=60, deadline=None)
def test_a_looser_limit_never_worsens_the_advised_quality_over_all_seeds(evidence, first, second):
    tight, loose = sorted((first, second))
    alone = replace(
        evidence,
        candidates=("AdamW",),
        records=tuple(record for record in evidence.records if record.optimizer == "AdamW"),
    )
    try:
        small = recommend(replace(alone, limits=Limits(model_bytes=tight))).compression
    except NothingFeasible:
        return
    large = recommend(replace(alone, limits=Limits(model_bytes=loose))).compression

    assert small is None or large.level >= small.level - 1e-12


@given(compressed_studies(), st.data())
@settings(max_examples=40, deadline=None)
def test_what_another_beats_in_everything_changes_nothing(evidence, data):
    made = compressed_models(evidence)
    assume(made)
    best = data.draw(st.sampled_from(made))
    sources = [record for record in evidence.records if record.number in best.sources]
    worse = compressions(
        len(evidence.records),
        sources,
        loss=[best.reference_quality - best.quality + 0.01],
        done={"quantization": "Worse"},
        file_bytes=2 * best.model_bytes,
        compressed_bytes=2 * best.compressed_bytes,
        seconds=2 * best.latency_seconds,
    )
    limits = data.draw(LIMITS)
    try:
        before = recommend(replace(evidence, limits=limits))
    except NothingFeasible:
        return
    after = recommend(replace(evidence, limits=limits, records=(*evidence.records, *worse)))

    assert (after.optimizer, after.params, after.compressed, after.compression) == (
        before.optimizer,
        before.params,
        before.compressed,
        before.compression,
    )


@given(compressed_studies(), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_records_changes_nothing(evidence, chance):
    records = list(evidence.records)
    chance.shuffle(records)

    assert recommend(replace(evidence, records=tuple(records))) == recommend(evidence)


@given(compressed_studies())
@settings(max_examples=30, deadline=None)
def test_nothing_on_the_front_is_beaten_in_all_four(evidence):
    front = pareto_front(compressed_models(evidence), MAXIMIZE)
    figures = [
        (-model.level, model.model_bytes, model.compressed_bytes, model.latency_seconds) for model in front
    ]

    assert not any(dominates(left, right) for left in figures for right in figures)


@given(compressed_studies(), st.integers(1_000, 9_000))
@settings(max_examples=30, deadline=None)
def test_a_limit_raised_as_the_message_says_is_met(evidence, limit):
    try:
        recommend(replace(evidence, limits=Limits(model_bytes=limit)))
    except NothingFeasible as error:
        size = str(error).partition("Raise --model-size to ")[2].partition(";")[0]
    else:
        return

    assert recommend(replace(evidence, limits=Limits(model_bytes=parse_bytes(size))))
