"""Memory known before training, against what torch's own allocator reports of real steps."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from benchmarks.memory import measured_peak
from studies import catalogue
from studies.facts import Facts
from studies.limits import Budget, Limits
from studies.measure.allocations import Allocations
from studies.measure.model import macs, state_bytes
from studies.memory_forecast import Forecast, Moment, most_rows, peak_at
from studies.plans.plan import Plan
from studies.profiling.forecast import declared_state, fullest, rehearse
from studies.recipe import Recipe
from studies.train import Training
from studies.trials.trial import Trial
from studies.workload_opening import open_source


def recipe(workload, optimizer, batch_size, **fields):
    return Recipe(
        model=workload.model,
        optimizer=catalogue.find("optimizer", optimizer)(),
        batch_size=batch_size,
        epochs=1,
        **fields,
    )


@pytest.mark.parametrize("optimizer", ["SGD", "AdamW", "Muon"])
@pytest.mark.parametrize("model", ["mlp", "cnn"])
@pytest.mark.parametrize("batch_size", [16, 256])
def test_the_forecast_is_within_fifteen_per_cent_of_the_allocator(model, optimizer, batch_size):
    digits = open_source("digits", model=model)
    whole = recipe(digits, optimizer, batch_size)

    assert rehearse(whole, digits).peak_bytes(batch_size) == pytest.approx(
        measured_peak(whole, digits), rel=0.15
    )


def test_the_forecast_of_a_transformer_is_within_fifteen_per_cent_of_the_allocator():
    wine = open_source("wine", model="FTTransformer")
    whole = recipe(wine, "AdamW", 64)

    assert rehearse(whole, wine).peak_bytes(64) == pytest.approx(measured_peak(whole, wine), rel=0.15)


def test_what_wrappers_and_a_second_pass_hold_is_in_the_forecast():
    iris = open_source("iris", model="mlp")
    plain = recipe(iris, "AdamW", 32)
    wrapped = replace(
        plain, wrappers=(catalogue.find("wrappers", "EMA")(), catalogue.find("wrappers", "SAM")())
    )
    forecast = rehearse(wrapped, iris).peak_bytes(32)

    assert forecast > 1.2 * rehearse(plain, iris).peak_bytes(32)
    assert forecast == pytest.approx(measured_peak(wrapped, iris), rel=0.15)


def test_lbfgs_is_forecast_with_its_whole_history():
    """Two steps of up to 20 iterations cannot fill a history of 100, which the forecast must hold anyway."""
    iris = open_source("iris", model="linear")
    optimizer = catalogue.find("optimizer", "LBFGS").from_fields({"history_size": 100})
    state = 4 * (2 * 100 + 2) * (4 * 3 + 3)

    assert declared_state(optimizer, iris.build(iris.model)) == state
    assert (
        rehearse(Recipe(model=iris.model, optimizer=optimizer, batch_size=90, epochs=1), iris).peak_bytes(90)
        > state
    )


def test_a_rehearsal_on_few_rows_knows_where_activations_overtake_gradients():
    """Gradients fill the memory at a small batch, activations at a large one; no single slope gives both."""
    digits = open_source("digits", model="mlp")
    moments = rehearse(recipe(digits, "SGD", 1024), digits).moments

    assert len(moments) > 1
    assert moments[0].row_bytes < moments[-1].row_bytes
    assert moments[0].at(1) > moments[-1].at(1)


def test_the_envelope_holds_every_moment():
    lines = [
        Moment(fixed_bytes=fixed, row_bytes=slope)
        for fixed, slope in [(10, 0.0), (8, 1.0), (5, 1.5), (0, 3.0), (0, 1.0)]
    ]
    lasting = fullest(lines)

    assert set(lasting) <= set(lines)
    assert len(lasting) < len(lines)
    for rows in range(1, 50):
        assert peak_at(lasting, rows) == peak_at(lines, rows)


def test_the_largest_batch_that_fits_fits_and_one_row_more_does_not():
    moments = (Moment(fixed_bytes=500), Moment(fixed_bytes=100, row_bytes=7.0))
    limit = 1000
    rows = most_rows(moments, limit)

    assert rows == 128
    assert peak_at(moments, rows) <= limit < peak_at(moments, rows + 1)
    assert most_rows(moments, 499) == 0
    assert most_rows(moments[:1], limit) == float("inf")


def test_a_forecast_survives_json():
    parts = {"weight_bytes": 1, "gradient_bytes": 2, "state_bytes": 3, "activation_bytes": 4}
    facts = Facts(
        forecasts=(
            Forecast(optimizer="A", moments=(Moment(fixed_bytes=5, row_bytes=0.5),), batch_size=8, **parts),
        )
    )

    assert Facts.from_dict(json.loads(json.dumps(facts.to_dict()))) == facts
    assert facts.forecasts[0].peak_bytes == 9
    assert Forecast(optimizer="A", **parts).peak_bytes == 10


def test_allocations_are_followed_and_views_are_not():
    before = torch.ones(100)
    with Allocations() as allocations:
        result = before + 1  # 400 bytes
        result.view(10, 10).add_(1)
        gone = result * 2
        del gone
        result.sum()

    assert allocations.peak_bytes == 800
    assert allocations.alive_bytes == 400


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_the_products_of_attention_are_counted(mode):
    """Projections in and out, scores, mixing and feed-forward net of a block: 10 tokens of width 32."""
    layer = getattr(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), mode)()
    fast = torch.backends.mha.get_fastpath_enabled()

    assert (
        macs(layer, torch.randn(1, 10, 32))
        == 10 * 32 * 96 + 10 * 32 * 32 + 2 * 10 * 10 * 32 + 2 * 10 * 32 * 64
    )
    assert torch.backends.mha.get_fastpath_enabled() == fast


def test_the_products_of_a_recurrent_layer_are_counted():
    assert macs(nn.LSTM(8, 16), torch.randn(5, 1, 8)) == 5 * 4 * 16 * (8 + 16)


LIMIT = 600 * 1024


def trial(workload, optimizer, batch_size, limit):
    plan = Plan(
        candidates=(optimizer,),
        schedules=("Constant",),
        regularizers=(),
        epochs=1,
        batch_size=(16, 64, 1024),
        budget=Budget(trials=1),
        limits=Limits(train_bytes=limit),
    )
    whole = recipe(workload, optimizer, batch_size)
    return Trial(recipe=whole, stage="search", seed=0, workload=workload, plan=plan)


def test_under_a_limit_a_run_is_vetoed_before_it_trains_or_stays_below_it():
    digits = open_source("digits", model="mlp")
    fits = set()
    for optimizer, batch_size in itertools.product(("SGD", "AdamW", "Muon"), (16, 256, 1024)):
        tried = trial(digits, optimizer, batch_size, LIMIT)
        outcome = tried.advance(1, stop=lambda: False)
        if outcome is None:
            assert tried.training.peak_bytes <= LIMIT
            fits.add((optimizer, batch_size))
        else:
            assert tried.training is None
            assert "the limit is 614400" in outcome.error
            assert outcome.peak_bytes is None or outcome.peak_bytes > LIMIT

    # Muon's step borrows more than it keeps; 256 rows are too much for any
    assert fits == {
        ("SGD", 16),
        ("AdamW", 16),
    }


def test_a_recipe_whose_state_alone_is_too_much_is_vetoed_by_arithmetic():
    iris = open_source("iris", model="linear")
    weights = 4 * 3 + 3
    outcome = trial(iris, "AdamW", 16, 50).advance(1, stop=lambda: False)

    # and a counter for each tensor
    assert outcome.error == f"needs at least {4 * 4 * weights + 2 * 4} bytes to train, the limit is 50"


@pytest.mark.parametrize("model", ["mlp", "FTTransformer"])
def test_following_the_first_steps_changes_no_bit_of_a_run(model):
    wine = open_source("wine", model=model)
    runs = [Training(recipe(wine, "AdamW", 16), wine, seed=0) for _ in range(2)]
    runs[1].followed = 2  # as if it had been
    for run in runs:
        run.advance(1)

    assert runs[0].step_bytes > 0 == runs[1].step_bytes
    for left, right in zip(runs[0].model.parameters(), runs[1].model.parameters(), strict=True):
        assert torch.equal(left, right)


def test_state_that_is_sparse_is_weighed():
    """Momentum on a table with sparse gradients keeps the rows seen: 8 bytes of id, three floats each."""
    table = nn.Embedding(10, 3, sparse=True)
    optimizer = torch.optim.SGD(table.parameters(), lr=0.1, momentum=0.9)
    table(torch.tensor([1, 4])).sum().backward()
    optimizer.step()

    assert state_bytes(optimizer) == 2 * (8 + 3 * 4)
