"""What a recommendation guarantees whatever the evidence."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from advisor.decide.posterior import Posterior
from advisor.decide.recommend import recommend
from advisor.decide.rulebook import apply_rules
from advisor.evidence import Evidence
from studies.errors import NothingFeasible
from studies.limits import LIMITED_COST, Limits

from records import OPTIMIZERS, facts, record, study

QUALITY = st.integers(500, 990).map(lambda thousandth: thousandth / 1000)
PEAKS = {name: facts().forecast(name).peak_bytes for name in OPTIMIZERS}


@st.composite
def evidences(draw, *, goals=("quality", "speed", "memory", "balanced"), whole=True):
    """Return evidence of two to four optimizers, some of them confirmed, with or without lost trials."""
    names = draw(st.lists(st.sampled_from(OPTIMIZERS), min_size=2, max_size=4, unique=True))
    qualities = {name: draw(st.lists(QUALITY, min_size=int(whole), max_size=4)) for name in names}
    finalists = draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
    seeds = draw(st.integers(1, 3))
    confirmed = {
        name: draw(st.lists(QUALITY, min_size=seeds, max_size=seeds)) for name in finalists if qualities[name]
    }
    records = study(qualities, confirmed=confirmed)
    for name in draw(st.lists(st.sampled_from(names), max_size=2)):
        records += (record(len(records), name, state="infeasible"),)
    return Evidence(
        facts=facts(),
        records=records,
        candidates=tuple(names),
        valid_rows=360,
        goal=draw(st.sampled_from(goals)),
        study="s",
    )


def mean_gap(evidence, optimizer):
    return Posterior.of(evidence, apply_rules(evidence)).means()[optimizer]


@given(evidences(whole=False), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_neither_order_nor_repetition_changes_the_answer(evidence, chance):
    records = list(evidence.records)
    chance.shuffle(records)
    once, again = recommend(evidence), recommend(replace(evidence, records=tuple(records)))

    assert once == again == recommend(evidence)


@given(evidences(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_candidates_only_breaks_exact_ties(evidence, chance):
    names = list(evidence.candidates)
    chance.shuffle(names)
    once, again = recommend(evidence), recommend(replace(evidence, candidates=tuple(names)))
    regrets = {contender.optimizer: round(contender.expected_regret, 9) for contender in once.contenders}
    assume(len(set(regrets.values())) == len(regrets))

    assert once.optimizer == again.optimizer
    assert regrets == {
        contender.optimizer: round(contender.expected_regret, 9) for contender in again.contenders
    }


@given(
    evidences(goals=("quality",)),
    st.sampled_from(sorted(set(PEAKS.values()))),
    st.sampled_from(sorted(set(PEAKS.values()))),
)
@settings(max_examples=60, deadline=None)
def test_more_memory_never_worsens_the_expected_quality_of_the_answer(evidence, first, second):
    tight, roomy = sorted((first, second))
    assume(any(PEAKS[name] <= tight for name in evidence.candidates))
    answers = [recommend(replace(evidence, limits=Limits(train_bytes=limit))) for limit in (tight, roomy)]
    gaps = [mean_gap(evidence, answer.optimizer) for answer in answers]
    assume(len({bool(evidence.confirmations(answer.optimizer)) for answer in answers}) == 1)

    # measured exactly alike, the cheapest is advised, whatever the prior says
    assert gaps[1] <= gaps[0] + 1e-9 or answers[1].quality == answers[0].quality


@given(evidences(), st.sampled_from(sorted(set(PEAKS.values()))))
@settings(max_examples=60, deadline=None)
def test_whatever_the_goal_more_memory_costs_no_more_than_the_tie_margin(evidence, limit):
    assume(any(PEAKS[name] <= limit for name in evidence.candidates))
    tight = recommend(replace(evidence, limits=Limits(train_bytes=limit)))
    roomy = recommend(evidence)
    assume(bool(evidence.confirmations(tight.optimizer)) == bool(evidence.confirmations(roomy.optimizer)))

    assert mean_gap(evidence, roomy.optimizer) <= mean_gap(evidence, tight.optimizer) + roomy.margin + 1e-9


@given(evidences(), QUALITY, st.data())
@settings(max_examples=60, deadline=None)
def test_a_dominated_trial_of_a_confirmed_optimizer_changes_nothing(evidence, quality, data):
    settled = [name for name in evidence.candidates if evidence.confirmations(name)]
    assume(settled)
    name = data.draw(st.sampled_from(settled))
    best = max(run.quality for run in evidence.complete(name))
    worse = record(len(evidence.records), name, min(quality, best - 0.001))
    more = replace(evidence, records=(*evidence.records, worse))
    before, after = Posterior.of(evidence), Posterior.of(more)

    assert before.estimates == after.estimates
    assert before.means() == after.means()
    if _strengths(evidence) == _strengths(more):  # one more trial may end what the rule for few trials says
        assert recommend(evidence).optimizer == recommend(more).optimizer


@given(evidences(), QUALITY, st.data())
@settings(max_examples=40, deadline=None)
def test_a_dominated_trial_changes_no_recipe(evidence, quality, data):
    """A trial worse than the best of its optimizer and as cheap: nobody is told to use it."""
    name = data.draw(st.sampled_from(evidence.candidates))
    best = max(run.quality for run in evidence.complete(name))
    worse = record(len(evidence.records), name, min(quality, best - 0.001))
    before, after = (
        recommend(known).contenders
        for known in (evidence, replace(evidence, records=(*evidence.records, worse)))
    )

    assert {contender.optimizer: contender.trials for contender in before} == {
        contender.optimizer: contender.trials for contender in after
    }


@given(evidences(), QUALITY, st.sampled_from(["pruned", "failed", "running"]), st.data())
@settings(max_examples=40, deadline=None)
def test_a_trial_without_an_end_of_its_own_says_nothing(evidence, quality, state, data):
    """Stopped for being worse than its like, broken by an error, or still on its way."""
    name = data.draw(st.sampled_from(evidence.candidates))
    other = record(len(evidence.records), name, quality, state=state)
    before, after = (
        Posterior.of(known) for known in (evidence, replace(evidence, records=(*evidence.records, other)))
    )

    assert before.estimates == after.estimates
    assert before.means() == after.means()


@given(evidences(), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_more_validation_rows_never_leave_more_doubt(evidence, times):
    few, many = (
        Posterior.of(replace(evidence, valid_rows=rows))
        for rows in (evidence.valid_rows, times * evidence.valid_rows)
    )

    assert many.margin <= few.margin
    for name, estimate in many.estimates.by_optimizer.items():
        assert estimate.variance <= few.estimates.by_optimizer[name].variance + 1e-12


@given(st.lists(QUALITY, min_size=2, max_size=6), st.lists(QUALITY, max_size=6), QUALITY, QUALITY)
@settings(max_examples=40, deadline=None)
def test_no_dominated_trial_flips_the_answer_to_a_worse_confirmed_optimizer(searched, extra, left, right):
    """Both are confirmed with the same seeds; the prior holds them nearly equal."""
    assume(abs(left - right) > 0.02)
    confirmed = {"RMSprop": [left] * 3, "Adagrad": [right] * 3}
    base = {"RMSprop": [0.995] * 5, "Adagrad": [0.995] * 5, "Momentum": [*searched, 0.5, 0.5, 0.5]}
    before = Evidence(records=study(base, confirmed=confirmed), candidates=tuple(base), goal="quality")
    start = len(before.records)
    dominated = tuple(record(start + i, "Momentum", min(q, max(searched))) for i, q in enumerate(extra))
    answers = [
        recommend(known).optimizer
        for known in (before, replace(before, records=(*before.records, *dominated)))
    ]
    worse = min(("RMSprop", left), ("Adagrad", right), key=lambda pair: pair[1])[0]

    assert worse not in answers


@given(evidences(), st.data())
@settings(max_examples=60, deadline=None)
def test_no_limit_is_ever_broken(evidence, data):
    likely = {
        "train_bytes": sorted(set(PEAKS.values())),
        "model_bytes": [39_999, 40_000],
        "latency_seconds": [1e-4, 1.0],
        "train_seconds": [1.8, 9.0],
    }
    limits = Limits(
        **{limit: data.draw(st.none() | st.sampled_from(values)) for limit, values in likely.items()}
    )
    try:
        advice = recommend(replace(evidence, limits=limits))
    except NothingFeasible:
        return

    for limit, cost in LIMITED_COST.items():
        allowed = getattr(limits, limit)
        assert allowed is None or advice.costs[cost.field] is None or advice.costs[cost.field] <= allowed


@given(evidences(whole=False))
@settings(max_examples=60, deadline=None)
def test_every_answer_is_whole(evidence):
    advice = recommend(evidence)
    numbers = {run.number for run in evidence.records}

    assert advice.optimizer == advice.params["optimizer"]
    assert 0 <= advice.p_best <= advice.p_tie <= 1 + 1e-9
    assert advice.expected_regret >= 0
    assert set(advice.trials) <= numbers
    confirmed = {run.number for run in evidence.records if run.stage == "confirm"}
    fresh = {other.optimizer for other in advice.contenders if confirmed & set(other.trials)}
    tried = {other.optimizer for other in advice.contenders if other.trials}
    ranks = [
        (other.optimizer not in (fresh or tried), round(other.expected_regret, 9))
        for other in advice.contenders
    ]
    assert ranks == sorted(ranks) or not tried
    assert not fresh or advice.optimizer in fresh
    assert (advice.label == "prior only") == (advice.quality is None)
    assert str(advice).isascii()
    assert all(len(line) <= 100 for line in str(advice).splitlines())
    assert advice.reasons
    assert advice.would_change
    assert advice.to_dict()["optimizer"] == advice.optimizer
    assert advice.to_markdown().startswith("# ")


def _strengths(evidence):
    return [(finding.subject, finding.strength) for finding in apply_rules(evidence)]
