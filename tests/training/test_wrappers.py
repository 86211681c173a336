"""Wrappers against the plain loop that a textbook would write."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from studies import catalogue
from studies.measure.model import model_bytes
from studies.models import ModelChoice
from studies.optim.routing import trained
from studies.optimizers.adamw import AdamW
from studies.optimizers.lbfgs import LBFGS
from studies.optimizers.momentum import Momentum
from studies.optimizers.nesterov import Nesterov
from studies.optimizers.sgd import SGD
from studies.recipe import Recipe
from studies.regularizers.dropout import Dropout
from studies.regularizers.l2 import L2
from studies.schedules.constant import Constant
from studies.train import Training
from studies.wrappers import holding
from studies.wrappers.cautious import Cautious
from studies.wrappers.ema import EMA
from studies.wrappers.lookahead import Lookahead
from studies.wrappers.sam import SAM


@dataclass(frozen=True, kw_only=True)
class Normed(ModelChoice):
    """A net with batch norm, whose first layer may be frozen."""

    frozen: bool = False

    def build(self, inputs, outputs):
        first = nn.Linear(inputs.size, 16).requires_grad_(not self.frozen)
        return nn.Sequential(nn.Flatten(), first, nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, outputs))


WRAPPERS = [pytest.param(choice, id=name) for name, choice in catalogue.choices("wrappers").items()]


def training(iris, optimizer, *wrappers, epochs=3, model=None, regularizers=()):
    recipe = Recipe(
        optimizer=optimizer,
        schedule=Constant(),
        model=model or iris.model,
        epochs=epochs,
        wrappers=wrappers,
        regularizers=regularizers,
    )
    return Training(recipe, iris, seed=4)


def weights(run):
    return [parameter.detach().clone() for parameter in run.model.parameters()]


def same(left, right):
    return all(torch.equal(a, b) for a, b in zip(left, right, strict=True))


def close(left, right):
    for ours, theirs in zip(left, right, strict=True):
        torch.testing.assert_close(ours, theirs)


def plain_loop(run, epochs, step):
    """Call `step(model, optimizer, loss)` for a fresh model on every batch of the run; return the model."""
    iris = run.workload
    torch.manual_seed(4)
    model = iris.build(run.recipe.model)
    optimizer = run.recipe.optimizer.build(model, run.total_steps)
    order = torch.Generator().manual_seed(4)
    inputs, targets = (
        torch.from_numpy(iris.dataset.train.inputs),
        torch.from_numpy(iris.dataset.train.targets),
    )
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs), generator=order).split(run.batch_size):
            step(
                model,
                optimizer,
                lambda batch=batch: nn.functional.cross_entropy(model(inputs[batch]), targets[batch]),
            )
    return model


@pytest.mark.parametrize("choice", WRAPPERS)
def test_wrapper_resumes_bit_for_bit(choice, iris):
    def fresh():
        return training(iris, Momentum(), choice(), epochs=6, regularizers=(Dropout(),))

    whole, first, second = fresh(), fresh(), fresh()
    whole.advance(6)
    first.advance(2)
    second.load_state_dict(first.state_dict())
    second.advance(6)

    assert [(p.train_loss, p.valid_loss) for p in second.curve] == [
        (p.train_loss, p.valid_loss) for p in whole.curve
    ]
    assert same(weights(second), weights(whole))
    assert same(second.attachment_state, whole.attachment_state)


@pytest.mark.parametrize("choice", WRAPPERS)
def test_wrapper_leaves_the_run_it_was_resumed_from_alone(choice, iris):
    first, second = (training(iris, Momentum(), choice(), epochs=6) for _ in range(2))
    first.advance(2)
    before = [tensor.clone() for tensor in first.attachment_state]
    second.load_state_dict(first.state_dict())
    second.advance(4)

    assert same(first.attachment_state, before)


@pytest.mark.parametrize("choice", WRAPPERS)
def test_wrapper_changes_the_weights_or_what_is_read_of_them(choice, iris):
    plain, wrapped = training(iris, Momentum()), training(iris, Momentum(), choice())
    plain.advance(3)
    wrapped.advance(3)

    assert wrapped.readouts or not same(weights(plain), weights(wrapped))


@pytest.mark.parametrize("choice", WRAPPERS)
def test_wrapper_leaves_frozen_parameters_alone(choice, iris):
    run = training(iris, Momentum(), choice(), model=Normed(frozen=True))
    before = run.model[1].weight.clone()
    run.advance(3)
    run.restore_best()

    assert torch.equal(run.model[1].weight, before)
    assert run.quality > 0.3


def test_kept_state_counts_as_memory(iris):
    plain, averaged = training(iris, SGD()), training(iris, SGD(), EMA())
    plain.advance(1)
    averaged.advance(1)

    assert averaged.peak_bytes - plain.peak_bytes == EMA.state_floats * model_bytes(plain.model)


def test_ema_is_the_mean_of_all_steps_with_shares_that_fall_by_its_decay(iris):
    run = training(iris, AdamW(lr=0.01), EMA(decay=0.9))
    history = []
    run.after_step.append(lambda: history.append(weights(run)))
    run.advance(3)

    shares = torch.tensor([0.9 ** (len(history) - 1 - i) for i in range(len(history))])
    expected = [
        sum(s * w for s, w in zip(shares / shares.sum(), column, strict=True))
        for column in zip(*history, strict=True)
    ]
    close(run.attachment_state, expected)


def test_ema_leaves_the_training_itself_alone(iris):
    plain, averaged = training(iris, Momentum()), training(iris, Momentum(), EMA())
    plain.advance(3)
    averaged.advance(3)

    assert same(weights(plain), weights(averaged))


def test_the_better_of_weights_and_average_is_what_counts(iris):
    wild = SGD(lr=1.0)
    plain, averaged = training(iris, wild, epochs=12), training(iris, wild, EMA(), epochs=12)
    plain.advance(12)
    averaged.advance(12)

    assert averaged.quality >= plain.quality
    assert all(a.valid_metric >= p.valid_metric for a, p in zip(averaged.curve, plain.curve, strict=True))
    assert any(a.valid_metric > p.valid_metric for a, p in zip(averaged.curve, plain.curve, strict=True))


def test_other_weights_are_held_inside_the_block_only_and_buffers_come_back_too():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with holding(model, trained(model), [torch.full_like(weight, 7.0) for weight in trained(model)]):
        assert all(bool((weight == 7.0).all()) for weight in model.parameters())
        model(torch.randn(8, 2))
        assert not torch.equal(model[1].running_mean, before["1.running_mean"])

    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_lookahead_matches_a_plain_loop(iris):
    run = training(iris, Momentum(lr=0.05), Lookahead(k=4, alpha=0.3))
    slow, steps = [], []

    def step(model, optimizer, loss):
        if not slow:
            slow.extend(parameter.detach().clone() for parameter in model.parameters())
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        steps.append(1)
        if len(steps) % 4 == 0:
            for index, parameter in enumerate(model.parameters()):
                slow[index] = slow[index] + 0.3 * (parameter.detach() - slow[index])
                parameter.data.copy_(slow[index])

    model = plain_loop(run, 3, step)
    run.advance(3)

    close(weights(run), list(model.parameters()))
    close(run.attachment_state, slow)


def test_sam_matches_a_plain_loop_of_two_passes(iris):
    run = training(iris, Momentum(lr=0.05), SAM(rho=0.1))

    def step(model, optimizer, loss):
        optimizer.zero_grad()
        loss().backward()
        length = torch.cat([parameter.grad.flatten() for parameter in model.parameters()]).norm()
        moves = [0.1 * parameter.grad / length for parameter in model.parameters()]
        for parameter, move in zip(model.parameters(), moves, strict=True):
            parameter.data += move
        optimizer.zero_grad()
        loss().backward()
        for parameter, move in zip(model.parameters(), moves, strict=True):
            parameter.data -= move
        optimizer.step()

    model = plain_loop(run, 3, step)
    run.advance(3)

    close(weights(run), list(model.parameters()))


def test_penalties_are_added_after_the_second_pass_of_sam(iris):
    """A penalty that SAM's second pass wiped out would leave the run as it is without one."""
    sharp, both = training(iris, SGD(), SAM()), training(iris, SGD(), SAM(), regularizers=(L2(strength=0.1),))
    sharp.advance(2)
    both.advance(2)

    assert not same(weights(sharp), weights(both))


