"""Batch sizes where nobody said any: as large as makes runs quicker, and no larger."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.jobs.batch_sizes import (
    EPOCH_STEPS,
    FEWEST_STEPS,
    at_batch,
    batch_sizes,
    quick_batch_sizes,
    steps_needed,
)
from advisor.jobs.planning import plan_for
from advisor.jobs.request import Request
from studies.facts import Facts
from studies.limits import Budget
from studies.memory_forecast import Forecast
from studies.step_price import StepPrice
from studies.workload_opening import open_source

from any_evidence import any_facts

SECONDS, TRIALS = Budget(seconds=60), Budget(trials=40)
QUICK_ROWS = Facts(rows=1400, step_seconds=3e-4, optimizer_share=0.3, row_seconds=1.5e-6)
"""A small net on one core: a step takes .25 ms before it reaches a row."""
SLOW_ROWS = Facts(rows=1400, step_seconds=2e-3, optimizer_share=0.1, row_seconds=5e-5)
"""A convolution: the rows are all that counts."""


@given(any_facts, st.sampled_from([SECONDS, TRIALS]))
def test_sizes_are_in_order_and_never_more_than_there_are_rows(facts, budget):
    facts = replace(facts, rows=max(facts.rows, 1), batch_size=max(facts.batch_size, 1))
    smallest, reference, largest = quick_batch_sizes(facts, budget)

    assert 1 <= smallest <= reference <= largest <= facts.rows
    assert reference >= batch_sizes(None, facts.rows)[1]
    assert reference == batch_sizes(None, facts.rows)[1] or facts.rows / reference > EPOCH_STEPS / 1.5


def test_where_a_step_hardly_depends_on_its_rows_the_reference_is_larger():
    assert quick_batch_sizes(QUICK_ROWS, SECONDS) == (16, 128, 512)
    assert quick_batch_sizes(SLOW_ROWS, SECONDS) == (16, 32, 128)


def test_more_noise_in_the_gradient_pays_for_larger_batches():
    references = [
        quick_batch_sizes(replace(QUICK_ROWS, rows=50_000, noise_scale=rows), SECONDS)[1]
        for rows in (10.0, 300.0, 3000.0)
    ]

    assert references == sorted(references)
    assert references[0] < references[-1]


def test_few_rows_keep_small_batches():
    assert quick_batch_sizes(replace(QUICK_ROWS, rows=200), SECONDS)[1] == 32
    assert quick_batch_sizes(replace(QUICK_ROWS, rows=20), SECONDS)[1] == 20


def test_a_search_in_trials_has_the_same_sizes_on_a_slow_machine():
    slow = replace(QUICK_ROWS, step_seconds=1.0, row_seconds=0.02)

    assert quick_batch_sizes(QUICK_ROWS, TRIALS) == quick_batch_sizes(slow, TRIALS)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_larger_batch_takes_the_same_epochs_unless_these_are_too_few_steps(rows, batch, other_batch):
    fewer, more = sorted((batch, other_batch))
    many, few = (steps_needed(Facts(rows=rows, batch_size=size), usual=2000) for size in (fewer, more))
    usual = batch_sizes(None, rows)[1]

    assert FEWEST_STEPS <= few <= many <= 2000
    assert few in {FEWEST_STEPS, 2000.0} or few * more == pytest.approx(2000 * usual)


@given(any_facts, st.integers(1, 10**6))
def test_facts_at_another_batch_are_those_that_a_step_there_would_take(facts, rows):
    facts = replace(facts, batch_size=max(facts.batch_size, 1))
    moved = at_batch(facts, rows, steps=9)
    here, there = StepPrice.measured(facts), StepPrice.measured(moved)

    assert (moved.batch_size, moved.steps) == (rows, 9)
    assert moved.step_seconds * moved.optimizer_share == pytest.approx(
        facts.step_seconds * facts.optimizer_share, abs=1e-9
    )
    if facts.row_seconds is not None:
        assert there.seconds(rows, "AdamW") == pytest.approx(here.seconds(rows, "AdamW"), rel=1e-6, abs=1e-9)


def test_forecasts_of_memory_follow_the_batch():
    forecast = Forecast(
        optimizer="AdamW",
        weight_bytes=8,
        gradient_bytes=8,
        state_bytes=16,
        activation_bytes=320,
        batch_size=32,
    )
    moved = at_batch(Facts(forecasts=(forecast,)), 128, steps=9)

    assert moved.forecasts == (forecast.at(128),)


def test_what_the_user_says_is_what_is_tried():
    workload = open_source("iris")
    facts = replace(QUICK_ROWS, rows=workload.rows)
    with_sizes, without_sizes = (
        plan_for(Request(source="iris", budget=SECONDS, batch_size=size), workload, facts)[0]
        for size in ("8..32", None)
    )

    assert with_sizes.batch_size == (8, 16, 32)
    assert without_sizes.lr_scaling
    assert without_sizes.step_price.timed
