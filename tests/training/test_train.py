"""Training: the same numbers every time, however the run is cut, and a divergence is knowledge."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from studies.errors import BadValue
from studies.infeasible import Diverged
from studies.models.cnn import CNN
from studies.optimizers.adamw import AdamW
from studies.optimizers.sgd import SGD
from studies.profiling.forecast import activation_bytes, rehearse
from studies.recipe import Recipe
from studies.regularizers.dropout import Dropout
from studies.regularizers.early_stopping import EarlyStopping
from studies.rungs import EVERY_EPOCH, measured_epochs, rungs
from studies.schedules.constant import Constant
from studies.schedules.plateau import Plateau
from studies.train import Training
from studies.workload_opening import open_source


def recipe(iris, **changes):
    return replace(Recipe(model=iris.model, epochs=6, regularizers=(Dropout(),)), **changes)


def losses(run):
    return [(point.train_loss, point.valid_loss, point.valid_metric) for point in run.curve]


def test_the_same_seed_gives_the_same_run_bit_for_bit(iris):
    runs = [Training(recipe(iris), iris, seed=5) for _ in range(2)]
    for run in runs:
        run.advance(6)

    assert losses(runs[0]) == losses(runs[1])


def test_another_seed_gives_another_run(iris):
    runs = [Training(recipe(iris), iris, seed=seed) for seed in (5, 6)]
    for run in runs:
        run.advance(6)

    assert losses(runs[0]) != losses(runs[1])


def test_cutting_a_run_into_rungs_changes_nothing(iris):
    whole, cut, other = (Training(recipe(iris), iris, seed=seed) for seed in (5, 5, 9))
    whole.advance(6)
    for epochs in (1, 3, 6):
        cut.advance(epochs)
        other.advance(epochs)  # another run in between draws random numbers too

    assert losses(whole) == losses(cut)


def test_a_long_run_is_measured_at_its_rungs_and_about_27_times_however_it_is_cut(iris):
    long = recipe(iris, epochs=59, batch_size=120)
    whole, cut = (Training(long, iris, seed=5) for _ in range(2))
    whole.advance(59)
    for epochs in rungs(59):
        cut.advance(epochs)

    epochs = [point.epoch for point in whole.curve]
    assert {*rungs(59), 3, 6, 57} <= set(epochs)
    assert len(epochs) <= EVERY_EPOCH + len(rungs(59))
    assert losses(whole) == losses(cut)
    assert {point.train_loss for point in whole.curve if point.epoch == 59} == {whole.curve[-1].train_loss}


@pytest.mark.parametrize("changes", [{"regularizers": (EarlyStopping(),)}, {"schedule": Plateau()}])
def test_what_reacts_to_validation_hears_of_every_epoch_of_a_long_run(iris, changes):
    run = Training(recipe(iris, epochs=59, batch_size=120, **changes), iris, seed=5)
    run.advance(8)

    assert [point.epoch for point in run.curve] == list(range(1, 9))


def test_a_pause_between_rungs_has_its_measurement(iris):
    run = Training(recipe(iris, epochs=59, batch_size=120), iris, seed=5)
    run.advance(4)

    assert [point.epoch for point in run.curve] == [3, 4]


@given(epochs=st.integers(1, 100_000))
def test_every_rung_is_measured_and_no_run_much_more_than_27_times(epochs):
    measured = measured_epochs(epochs)

    assert set(rungs(epochs)) <= measured
    assert epochs in measured
    assert len(measured) == epochs if epochs <= EVERY_EPOCH else len(measured) <= EVERY_EPOCH + 3
    assert (min(measured) >= 1, max(measured)) == (True, epochs)


@given(epochs=st.integers(1, 100_000), most=st.integers(1, EVERY_EPOCH + 1))
def test_a_run_that_is_to_be_measured_less_is_so_at_its_rungs_and_at_its_end(epochs, most):
    measured, usual = measured_epochs(epochs, most), measured_epochs(epochs)

    assert {*rungs(epochs), epochs} <= measured
    assert min(measured) >= 1
    assert measured == usual or epochs // 2 in measured
    assert measured == usual or len(measured) <= max(most, len(rungs(epochs)) + 1)
    gaps = np.diff(sorted(measured - {*rungs(epochs)[:-1], epochs // 2}))
    assert measured == usual or all(gaps[:-1] >= gaps[1:])


def test_a_recipe_says_how_often_its_run_is_measured(iris):
    run = Training(recipe(iris, epochs=18, measurements=6), iris, seed=5)
    run.advance(18)

    assert [point.epoch for point in run.curve] == [2, 6, 9, 16, 17, 18]
    assert Recipe.from_params(run.recipe.to_params()) == run.recipe
    with pytest.raises(BadValue, match="measurements -1 must be at least 0"):
        replace(run.recipe, measurements=-1)


def test_the_weights_that_are_restored_are_those_of_the_best_measurement(iris):
    run = Training(recipe(iris, schedule=Constant(), optimizer=SGD(lr=0.5), epochs=20), iris, seed=5)
    copies = {}
    for epoch in range(1, 21):
        run.advance(epoch)
        copies[epoch] = {name: value.clone() for name, value in run.model.state_dict().items()}
    best = max(run.curve, key=lambda point: (point.valid_metric, -point.valid_loss))
    run.restore_best()

    assert best.epoch < 20
    assert all(torch.equal(value, copies[best.epoch][name]) for name, value in run.model.state_dict().items())


def test_training_leaves_the_callers_random_numbers_alone(iris):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    Training(recipe(iris), iris, seed=5).advance(2)

    assert torch.equal(torch.rand(3), expected)


def test_it_matches_a_plain_loop(iris):
    """The oracle is the loop of any tutorial: same batches, same schedule, same loss."""
    plan = Recipe(optimizer=AdamW(lr=3e-3), schedule=Constant(), model=iris.model, epochs=3, batch_size=16)
    run = Training(plan, iris, seed=2)
    run.advance(3)

    torch.manual_seed(2)
    model = iris.build(iris.model)
    optimizer = plan.optimizer.build(model, run.total_steps)
    order = torch.Generator().manual_seed(2)
    inputs, targets = (
        torch.from_numpy(iris.dataset.train.inputs),
        torch.from_numpy(iris.dataset.train.targets),
    )
    for _ in range(3):
        for batch in torch.randperm(len(inputs), generator=order).split(16):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs[batch]), targets[batch]).backward()
            optimizer.step()

    for ours, theirs in zip(run.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("batch_size", [1, 7, 89, 90, 10_000])
def test_the_batch_may_be_anything_from_one_row_to_the_whole_set(iris, batch_size):
    run = Training(recipe(iris, batch_size=batch_size, epochs=1), iris, seed=0)
    run.advance(1)

    assert run.step == run.total_steps
    assert run.curve[0].step == math.ceil(90 / min(batch_size, 90)) - (90 % min(batch_size, 90) == 1)


def test_an_exploding_loss_is_a_divergence(iris):
    run = Training(recipe(iris, optimizer=SGD(lr=1e6)), iris, seed=0)

    with pytest.raises(Diverged, match="diverged in epoch"):
        run.advance(6)


def test_quality_is_the_best_epochs_and_test_uses_its_weights(iris):
    run = Training(recipe(iris, optimizer=SGD(lr=1.0), epochs=12), iris, seed=0)
    run.advance(12)
    tested = run.measure_outcome(whole=True, test=True)["test_quality"]

    assert run.quality == max(point.valid_metric for point in run.curve)
    with torch.inference_mode():
        outputs = run.model.eval()(torch.from_numpy(iris.dataset.test.inputs))
    assert tested == iris.score(outputs, torch.from_numpy(iris.dataset.test.targets))


def test_a_wish_to_stop_is_heard_within_a_step(iris):
    run = Training(recipe(iris), iris, seed=0)
    answers = iter([False] * 4 + [True] * 100)

    assert not run.advance(6, stop=lambda: next(answers))
    assert run.step == 4
    assert run.curve[-1].epoch == 1


def test_regression_is_measured_in_the_targets_own_units():
    diabetes = open_source("diabetes", model="linear")
    run = Training(Recipe(model=diabetes.model, epochs=20, optimizer=AdamW(lr=1e-2)), diabetes, seed=0)
    run.advance(20)

    assert 45 < run.quality < 70  # rmse; the target's own spread is 77


def test_counted_memory_is_the_forecast(iris):
    whole = recipe(iris, regularizers=(), batch_size=64)
    run = Training(whole, iris, seed=0)
    run.advance(3)

    assert run.peak_bytes == rehearse(whole, iris).peak_bytes(64)


def test_a_run_without_a_step_has_no_peak(iris):
    """The size of the model is none: a step takes more than twice of it."""
    run = Training(recipe(iris), iris, seed=0)
    run.advance(3, stop=lambda: True)

    assert run.measure_outcome(whole=False, test=False)["peak_bytes"] is None

    run.advance(1)

    assert run.peak_bytes > 2 * run.measure_outcome(whole=False, test=False)["model_bytes"]


def test_activations_are_what_autograd_keeps():
    """A linear layer keeps its input for the backward pass: rows x columns floats; log-softmax its output."""
    model, rows = nn.Linear(8, 4), torch.ones(16, 8)

    assert activation_bytes(model, rows, lambda outputs: outputs.sum()) == 16 * 8 * 4
    assert (
        activation_bytes(model, rows, lambda outputs: outputs.log_softmax(1).sum()) == 16 * 8 * 4 + 16 * 4 * 4
    )


def test_activations_grow_with_the_batch():
    digits = open_source("digits", model="cnn")
    model = digits.build(CNN())
    small, large = (
        activation_bytes(
            model, torch.from_numpy(digits.dataset.train.inputs[:rows]), lambda outputs: outputs.sum()
        )
        for rows in (8, 64)
    )

    assert large == pytest.approx(8 * small, rel=0.02)


def test_training_seconds_are_the_processors_own_and_not_those_it_waited(iris):
    run = Training(recipe(iris), iris, seed=0)
    run.on_batch.append(lambda rows, targets: (time.sleep(0.05), (rows, targets))[1])
    run.advance(6)

    assert 0 < run.seconds == run.curve[-1].seconds < 0.05 * run.step