def test_sam_leaves_the_statistics_of_batch_norm_to_the_weights_themselves(iris):
    run = training(iris, SGD(), SAM(), model=Normed())
    run.advance(1)

    counts = {int(value) for name, value in run.model.named_buffers() if name.endswith("num_batches_tracked")}
    assert counts == {run.steps_per_epoch}


@pytest.mark.parametrize(
    "optimizer", [Momentum(lr=0.05), Nesterov(lr=0.05), AdamW(lr=0.01)], ids=lambda o: o.name()
)
def test_cautious_steps_only_down_the_gradient_and_keeps_the_size_of_the_rest(optimizer, iris):
    run = training(iris, optimizer, Cautious())
    steps = []
    run.before_step.append(
        lambda: steps.append((weights(run), [p.grad.clone() for p in run.model.parameters()]))
    )
    raw = []
    run.after_step.insert(0, lambda: raw.append(weights(run)))
    masked = []

    def check():
        before, grads = steps[-1]
        for old, proposed, new, grad in zip(before, raw[-1], weights(run), grads, strict=True):
            down = (proposed - old) * grad < 0
            assert bool((new[~down] == old[~down]).all())
            stretch = 1 / max(float(down.float().mean()), 1e-3)
            torch.testing.assert_close(
                (new - old)[down], (stretch * (proposed - old))[down], rtol=1e-3, atol=1e-5
            )
            masked.append(float((~down).float().mean()))

    run.after_step.append(check)
    run.advance(3)

    assert 0 < sum(masked) / len(masked) < 1


def test_wrappers_stand_together(iris):
    run = training(iris, Momentum(), EMA(), Lookahead(), SAM(), Cautious(), epochs=9)
    run.advance(9)

    assert run.quality > 0.6


def test_wrappers_that_set_weights_refuse_optimizers_that_evaluate_the_loss_themselves():
    assert EMA.pairs_with(LBFGS)
    assert not any(choice.pairs_with(LBFGS) for choice in (Lookahead, SAM, Cautious))
    assert [choice.name() for choice in catalogue.choices("wrappers").values() if choice.offered] == ["EMA"]
