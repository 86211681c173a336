"""Regularizers against the formula they claim, step by step."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from studies.optimizers.adamw import AdamW
from studies.optimizers.rmsprop import RMSprop
from studies.optimizers.sgd import SGD
from studies.recipe import Recipe
from studies.regularizers.dropout import Dropout
from studies.regularizers.l1 import L1
from studies.regularizers.l2 import L2
from studies.regularizers.label_smoothing import LabelSmoothing
from studies.regularizers.weight_decay import WeightDecay
from studies.schedules.constant import Constant
from studies.train import Training


def training(iris, optimizer, *regularizers, epochs=2):
    recipe = Recipe(
        optimizer=optimizer, schedule=Constant(), model=iris.model, epochs=epochs, regularizers=regularizers
    )
    return Training(recipe, iris, seed=0)


def weights(run):
    return [parameter.detach().clone() for parameter in run.model.parameters()]


def test_l2_on_sgd_is_torchs_own_weight_decay_on_everything_but_biases(iris):
    ours = training(iris, SGD(lr=0.05), L2(strength=1e-2))
    oracle = training(iris, SGD(lr=0.05))
    matrices = [p for p in oracle.model.parameters() if p.ndim >= 2]
    vectors = [p for p in oracle.model.parameters() if p.ndim < 2]
    oracle.optimizer = torch.optim.SGD(
        [{"params": matrices, "weight_decay": 1e-2}, {"params": vectors}], lr=0.05
    )
    oracle._peak_lrs = [0.05, 0.05]
    ours.advance(2)
    oracle.advance(2)

    for left, right in zip(weights(ours), weights(oracle), strict=True):
        torch.testing.assert_close(left, right)


def test_adamw_decays_by_one_over_lr_steps_and_horizon(iris):
    run = training(iris, AdamW(lr=0.01, decay_horizon=0.5), epochs=2)
    decays = [group["weight_decay"] for group in run.optimizer.param_groups]

    assert decays == [pytest.approx(1 / (0.01 * run.total_steps * 0.5)), 0.0]
    assert all(parameter.ndim < 2 for parameter in run.optimizer.param_groups[1]["params"])


def test_weight_decay_shrinks_what_has_no_gradient_to_exp_of_minus_one_over_the_horizon(iris):
    run = training(iris, RMSprop(lr=1e-3), WeightDecay(horizon=0.5), epochs=10)
    before = weights(run)
    for _ in range(run.total_steps):
        run.lr_factor = 1.0
        for hook in run.before_step:
            hook()

    assert weights(run)[0] == pytest.approx(
        before[0] * (1 - 2 / run.total_steps) ** run.total_steps, rel=1e-4
    )
    assert torch.equal(weights(run)[1], before[1])


@pytest.mark.parametrize("regularizer", [L1(share=6.0), L1(strength=0.05)], ids=["share", "strength"])
def test_l1_leaves_exact_zeros(iris, regularizer):
    run = training(iris, SGD(lr=0.1), regularizer, epochs=20)
    run.advance(20)

    zeros = [float((p == 0).float().mean()) for p in run.model.parameters() if p.ndim >= 2]
    assert max(zeros) > 0.5


@pytest.mark.parametrize("epochs", [2, 10])
@pytest.mark.parametrize("optimizer", [SGD(lr=0.1), RMSprop(lr=1e-3)], ids=lambda choice: choice.name())
def test_l1_takes_its_share_of_a_first_weight_off_in_a_run_whatever_the_length_and_the_lr(
    iris, optimizer, epochs
):
    run = training(iris, optimizer, L1(share=0.5), epochs=epochs)
    before = weights(run)
    for _ in range(run.total_steps):
        run.lr_factor = 1.0
        for hook in run.after_step:
            hook()

    lost = before[0].abs() - weights(run)[0].abs()
    assert float(lost.max()) == pytest.approx(0.5 * 0.5 / before[0].shape[1] ** 0.5, rel=1e-4)
    assert float(lost.mean()) == pytest.approx(
        0.75 * float(lost.max()), rel=0.2
    )  # half the others stop at zero


def test_a_recipe_of_an_earlier_version_keeps_what_its_l1_did():
    old = Recipe.from_params({"regularizers": "L1", "regularizers.L1.strength": "0.001"})

    assert old.regularizers == (L1(strength=0.001),)
    assert Recipe.from_params(old.to_params()) == old


def test_dropout_sets_the_models_own_layers_and_suits_only_models_that_have_some(iris):
    run = training(iris, SGD(), Dropout(rate=0.4))

    assert {layer.p for layer in run.model.modules() if isinstance(layer, nn.Dropout)} == {0.4}
    assert Dropout.suits(run.model, "classification", iris.dataset.inputs)
    assert not Dropout.suits(nn.Linear(2, 2), "classification", iris.dataset.inputs)


def test_label_smoothing_changes_the_training_loss_and_not_the_validation_loss(iris):
    smooth = training(iris, SGD(lr=1e-9), LabelSmoothing(share=0.3))
    plain = training(iris, SGD(lr=1e-9))
    smooth.advance(1)
    plain.advance(1)

    assert smooth.curve[0].valid_loss == pytest.approx(plain.curve[0].valid_loss, abs=1e-6)
    assert abs(smooth.curve[0].train_loss - plain.curve[0].train_loss) > 1e-4
    assert not LabelSmoothing.suits(plain.model, "regression", iris.dataset.inputs)
