"""Table, title and before-and-after of a compression: no false word in any corner, on generated studies."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.decide.compressed import compressed_models, gap_opened
from advisor.decide.recommend import recommend
from advisor.decide.scale import LossScale
from advisor.report.compression_table import NOTHING_FITS
from advisor.rules.survives_compression import SurvivesCompression
from dashboard.charts.compression import SAME, before_after, tradeoff
from studies.errors import NothingFeasible
from studies.limits import Limits

from compressed_evidence import BASE, INT8, PRUNED, TUNED, evidence_with, finalists
from records import compressions

WAYS = st.lists(
    st.tuples(
        st.sampled_from(["AdamW", "Momentum"]),
        st.sampled_from([{}, INT8, PRUNED, PRUNED | INT8, INT8 | TUNED, TUNED]),
        st.lists(st.sampled_from([-0.01, 0.0, 0.0004, 0.05]), min_size=1, max_size=3),
        st.sampled_from([5_000, 38_500, 39_500, 40_000, 41_000, 60_000]),
        st.lists(st.sampled_from([1e-5, 4.9e-5, 5e-5, 5.2e-5, 2e-4]), min_size=3, max_size=3),
    ),
    max_size=6,
    unique_by=lambda way: (way[0], str(way[1])),
)
LIMITS = st.builds(
    Limits,
    model_bytes=st.sampled_from([None, None, 3_000, 39_000, 50_000]),
    latency_seconds=st.sampled_from([None, None, 3e-5, 6e-5]),
)


@st.composite
def compressed_studies(draw):
    records = BASE
    for optimizer, done, losses, file_bytes, seconds in draw(WAYS):
        for source, loss, time in zip(finalists(optimizer), losses, seconds, strict=False):
            size = file_bytes if done else 40_000
            records += compressions(
                len(records), [source], loss=[loss if done else 0.0], done=done, file_bytes=size, seconds=time
            )
    goal = draw(st.sampled_from(["quality", "balanced", "speed"]))
    return evidence_with(records=records, limits=draw(LIMITS), goal=goal)


def advised(evidence):
    try:
        return recommend(evidence)
    except NothingFeasible:
        return None


@given(compressed_studies())
@settings(max_examples=120, deadline=None)
def test_the_star_is_explained_where_there_is_one_and_nowhere_else(evidence):
    if (advice := advised(evidence)) is None:
        return
    table = advice.compression_table
    said, rows = " ".join(table.sentences()), table.rows()
    stars = [row for row in rows if row[0].startswith("* ")]

    assert len(stars) == (advice.compression is not None)
    assert ("is advised" in said) == bool(stars)
    on_front = advice.compression is not None and any(
        model.trials == advice.compression.trials for model in advice.compressed
    )
    assert ("; * is advised" in said) == on_front
    assert (NOTHING_FITS in said) == (bool(advice.compressed) and advice.compression is None)


@given(compressed_studies())
@settings(max_examples=120, deadline=None)
def test_deployed_as_it_is_only_for_a_reason_that_holds(evidence):
    if (advice := advised(evidence)) is None or advice.compression is None or not advice.compression.plain:
        return
    said = " ".join(advice.compression_table.sentences())
    claim = re.search(r"nothing measured makes it (smaller|faster) at a quality within", said)
    scale = LossScale.of(evidence)
    others = [
        model
        for model in compressed_models(evidence)
        if model.optimizer == advice.optimizer
        and not model.control
        and gap_opened(model, scale) <= advice.margin
    ]
    plain = advice.compression
    if claim and claim[1] == "smaller":
        assert all(model.model_bytes > plain.model_bytes / 1.1 for model in others)
    if claim and claim[1] == "faster":
        assert all(model.latency_seconds > plain.latency_seconds / 1.1 for model in others)
    assert not (claim and evidence.limits.exceeded({**advice.costs, "model_bytes": math.inf}))


@given(compressed_studies())
@settings(max_examples=120, deadline=None)
def test_the_title_says_of_one_model_what_its_files_say(evidence):
    models = compressed_models(evidence)
    advice = advised(evidence)
    trials = advice.compression.trials if advice and advice.compression else ()
    chosen = next((model for model in models if model.trials == trials), None)
    title = tradeoff(models, chosen, metric="accuracy").layout.title.text.replace("<br>", " ")
    if not models:
        assert title == "Nothing has been compressed yet"
        return
    shown = chosen or min(models, key=lambda model: model.model_bytes)

    assert title.startswith("Advised" if chosen else "Smallest")
    assert ("uncompressed file" in title) == shown.plain
    if not shown.plain:
        ratio = 40_000 / shown.model_bytes
        word = "no smaller" if 1 / 1.05 < ratio < 1.05 else "x smaller" if ratio > 1 else "x larger"
        assert word in title


@given(compressed_studies())
@settings(max_examples=120, deadline=None)
def test_before_and_after_agree_with_each_other_and_with_the_change(evidence):
    for model in compressed_models(evidence):
        rows = before_after(model, evidence.records, "accuracy", evidence.direction)
        for name, before, after, change in rows:
            if change == SAME or name.startswith("validation"):
                continue
            grown = "larger" in change or "slower" in change
            assert before != after
            assert grown == (_number(after) > _number(before)), (name, before, after, change)


def _number(text):
    value, unit = text.split()
    return float(value) * {"B": 1, "KiB": 1024, "ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3}[unit]


@pytest.mark.parametrize(
    ("losses", "says"),
    [
        (([0.001], [0.0]), "AdamW leads before and after it, so its lead survives compression"),
        (
            ([0.018], [0.0]),
            "AdamW leads before it and AdamW and Momentum are level after it",
        ),
        (
            ([0.02], [0.0]),
            "AdamW leads before it and Momentum after it, so that lead does not survive compression",
        ),
    ],
)
def test_a_lead_survives_is_gone_or_is_another_s(losses, says):
    sources = [finalists(name)[2:3] for name in ("AdamW", "Momentum")]  # 0.98 and 0.962
    records = BASE
    for source, loss in zip(sources, losses, strict=True):
        records += compressions(len(records), source, loss=loss, done=INT8, file_bytes=10_000)

    for finding in SurvivesCompression()(evidence_with(records=records)):
        assert finding.because.endswith(says)


def test_two_that_are_level_before_are_called_so():
    even = [run for name in ("AdamW", "Momentum") for run in finalists(name)[:1]]
    records = BASE
    for source, quality in zip(even, (0.95, 0.94), strict=True):
        (run,) = compressions(len(records), [source], loss=[source.quality - quality], done=INT8)
        records += (_from_the_same(run),)
    (first, _) = SurvivesCompression()(evidence_with(records=records))

    assert first.because.endswith("AdamW and Momentum are level before it and AdamW leads after it")


def _from_the_same(run):
    return replace(run, footprint=replace(run.footprint, reference_quality=0.97))
