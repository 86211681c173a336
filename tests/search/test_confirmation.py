"""Confirmation goes on until the answer stands: whoever is preferred is confirmed, on rows of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import advisor as api
from advisor.decide.confirmation import recipes_in_question
from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from studies.direction import MAXIMIZE
from studies.limits import Budget, Limits
from studies.measure.validation import read
from studies.plans.plan import Plan
from studies.record import Record
from studies.search.clock import Clock
from studies.search.confirm import (
    ATTEMPTS,
    FINALISTS,
    MOST_RECIPES,
    MOST_SEEDS,
    MUCH_DEARER,
    SEEDS,
    best_confirmed,
    first_runs,
    further_runs,
    reason,
)
from studies.search.search import Search
from studies.storage import journal
from studies.trials.checkpoints import Checkpoints

from journals import opened_or_new
from records import facts, record, study

PLAN = Plan(
    candidates=("AdamW", "Nesterov", "SGD", "Adagrad"),
    schedules=("Cosine",),
    regularizers=("L2",),
    epochs=3,
    batch_size=(16, 32, 90),
    budget=Budget(trials=10),
    limits=Limits(),
)
RACE = tuple(
    record(number, name, quality)
    for number, (name, quality) in enumerate([("A", 0.9), ("B", 0.95), ("C", 0.8), ("D", 0.7)])
)


def repeated(number: int, run, state: str = "complete") -> Record:
    """Return a confirmation run as it would be recorded."""
    quality = run.record.quality if state == "complete" else None
    return record(
        number, run.record.optimizer, quality, stage="confirm", state=state, seed=run.seed,
        source=run.record.number,
    )  # fmt: skip


def confirmed_finalists() -> tuple[Record, ...]:
    """Return the records after all finalists stayed in contention."""
    return confirmed_by(lambda records: [1, 0, 2])


def confirmed_by(prefer, *, most_seeds=SEEDS) -> tuple[Record, ...]:
    """Return the records after a confirmation in which `prefer` says who is in question."""
    records = RACE
    while runs := due(records, prefer):
        if runs[0].seed > most_seeds:
            break
        records += tuple(repeated(len(records) + index, run) for index, run in enumerate(runs))
    return records


def due(records, prefer):
    first = first_runs(records, "ABCD", MAXIMIZE, seed=0, seconds=1e9)
    return first or further_runs(records, prefer(records), seed=0)


def runs_of(records, numbers, **options):
    runs = further_runs(records, numbers, seed=0, **options)
    return [(run.record.optimizer, run.seed) for run in runs]


def seeds_of(records, source):
    return [run.seed for run in records if run.stage == "confirm" and run.source == source]


def test_whoever_is_out_of_contention_gets_no_second_seed():
    records = confirmed_by(lambda records: [1])

    assert seeds_of(records, 1) == [1, 2, 3]
    assert seeds_of(records, 0) == seeds_of(records, 2) == [1]


def test_a_rival_gets_seeds_beside_the_preferred_one_until_it_is_out():
    def prefer(records):
        return [1, 0] if len(seeds_of(records, 0)) < 2 else [1]

    records = confirmed_by(prefer)

    assert [seeds_of(records, source) for source in (1, 0, 2)] == [[1, 2, 3], [1, 2], [1]]


@given(
    questions=st.lists(
        st.lists(st.integers(0, 3), unique=True, min_size=1, max_size=4), min_size=1, max_size=6
    )
)
def test_whoever_is_preferred_in_the_end_has_the_full_number_of_seeds_and_nobody_skips_one(questions):
    records = RACE
    for question in [*questions, *([questions[-1]] * (FINALISTS + 1) * MOST_SEEDS)]:
        runs = due(records, lambda records, question=question: question)
        records += tuple(repeated(len(records) + index, run) for index, run in enumerate(runs))

    assert len(seeds_of(records, questions[-1][0])) >= SEEDS
    for source in range(len(RACE)):
        assert seeds_of(records, source) == list(range(1, len(seeds_of(records, source)) + 1))


@given(dear=st.floats(MUCH_DEARER, 100), cheap=st.floats(1, MUCH_DEARER - 0.01))
def test_a_run_that_costs_much_more_waits_until_the_cheaper_ones_have_settled(dear, cheap):
    records = confirmed_by(lambda records: [], most_seeds=1)
    costs = {"A": 1.0, "B": dear, "C": cheap}

    def runs(records):
        return runs_of(records, [1, 0, 2], cost_seconds=lambda record: costs[record.optimizer])

    assert runs(records) == [("A", 2), ("C", 2)]
    settled = (*records, *(replace(records[4 + i], seed=2, number=9 + i) for i in (1, 2)))
    assert runs(settled) == [("B", 2)]


def test_without_an_opinion_of_the_evidence_paired_differences_say_who_is_in_contention():
    def confirmed(*qualities):
        return tuple(
            record(10 + 10 * source + seed, "AB"[source], quality, stage="confirm", seed=seed, source=source)
            for source, values in enumerate(qualities)
            for seed, quality in enumerate(values, start=1)
        )

    def contenders(*qualities):
        return best_confirmed((*RACE, *confirmed(*qualities)), "AB", MAXIMIZE, Limits())

    assert contenders([0.9], [0.8]) == (0, 1)
    assert contenders([0.9, 0.8], [0.85, 0.76]) == (0,)
    assert contenders([0.9, 0.8], [0.85, 0.83]) == (0, 1)
    assert contenders([0.9, 0.8, 0.85], [0.85, 0.83, 0.84]) == (0,)


def test_whoever_is_preferred_but_not_confirmed_gets_the_seeds_that_the_others_had():
    assert runs_of(confirmed_finalists(), [3]) == [("D", seed) for seed in range(1, SEEDS + 1)]
    assert runs_of(confirmed_finalists(), [3, 1]) == [("D", 1)]


def test_those_that_are_tied_get_one_more_seed_each():
    assert runs_of(confirmed_finalists(), [1, 0]) == [("B", SEEDS + 1), ("A", SEEDS + 1)]


def test_of_many_that_are_tied_so_many_are_confirmed_and_the_preferred_one_always():
    names = [f"O{number}" for number in range(2 * MOST_RECIPES)]
    records = tuple(record(number, name, 0.9) for number, name in enumerate(names))
    while runs := further_runs(records, range(len(names)), seed=0):
        records += tuple(repeated(len(records) + index, run) for index, run in enumerate(runs))

    assert {run.source for run in of_stage_confirm(records)} == set(range(MOST_RECIPES))
    assert [run.record.number for run in further_runs(records, [len(names) - 1, 0], seed=0)] == [
        len(names) - 1
    ]


def test_whoever_stands_alone_gets_no_more():
    assert runs_of(confirmed_finalists(), [1]) == []
    assert runs_of(confirmed_finalists(), []) == []


@given(
    questions=st.lists(st.lists(st.integers(0, 3), unique=True, max_size=4), min_size=1, max_size=4),
    states=st.lists(st.sampled_from(["complete", "infeasible", "failed"]), min_size=1, max_size=9),
)
def test_confirmation_ends_whatever_is_asked_and_however_its_runs_end(questions, states):
    records, rounds = confirmed_finalists(), 0
    while runs := further_runs(records, questions[rounds % len(questions)], seed=0):
        rounds += 1
        first = len(records)
        ends = [states[(rounds + index) % len(states)] for index in range(len(runs))]
        records += tuple(
            repeated(first + index, run, end) for index, (run, end) in enumerate(zip(runs, ends, strict=True))
        )
        assert rounds <= ATTEMPTS * MOST_SEEDS * len(RACE)
    runs_by_pair = [(run.source, run.seed) for run in records if run.stage == "confirm"]
    assert max(runs_by_pair.count(pair) for pair in runs_by_pair) <= ATTEMPTS
    assert max(run.seed for run in records) <= MOST_SEEDS


@given(stop=st.integers(0, FINALISTS * MOST_SEEDS), in_question=st.permutations([0, 1, 2]))
def test_confirmation_goes_on_where_it_stopped(stop, in_question):
    """What comes next is read off the records alone, wherever they end."""
    whole = confirmed_by(lambda records: in_question, most_seeds=MOST_SEEDS)
    records = whole[: len(RACE) + stop]
    while runs := due(records, lambda records: in_question):
        records += (repeated(len(records), runs[0]),)

    assert len(records) == len(RACE) + FINALISTS * MOST_SEEDS
    assert records == whole


def test_each_round_says_why_it_comes():
    records = confirmed_finalists()
    told = {
        names: reason(tuple(names), further_runs(records, ["ABCD".index(name) for name in names], seed=0))
        for names in ("DB", "BD", "BA", "BAC", "D", "B")
    }

    assert told == {
        "DB": "D with one more seed, as the evidence prefers it so far",
        "BD": "D with one more seed, as it may still beat B",
        "BA": "B and A with one more seed, as each may still win",
        "BAC": "B, A and C with one more seed, as each may still win",
        "D": "D with 3 more seeds, as no other may still win",
        "B": "B stays preferred, and more seeds would not put another first",
    }


def evidence(qualities, confirmed, **fields) -> Evidence:
    records = study(qualities, confirmed=confirmed)
    return Evidence(facts=facts(), records=records, candidates=tuple(qualities), **fields)


def test_an_unconfirmed_one_that_the_posterior_holds_best_is_in_question_first():
    qualities = {"AdamW": [0.9, 0.9], "SGD": [0.9, 0.9], "Momentum": [0.97, 0.97]}
    asked_for = recipes_in_question(
        evidence(qualities, {"AdamW": [0.9, 0.901, 0.899], "SGD": [0.88, 0.881, 0.879]}, valid_rows=5000)
    )

    assert asked_for[0] == 4  # the first trial of Momentum


def test_a_confirmed_one_that_is_far_behind_is_out_of_the_question():
    confirmed = {"AdamW": [0.95, 0.951, 0.949], "SGD": [0.8, 0.801, 0.799]}
    assert recipes_in_question(evidence({"AdamW": [0.95], "SGD": [0.8]}, confirmed, valid_rows=5000)) == (0,)


def test_nothing_is_in_question_without_a_whole_run_or_within_the_limits():
    assert recipes_in_question(evidence({"AdamW": [0.9]}, {}, limits=Limits(train_bytes=1))) == ()
    assert recipes_in_question(Evidence(facts=facts(), candidates=("AdamW", "SGD"))) == ()


def searched(home, workload, plan=PLAN, *, stop_after=None, **options) -> tuple[Record, ...]:
    """Search, or go on with a search; return the records."""
    opened = opened_or_new(home, plan)
    heard: list[Record] = []
    clock = Clock(budget=plan.budget, stop=lambda: stop_after is not None and len(heard) >= stop_after)
    Search(
        opened,
        workload,
        plan,
        clock=clock,
        listen=lambda event: heard.append(event.record) if event.record else None,
        **options,
    ).run()
    return journal.records(opened)


def of_stage_confirm(records):
    return [record for record in records if record.stage == "confirm"]


def test_every_finalist_is_confirmed_on_the_same_fresh_splits(home, iris):
    confirmed = of_stage_confirm(searched(home, iris))

    assert confirmed
    assert all(run.split_seed == run.seed for run in confirmed)
    assert len({run.optimizer for run in confirmed if run.seed == 1}) == FINALISTS


def test_without_a_split_to_draw_they_are_confirmed_on_the_studys_own(home, iris):
    given_parts = replace(iris, dataset=replace(iris.dataset, redraw=None))

    assert {run.split_seed for run in of_stage_confirm(searched(home, given_parts))} == {None}


def test_a_study_that_was_confirmed_on_its_own_split_goes_on_so(home, iris):
    given_parts = replace(iris, dataset=replace(iris.dataset, redraw=None))
    before = of_stage_confirm(searched(home, given_parts, stop_after=12))
    after = of_stage_confirm(searched(home, iris))

    assert 0 < len(before) < len(after)
    assert {run.split_seed for run in after} == {None}


def test_a_confirmation_run_is_trained_again_on_its_own_split(home, iris):
    run = of_stage_confirm(searched(home, iris))[0]
    checkpoint = Checkpoints(folder=home / "none").load_or_train(run, iris, device="cpu")
    fresh = iris.on_split(run.split_seed)

    assert checkpoint.workload.dataset.digest == fresh.dataset.digest != iris.dataset.digest
    assert read(checkpoint.model, fresh, checkpoint.device, epoch=0).metric == run.quality


@pytest.mark.parametrize("stop_after", [11, 20])
def test_a_search_that_is_stopped_while_it_confirms_ends_as_if_it_had_not_been(
    home, tmp_path, iris, stop_after
):
    def prefer(records):
        """Prefer a recipe that is no finalist, tied with one that is."""
        whole = [run.number for run in records if run.searched and run.state == "complete"]
        return whole[-1], whole[0]

    whole = searched(tmp_path / "other", iris, prefer=prefer)
    searched(home, iris, prefer=prefer, stop_after=stop_after)
    resumed = searched(home, iris, prefer=prefer)

    def runs(records):
        return {(run.source, run.seed, run.quality) for run in of_stage_confirm(records) if run.quality}

    assert runs(resumed) == runs(whole)
    assert {run.source for run in of_stage_confirm(whole)} >= set(prefer(whole))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("source", ["iris", "digits"])
def test_whoever_is_advised_after_a_search_in_trials_is_confirmed(home, source, seed):
    name = api.search(
        source, model="linear", budget="9trials", epochs=2, seed=seed, home=home, tracking_uri="off",
        optimizers="AdamW,SGD,Momentum,Adagrad",
    )  # fmt: skip
    answer = api.recommend(name, home=home)
    records = {run.number: run for run in journal.records(journal.open_study(home, name))}

    assert {records[number].stage for number in answer.trials} == {"confirm"}


def test_a_runner_up_with_fewer_seeds_is_compared_with_the_advised_one_on_these():
    confirmed = {"AdamW": [0.96, 0.92, 0.91], "SGD": [0.95, 0.905]}
    answer = recommend(evidence({"AdamW": [0.95], "SGD": [0.94]}, confirmed, valid_rows=5000, goal="quality"))
    (runner_up,) = [str(reason) for reason in answer.reasons if reason.kind == "next_best"]

    assert answer.optimizer == "AdamW"
    assert "SGD with accuracy 0.9275 (trials 5, 6)" in runner_up
    assert "on the same seeds AdamW reached 0.94 (trials 2, 3)" in runner_up
