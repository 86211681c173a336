"""Statements on compression: each holds on the records, at every stage of a compression, and says no more."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from advisor.decide.recommend import recommend
from advisor.statements.compression import (
    Compressed,
    Compressible,
    NoneSmallEnough,
    NotCompressedYet,
)
from advisor.statements.statement import Case
from studies.errors import NothingFeasible
from studies.limits import Limits

from compressed_evidence import BASE, INT8, PLAIN, PRUNED, SMALL, TUNED, evidence_with, finalists
from records import compressions, record

KINDS = Compressed.__module__
NAMES = ("AdamW", "Momentum", "SGD")
TIGHT = Limits(model_bytes=20_000)


def statements(evidence):
    """Return what the advice says of compression."""
    return [reason for reason in recommend(evidence).reasons if type(reason).__module__ == KINDS]


def case_of(evidence):
    return Case(evidence=evidence, answer=recommend(evidence), ask=lambda other: None)


def asked(*made, stage="before", **fields):
    """Return evidence of a study that compresses after its search, at a stage of that."""
    later = {"compression_finalists": ("AdamW", "Momentum"), "compression_ended": stage == "ended"}
    known = {"compression": "after", "compress": "advisor compress demo", "limits": TIGHT}
    return evidence_with(*made, **known | ({} if stage == "before" else later) | fields)


WAYS = st.lists(
    st.tuples(
        st.sampled_from(NAMES[:2]),
        st.sampled_from([{}, INT8, PRUNED, PRUNED | INT8, INT8 | TUNED, TUNED]),
        st.lists(st.sampled_from([-0.01, 0.0, 0.002, 0.05]), min_size=1, max_size=3),
        st.sampled_from([5_000, 15_000, 25_000, 40_000]),
        st.sampled_from([1e-5, 4.9e-5, 5.2e-5, 2e-4]),
        st.sampled_from(["complete", "complete", "complete", "failed", "pruned"]),
    ),
    max_size=5,
    unique_by=lambda way: (way[0], str(way[1])),
)
LIMITS = st.builds(
    Limits,
    model_bytes=st.sampled_from([None, 3_000, 15_000, 20_000, 39_999, 40_000, 50_000]),
    latency_seconds=st.sampled_from([None, 5e-6, 3e-5, 6e-5, 3e-4]),
    train_seconds=st.sampled_from([None, None, 1.0, 10.0]),
)


@st.composite
def compressing_studies(draw):
    """Studies of every kind that make their models small, at every stage of it."""
    ways = draw(WAYS)
    light = [record(30 + place, name, 0.9, model_bytes=5_000) for place, name in enumerate(("SGD", "AdamW"))]
    records = draw(st.sampled_from([BASE, BASE[:8], BASE[:1], *((*BASE, run) for run in light)]))
    for optimizer, done, losses, file_bytes, seconds, state in ways:
        sources = finalists(optimizer, records)[: len(losses)]
        first = 40 + len(records)
        if sources and state == "complete":
            records += compressions(
                first, sources, loss=losses, done=done, file_bytes=file_bytes, seconds=seconds
            )
        elif sources:
            records += compressions(first, sources[:1], done=done, state=state)
    compressed = any(run.stage == "compress" for run in records)
    stage = draw(st.sampled_from(["under way", "ended"] if compressed else ["before", "under way", "ended"]))
    limits, candidates = draw(LIMITS), draw(st.sampled_from([NAMES, NAMES[:2]]))
    goal = draw(st.sampled_from(["quality", "balanced", "speed"]))
    return asked(records=records, stage=stage, limits=limits, candidates=candidates, goal=goal)


@given(compressing_studies())
@settings(max_examples=150, deadline=None)
def test_every_statement_holds_and_goes_through_json(evidence):
    try:
        said = statements(evidence)
    except NothingFeasible:
        return
    case = case_of(evidence)

    for statement in said:
        assert statement.holds(case), str(statement)
        assert json.loads(json.dumps(statement.to_dict(), allow_nan=False))["says"] == str(statement)


@given(compressing_studies())
@settings(max_examples=150, deadline=None)
def test_there_is_an_answer_until_the_compression_has_ended_and_it_says_what_it_breaks(evidence):
    try:
        advice = recommend(evidence)
    except NothingFeasible:
        assert evidence.compression_ended or evidence.limits.train_seconds is not None
        return
    broken = evidence.limits.exceeded(advice.costs)

    assert not set(broken) - {"model_bytes", "latency_seconds"}
    if broken:
        assert advice.label != "decided"
        reasons = "\n".join(map(str, advice.reasons))
        assert "Not compressed yet" in reasons or "so far" in reasons


@given(compressing_studies())
@settings(max_examples=100, deadline=None)
def test_what_was_not_compressed_yet_is_not_ruled_out_by_its_size(evidence):
    assume(evidence.limits.train_seconds is None)
    try:
        advice = recommend(evidence)
    except NothingFeasible:
        return
    tried = [run for run in evidence.records if run.stage == "compress" and run.state != "pruned"]
    chosen = set(evidence.compression_finalists or evidence.optimizers) - {run.optimizer for run in tried}
    vetoed = {finding.subject for finding in advice.findings if finding.verdict == "veto"}

    assert not chosen & vetoed


@pytest.mark.parametrize(
    ("stage", "says"),
    [
        ("before", "the compression comes after the search."),
        ("under way", "the compression is not over."),
        ("ended", "the compression ended before it came to that (advisor compress demo)."),
    ],
)
def test_before_anything_is_compressed_the_answer_is_provisional_and_says_so(stage, says):
    advice = recommend(asked(stage=stage))
    reason = next(str(reason) for reason in advice.reasons if "Not compressed yet" in str(reason))

    assert advice.optimizer == "AdamW"
    assert advice.label != "decided"
    assert reason == (
        f"Not compressed yet: as trained, AdamW and Momentum do not fit 20 KB of model size; {says}"
    )


def test_one_that_fits_is_advised_while_the_others_wait_and_is_not_called_decided():
    advice = recommend(asked(SMALL, stage="under way"))

    assert (advice.optimizer, advice.compression.name) == ("AdamW", "int8 weight-only")
    assert advice.label != "decided"
    assert "as trained, Momentum does not fit 20 KB of model size" in "\n".join(map(str, advice.reasons))
    assert not [finding for finding in advice.findings if finding.verdict == "veto"]


def test_while_nothing_is_small_enough_yet_the_nearest_is_named_and_once_it_has_ended_the_limit_is():
    large = ("AdamW", [0.001], {"done": INT8, "file_bytes": 25_000})
    rival = ("Momentum", [0.001], {"done": INT8, "file_bytes": 26_000})
    advice = recommend(asked(large, rival, stage="under way"))

    assert (
        "Of 2 compressed models, the smallest so far has 24.4 KiB of model size, over the limit of 20 KB "
        "(AdamW: int8 weight-only, trials 14-16)." in map(str, advice.reasons)
    )
    with pytest.raises(NothingFeasible, match="nearest is AdamW with int8 weight-only"):
        recommend(asked(large, rival, stage="ended"))


def test_one_that_is_no_finalist_is_ruled_out_with_the_reason():
    records = (*BASE, record(30, "SGD", 0.9))
    advice = recommend(asked(SMALL, records=records, stage="ended", candidates=NAMES))
    veto = next(finding.because for finding in advice.findings if finding.verdict == "veto")

    assert veto.startswith("SGD breaks a limit in every whole run")
    assert veto.endswith("it was no finalist, and only finalists' models were compressed")


def test_a_study_that_compresses_nothing_has_no_provisional_answer():
    with pytest.raises(NothingFeasible):
        recommend(evidence_with(limits=TIGHT))


def test_statements_on_other_records_do_not_hold():
    light = record(30, "AdamW", 0.9, model_bytes=5_000)
    made = {
        Compressed: asked(PLAIN, SMALL, stage="ended"),
        Compressible: evidence_with(records=(*BASE, light), limits=TIGHT),
        NotCompressedYet: asked(),
        NoneSmallEnough: asked(("AdamW", [0.0], {"done": INT8, "file_bytes": 25_000}), stage="under way"),
    }
    others = {
        Compressed: asked(PLAIN, ("AdamW", [0.02], SMALL[2]), stage="ended"),
        Compressible: evidence_with(SMALL, records=(*BASE, light), limits=TIGHT),
        NotCompressedYet: asked(SMALL, stage="under way"),
        NoneSmallEnough: asked(("AdamW", [0.0], {"done": INT8, "file_bytes": 24_000}), stage="under way"),
    }
    for kind, evidence in made.items():
        statement = next(each for each in statements(evidence) if isinstance(each, kind))
        assert statement.holds(case_of(evidence))
        assert not statement.holds(case_of(others[kind])), kind


def test_a_lucky_seed_puts_no_compressed_model_ahead_of_one_that_loses_less():
    first = finalists("AdamW")[:1]  # a seed above the mean of three
    lossy = compressions(40, first, loss=[0.0008], done=PRUNED | INT8, file_bytes=10_000)
    sound = compressions(50, finalists("AdamW"), loss=[0.0], done=INT8, file_bytes=10_000)
    advice = recommend(asked(records=(*BASE, *lossy, *sound), stage="ended"))

    assert lossy[0].quality > sum(run.quality for run in sound) / 3
    assert advice.compression.name == "int8 weight-only"


def busy(run):
    """Return a compressed model timed in a minute in which everything took ten times as long."""
    latencies = tuple(
        replace(
            each,
            median_seconds=10 * each.median_seconds,
            reference_seconds=10 * each.reference_seconds,
        )
        for each in run.footprint.latencies
    )
    slow = replace(run.footprint, latencies=latencies)
    return replace(run, latency_seconds=10 * run.latency_seconds, footprint=slow)


def test_a_busy_minute_makes_no_compressed_model_slower():
    plain = compressions(40, finalists("AdamW"))
    quick = compressions(50, finalists("AdamW"), done=INT8, file_bytes=10_000, seconds=4e-5)
    limits = Limits(model_bytes=20_000, latency_seconds=4.5e-5)
    calm, slow = (
        recommend(asked(records=(*BASE, *plain, *timed), stage="ended", limits=limits))
        for timed in (quick, (*map(busy, quick[:1]), *quick[1:]))
    )

    assert calm.compression.name == slow.compression.name == "int8 weight-only"
    assert calm.costs["latency_seconds"] == pytest.approx(slow.costs["latency_seconds"])
