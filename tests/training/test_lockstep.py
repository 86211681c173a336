"""Lockstep: a run in a stack gives its numbers as by itself, and what goes wrong in one stays there."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from studies import catalogue
from studies.infeasible import Diverged
from studies.lockstep.fits import stacks
from studies.lockstep.lockstep import Lockstep
from studies.lockstep.losses import StackedLoss
from studies.lockstep.together import advance_together
from studies.lockstep.unstackable import Unstackable
from studies.models.mlp import MLP
from studies.optimizers.adamw import AdamW
from studies.optimizers.momentum import Momentum
from studies.optimizers.rmsprop import RMSprop
from studies.optimizers.sgd import SGD
from studies.recipe import Recipe
from studies.regularizers.dropout import Dropout
from studies.regularizers.early_stopping import EarlyStopping
from studies.regularizers.label_smoothing import LabelSmoothing
from studies.schedules.constant import Constant
from studies.schedules.cosine import Cosine
from studies.train import Training
from studies.wrappers.ema import EMA

from made_workloads import FORMS, MODELS, workload

ROWS, EPOCHS = 20, 4
CLOSE = 1e-10
OPTIMIZERS = {
    name: choice for name, choice in catalogue.choices("optimizer").items() if not choice.needs_closure
}
ATTACHMENTS = [
    *catalogue.choices("regularizers").values(),
    *[choice for choice in catalogue.choices("wrappers").values() if choice.pairs_with(Momentum)],
]


def in_float64(workload):
    def part(rows):
        return replace(rows, inputs=rows.inputs.astype(np.float64))

    dataset = workload.dataset
    parts = {name: part(getattr(dataset, name)) for name in ("train", "valid", "test")}
    return replace(workload, dataset=replace(dataset, **parts))


MODEL = MLP(width=8, depth=2, norm="batch")
TABLE = in_float64(replace(workload(FORMS["table"], MLP), model=MODEL))


def recipe(**changes):
    return replace(Recipe(model=MODEL, epochs=EPOCHS, batch_size=ROWS), **changes)


def training(recipe, workload=TABLE, *, seed=0):
    """Return a run in 64 bits, where nothing but an error of ours makes a difference."""
    torch.manual_seed(seed)
    return Training(recipe, workload, seed=seed, model=workload.build(recipe.model).double())


def numbers(run):
    points = [(point.train_loss, point.valid_loss, point.valid_metric) for point in run.curve]
    return points, [tensor.double().flatten() for tensor in run.model.state_dict().values()]


def difference(left, right):
    (points, tensors), (others, other_tensors) = numbers(left), numbers(right)
    assert len(points) == len(others)
    gaps = [
        abs(a - b)
        for point, other in zip(points, others, strict=True)
        for a, b in zip(point, other, strict=True)
    ]
    gaps += [float((a - b).abs().max()) for a, b in zip(tensors, other_tensors, strict=True) if len(a)]
    return max(gaps)


def both_ways(recipes, *, seeds=None, workload=TABLE):
    """Return runs that trained one after another, and the same ones as a stack."""
    seeds = seeds or [0] * len(recipes)
    alone, stacked = (
        [training(recipe, workload, seed=seed) for recipe, seed in zip(recipes, seeds, strict=True)]
        for _ in range(2)
    )
    for run in alone:
        run.advance(EPOCHS)
    assert len(stacks(stacked)) == 1
    assert Lockstep(stacked).advance(EPOCHS) == [True] * len(recipes)
    return alone, stacked


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_steps_in_a_stack_as_it_does_alone(name):
    choice = OPTIMIZERS[name]
    if getattr(choice, "extra", ""):
        pytest.importorskip(choice.extra.partition(":")[0])
    if name == "SparseAdam":
        pytest.skip("it needs a table with sparse gradients, which vmap does not know")
    lr = choice().lr
    recipes = [recipe(optimizer=replace(choice(), lr=lr * share)) for share in (1.0, 0.3, 0.1)]

    for left, right in zip(*both_ways(recipes), strict=True):
        assert difference(left, right) < CLOSE


@pytest.mark.parametrize("choice", ATTACHMENTS, ids=lambda choice: choice.name())
def test_every_attachment_acts_in_a_stack_as_it_does_alone(choice):
    axis = choice.axis
    recipes = [recipe(optimizer=Momentum(lr=lr), **{axis: (choice(),)}) for lr in (0.1, 0.03, 0.01)]

    for left, right in zip(*both_ways(recipes, seeds=[0, 1, 0]), strict=True):
        assert difference(left, right) < CLOSE


def test_trials_with_dropout_and_smoothing_of_their_own_draw_as_they_do_alone():
    recipes = [
        recipe(optimizer=AdamW(lr=lr), schedule=schedule, regularizers=regularizers)
        for lr, schedule, regularizers in (
            (1e-2, Cosine(), ()),
            (3e-3, Constant(), (Dropout(rate=0.3),)),
            (3e-3, Cosine(), (Dropout(rate=0.1), LabelSmoothing(share=0.2))),
        )
    ]
    alone, together = both_ways(recipes, seeds=[3, 3, 4])

    assert max(map(difference, alone, together)) < CLOSE
    for left, right in zip(alone, together, strict=True):
        assert torch.equal(left.generators.state()[0], right.generators.state()[0])
        assert torch.equal(left.order.get_state(), right.order.get_state())


@settings(max_examples=5, deadline=None)
@given(
    lrs=st.lists(st.floats(1e-4, 0.3), min_size=2, max_size=4),
    cut=st.integers(1, EPOCHS - 1),
    batch_size=st.integers(5, 48),
)
def test_a_stack_that_is_cut_into_rungs_and_left_by_some_gives_the_numbers_of_each_alone(
    lrs, cut, batch_size
):
    recipes = [recipe(optimizer=Momentum(lr=lr), wrappers=(EMA(),), batch_size=batch_size) for lr in lrs]
    alone, together = ([training(recipe) for recipe in recipes] for _ in range(2))
    for run in alone:
        run.advance(cut)
    for run in alone[1:]:
        run.advance(EPOCHS)

    Lockstep(together).advance(cut)
    rest = [training(recipe) for recipe in recipes[1:]]  # as another worker takes them up from their files
    for run, left in zip(rest, together[1:], strict=True):
        run.load_state_dict(left.state_dict())
    if len(rest) > 1:
        Lockstep(rest).advance(EPOCHS)
    else:
        rest[0].advance(EPOCHS)

    assert max(map(difference, alone, [together[0], *rest])) < CLOSE


def test_a_run_that_diverges_leaves_the_others_exactly_as_they_were():
    def runs(optimizers):
        return [training(recipe(optimizer=optimizer)) for optimizer in optimizers]

    good = [AdamW(lr=1e-2), SGD(lr=0.1), RMSprop(lr=1e-3)]
    among_good = runs([*good, SGD(lr=0.01)])
    among_bad = runs([*good, SGD(lr=1e12)])
    Lockstep(among_good).advance(EPOCHS)
    endings = Lockstep(among_bad).advance(EPOCHS)

    assert endings[:3] == [True] * 3
    assert isinstance(endings[3], Diverged)
    for left, right in zip(among_good[:3], among_bad[:3], strict=True):
        assert difference(left, right) < CLOSE


def test_a_run_that_ends_early_leaves_the_stack_and_the_others_go_on():
    early = recipe(optimizer=SGD(lr=1e-9), regularizers=(EarlyStopping(patience=2),))
    runs = [training(early), training(recipe()), training(recipe())]

    assert Lockstep(runs).advance(EPOCHS) == [True] * 3
    assert [run.epoch for run in runs] == [3, EPOCHS, EPOCHS]


def test_a_stack_that_is_told_to_stop_says_so_of_every_run():
    runs = [training(recipe()), training(recipe())]

    assert Lockstep(runs).advance(EPOCHS, stop=lambda: runs[0].step > 4) == [False] * 2


def test_runs_keep_memory_of_their_own_once_a_stack_has_let_go_of_them():
    runs = [training(recipe()) for _ in range(3)]
    Lockstep(runs).advance(1)

    for run in runs:
        for tensor in run.model.state_dict().values():
            assert tensor.untyped_storage().nbytes() == tensor.nbytes


def test_runs_of_another_shape_batch_or_dataset_are_no_part_of_a_stack():
    other = in_float64(replace(workload(FORMS["table"], MLP), model=MODEL))
    runs = [
        training(recipe()),
        training(recipe(batch_size=ROWS + 1)),
        training(recipe(model=replace(MODEL, width=9))),
        training(recipe(), other),
        training(recipe(optimizer=SGD())),
    ]

    assert stacks(runs) == [[runs[0], runs[4]]]


def test_a_loss_that_passes_over_some_targets_is_the_mean_of_the_others():
    outputs, targets = torch.randn(3, 6, 4), torch.tensor([0, 1, 0, 2, 3, 0])
    loss = partial(nn.functional.cross_entropy, ignore_index=0)
    rows = StackedLoss.of([loss] * 3, torch.device("cpu")).of_rows(outputs, targets, None)

    assert torch.allclose(rows, torch.stack([loss(row, targets) for row in outputs]))


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(12, 3)

    def forward(self, rows):
        return self.linear(rows) if rows.sum() * self.linear.weight.sum() > math.inf else self.linear(-rows)


class Peeking(nn.Module):
    """A model whose rows see what it keeps outside of its tensors."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(12, 3)
        self.scale = [torch.rand(())]

    def forward(self, rows):
        return self.linear(rows) * self.scale[0]


