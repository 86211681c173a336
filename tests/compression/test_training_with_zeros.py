"""Training with zeros: pruned weights stay zero, and gradual pruning gets as far as promised."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from studies.catalogue import find
from studies.recipe import Recipe
from studies.train import Training
from studies.weights.masks import RAMP, gradually, keep_zeros
from studies.weights.trained_model import TrainedModel, sparsity_of

from choice_params import of
from trained_models import subject

WAYS = [param for param in of("pruning") if param.id != "none"]
UNSTRUCTURED = [param for param in WAYS if not param.values[0].structured]


def training(
    workload,
    *,
    optimizer="AdamW",
    epochs=10,
    batch_size=32,
    wrappers=(),
    regularizers=(),
    prepare=lambda run: None,
    model=None,
):
    recipe = Recipe(
        optimizer=find("optimizer", optimizer)(),
        model=workload.model,
        epochs=epochs,
        batch_size=batch_size,
        wrappers=tuple(find("wrappers", name)() for name in wrappers),
        regularizers=tuple(find("regularizers", name)() for name in regularizers),
    )
    return Training(recipe, workload, seed=0, model=model, prepare=prepare)


def pruned(workload, seed=0):
    torch.manual_seed(seed)
    trained = TrainedModel(model=workload.build(workload.model), workload=workload)
    find("pruning", "Magnitude")(amount=0.8).prune(trained)
    return trained


def gradual(workload, amount=0.8, **fields):
    torch.manual_seed(0)
    trained = TrainedModel(model=workload.build(workload.model), workload=workload)
    choice = find("pruning", "Magnitude")(amount=amount)

    def prepare(run):
        gradually(run, trained, choice.prune)
        keep_zeros(run)

    return training(workload, model=trained.model, prepare=prepare, **fields), trained


OPTIMIZERS = [param for param in of("optimizer") if not getattr(param.values[0], "only_sparse", False)]
SETS = [(), ("SAM",), ("EMA",), ("Lookahead",), ("Cautious",)]


@pytest.mark.parametrize("optimizer", [pytest.param(p.id, id=p.id, marks=p.marks) for p in OPTIMIZERS])
def test_zeros_hold_under_every_optimizer(optimizer, iris):
    trained = pruned(iris)
    zeros = [weight.parameter == 0 for weight in trained.weights.values()]
    rows = iris.rows if find("optimizer", optimizer).full_batch else 32
    run = training(
        iris, optimizer=optimizer, epochs=2, batch_size=rows, model=trained.model, prepare=keep_zeros
    )
    run.advance(2)
    run.restore_best()

    for weight, mask in zip(trained.weights.values(), zeros, strict=True):
        assert bool((weight.parameter[mask] == 0).all())
    assert sparsity_of(run.model) < 0.85


@pytest.mark.parametrize("wrappers", SETS)
@pytest.mark.parametrize("optimizer", ["AdamW", "Momentum"])
def test_zeros_hold_with_wrappers_and_penalties(optimizer, wrappers, iris):
    trained = pruned(iris)
    run = training(
        iris,
        optimizer=optimizer,
        wrappers=wrappers,
        regularizers=("L2", "GradientClipping"),
        model=trained.model,
        prepare=keep_zeros,
    )
    run.advance(10)
    assert sparsity_of(run.model) == pytest.approx(0.8, abs=1e-3)
    run.restore_best()

    assert sparsity_of(run.model) == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("optimizer", ["AdamW", "Momentum"])
@pytest.mark.parametrize("step_by_step", [False, True])
def test_no_momentum_gathers_on_zeros(optimizer, step_by_step, iris):
    if step_by_step:
        run, trained = gradual(iris, optimizer=optimizer)
    else:
        trained = pruned(iris)
        run = training(iris, optimizer=optimizer, model=trained.model, prepare=keep_zeros)
    run.advance(10)

    for weight in (weight.parameter for weight in trained.weights.values()):
        states = [value for value in run.optimizer.state[weight].values() if value.shape == weight.shape]
        assert states
        assert all(bool((value[weight == 0] == 0).all()) for value in states)


def test_zeros_of_a_sparse_table_hold():
    trained = subject("Bag")
    find("pruning", "Magnitude")(amount=0.8).prune(trained)
    run = training(trained.workload, model=trained.model, prepare=keep_zeros)
    before = trained.model[0].weight.detach().clone()
    run.advance(5)

    assert run.model[0].weight.grad.is_sparse
    assert not torch.equal(run.model[0].weight, before)
    assert bool((run.model[0].weight[before == 0] == 0).all())


@pytest.mark.parametrize(
    "optimizer", ["AdamW", "Momentum", "Muon", "SOAP", "ScheduleFreeAdamW", "LBFGS", "AdamW8bit"]
)
def test_a_gradual_run_ends_with_the_zeros_it_promised(optimizer, iris):
    if optimizer not in {p.id for p in OPTIMIZERS if not any(mark.args[0] for mark in p.marks)}:
        pytest.skip("its package is not here")
    run, _ = gradual(iris, optimizer=optimizer)
    run.advance(10)
    run.restore_best()

    assert sparsity_of(run.model) == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("wrappers", SETS)
def test_a_gradual_run_ends_with_its_zeros_whatever_is_averaged(wrappers, iris):
    run, _ = gradual(iris, wrappers=wrappers, regularizers=("EarlyStopping", "L2"))
    run.advance(10)
    run.restore_best()

    assert run.epoch == 10
    assert sparsity_of(run.model) == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_a_gradual_run_of_few_steps_gets_there_too(epochs, iris):
    run, _ = gradual(iris, epochs=epochs)
    run.advance(epochs)
    run.restore_best()

    assert sparsity_of(run.model) == pytest.approx(0.8, abs=1e-3)


def test_zeros_are_made_fast_at_first_and_none_after_the_ramp(iris):
    run, trained = gradual(iris, epochs=20)
    sparsities = []
    run.after_step.append(lambda: sparsities.append(sparsity_of(trained.model)))
    run.advance(20)
    ramp = round(RAMP * run.total_steps)

    assert sparsities == sorted(sparsities)
    assert sparsities[ramp // 2] > 0.6
    assert sparsities[ramp - 2] < sparsities[ramp - 1] == sparsities[-1]


def test_the_best_of_a_gradual_run_is_one_with_all_of_its_zeros(iris):
    run, _ = gradual(iris, amount=0.99)
    run.advance(10)

    assert run.quality < max(point.valid_metric for point in run.curve)


def test_a_run_with_zeros_is_the_same_each_time(iris):
    runs = [gradual(iris, wrappers=("EMA",))[0] for _ in range(2)]
    for run in runs:
        run.advance(10)

    assert all(torch.equal(a, b) for a, b in zip(*(run.model.parameters() for run in runs), strict=True))


class Rounded(nn.Module):
    """Stands for a quantizer in training: it sees the weight, and the gradient passes."""

    def forward(self, weight):
        return weight + ((weight * 8).round() / 8 - weight).detach()


@pytest.mark.parametrize("choice", UNSTRUCTURED)
def test_zeros_are_made_and_held_below_a_parametrization(choice, iris):
    torch.manual_seed(0)
    trained = TrainedModel(model=iris.build(iris.model), workload=iris)

    def prepare(run):
        gradually(run, trained, choice().prune)
        keep_zeros(run)
        for module in [module for module in run.model.modules() if isinstance(module, nn.Linear)]:
            parametrize.register_parametrization(module, "weight", Rounded())

    run = training(iris, model=trained.model, prepare=prepare)
    run.advance(10)
    run.restore_best()
    twin = TrainedModel(model=iris.build(iris.model), workload=iris)
    choice().prune(twin)

    assert sparsity_of(run.model) == pytest.approx(sparsity_of(twin.model), abs=1e-3)