@pytest.mark.parametrize("module", [Branching, Peeking])
def test_a_model_that_vmap_cannot_call_or_calls_otherwise_is_not_stacked(module):
    def run(seed):
        torch.manual_seed(seed)
        return Training(recipe(optimizer=SGD(lr=0.1)), TABLE, seed=0, model=module().double())

    runs = [run(seed) for seed in range(3)]
    before = [{name: tensor.clone() for name, tensor in run.model.state_dict().items()} for run in runs]

    with pytest.raises(Unstackable):
        Lockstep(runs).advance(EPOCHS)
    endings = advance_together(runs, EPOCHS, fewest=2)

    assert endings == [None] * 3
    for alone, weights in zip(runs, before, strict=True):
        assert alone.step == 0
        assert all(torch.equal(tensor, weights[name]) for name, tensor in alone.model.state_dict().items())


def test_a_run_that_no_longer_fits_goes_on_alone_and_one_that_has_failed_has_failed():
    def run(optimizer):
        torch.manual_seed(0)
        module = Peeking().double()
        module.scale = [torch.ones(())]
        return Training(recipe(optimizer=optimizer), TABLE, seed=0, model=module)

    diverging, first, unlike, last = runs = [run(SGD(lr=lr)) for lr in (1e150, 0.1, 0.1, 0.01)]

    def change():
        if unlike.step + 1 == unlike.steps_per_epoch:
            unlike.model.scale[0] = torch.tensor(3.0)

    unlike.after_step.append(change)
    endings = advance_together(runs, EPOCHS, fewest=2)

    assert isinstance(endings[0], Diverged)
    assert endings[1:] == [True, None, True]
    assert [run.epoch for run in (first, unlike, last)] == [EPOCHS, 1, EPOCHS]
    assert diverging.epoch == 1


@pytest.mark.parametrize(
    ("kind", "name"), [("image", "CNN"), ("signal", "Conv1D"), ("table", "TabularResNet")]
)
def test_models_of_the_catalogue_give_in_a_stack_what_they_give_alone(kind, name):
    made = in_float64(workload(FORMS[kind], MODELS[name]))
    recipes = [replace(recipe(optimizer=Momentum(lr=lr)), model=made.model) for lr in (0.1, 0.01)]
    alone, together = both_ways(recipes, workload=made)

    assert max(map(difference, alone, together)) < CLOSE
