"""The contract of every catalogue folder: a new file is tested here with no edit."""

from __future__ import annotations

import math
from importlib.util import find_spec

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from studies import catalogue
from studies.choice import sections, summary
from studies.data import open_dataset
from studies.measure import state_bytes
from studies.recipe import Recipe
from studies.routing import route
from studies.space import Numeric, ranges
from studies.train import Training
from studies.workload import check_model

EVERY = [pytest.param(c, id=f"{axis}-{name}") for axis in catalogue.FOLDERS for name, c in catalogue.choices(axis).items()]


def of(axis):
    return [pytest.param(choice, id=name, marks=_marks(choice)) for name, choice in catalogue.choices(axis).items()]


def _marks(choice):
    """Skip what needs a package that is not here, and what steps on nothing but sparse tables."""
    extra = getattr(choice, "extra", "")
    missing = bool(extra) and find_spec(extra.split(":")[0]) is None
    return [
        pytest.mark.skipif(missing, reason=f"needs {extra}"),
        pytest.mark.skipif(getattr(choice, "only_sparse", False), reason="steps on sparse tables alone"),
    ]


def line():
    """y = 2 x + 1, to be learned by one weight and one bias."""
    inputs = torch.linspace(-1, 1, 16).reshape(-1, 1)
    return inputs, 2 * inputs + 1


@pytest.mark.parametrize("choice", EVERY)
def test_explains_itself_in_four_parts(choice):
    assert summary(choice).endswith(".")
    assert set(sections(choice)) == {"Helps", "Hurts", "Source"}


@pytest.mark.parametrize("choice", EVERY)
def test_defaults_lie_inside_the_searched_ranges(choice):
    for span in ranges(choice).values():
        span.check(span.default)
        if isinstance(span, Numeric):
            assert span.low <= span.default <= span.high


@pytest.mark.parametrize("choice", of("optimizer"))
def test_optimizer_lowers_a_convex_loss_at_its_defaults(choice):
    inputs, targets = line()
    torch.manual_seed(0)
    model = nn.Linear(1, 1)
    optimizer = choice().build(model, total_steps=400)
    losses = []
    for _ in range(400):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("choice", of("optimizer"))
@pytest.mark.parametrize("layer", [nn.Linear(7, 5), nn.LayerNorm(6), nn.Conv2d(2, 3, 3)], ids=["matrix", "vector", "kernel"])
def test_optimizer_keeps_exactly_the_state_it_declares(choice, layer):
    optimizer = choice().build(layer, total_steps=10)
    for step in range(getattr(choice, "full_after", 1)):
        for parameter in layer.parameters():
            parameter.grad = torch.full_like(parameter, 0.99**step)
        optimizer.step()

    assert state_bytes(optimizer) == sum(choice().state_bytes(tuple(p.shape), role) for _, p, role in route(layer).roles)


@pytest.mark.parametrize("choice", of("optimizer"))
def test_optimizer_resumes_bit_for_bit(choice, iris):
    recipe = Recipe(optimizer=choice(), model=iris.model, epochs=6)
    whole = Training(recipe, iris, seed=3)
    whole.advance(6)
    first = Training(recipe, iris, seed=3)
    first.advance(2)
    second = Training(recipe, iris, seed=3)
    second.load_state_dict(first.state_dict())
    second.advance(6)

    assert [(p.train_loss, p.valid_loss) for p in second.curve] == [(p.train_loss, p.valid_loss) for p in whole.curve]
    for left, right in zip(whole.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(left, right)


@pytest.mark.parametrize("choice", of("optimizer"))
def test_optimizer_leaves_frozen_parameters_alone(choice):
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    model[0].requires_grad_(requires_grad=False)
    before = model[0].weight.clone()
    optimizer = choice().build(model, total_steps=5)
    model(torch.ones(3, 2)).sum().backward()
    optimizer.step()

    assert torch.equal(model[0].weight, before)


@pytest.mark.parametrize("choice", of("schedule"))
@given(progress=st.floats(0, 1), warmup=st.floats(0, 0.5))
def test_schedule_stays_between_zero_and_the_peak(choice, progress, warmup):
    assert 0 <= choice(warmup=warmup).at(progress) <= 1


@pytest.mark.parametrize("choice", of("schedule"))
def test_schedule_warms_up_from_zero_to_the_peak(choice):
    schedule = choice(warmup=0.2)

    assert schedule.at(0.0) == 0.0
    assert schedule.at(0.1) == pytest.approx(0.5)
    assert schedule.at(0.2) == pytest.approx(1.0)
    assert math.isfinite(schedule.at(1.0))


@pytest.mark.parametrize("choice", of("regularizers"))
def test_regularizer_changes_the_run_it_is_attached_to(choice, iris):
    optimizer = catalogue.find("optimizer", "SGD")()
    plain = Training(Recipe(optimizer=optimizer, model=iris.model, epochs=3), iris, seed=0)
    if choice.waits or not choice.suits(plain.model, iris.dataset.task, iris.dataset.inputs):
        pytest.skip("it says that it waits for something, or that it can do nothing here; it has tests of its own")
    regularized = Training(Recipe(optimizer=optimizer, model=iris.model, epochs=3, regularizers=(choice(),)), iris, seed=0)
    plain.advance(3)
    regularized.advance(3)

    changed = [not torch.equal(a, b) for a, b in zip(plain.model.parameters(), regularized.model.parameters(), strict=True)]
    assert any(changed)


MODELS = [param for param in of("model") if param.id != "Custom"]


@pytest.mark.parametrize("choice", MODELS)
@pytest.mark.parametrize("source", ["digits", "wine", "diabetes"])
def test_model_trains_on_every_kind_of_data_it_takes(choice, source):
    dataset = open_dataset(source)
    if not choice.takes(dataset.inputs):
        pytest.skip("it says it does not take these rows")
    model = choice()
    check_model(model, dataset)
    module = model.build(dataset.inputs, dataset.outputs)

    outputs = module(torch.from_numpy(dataset.train.inputs[:4]))
    outputs.sum().backward()
    assert outputs.shape == (4, dataset.outputs)
    assert all(parameter.grad is not None for parameter in module.parameters())
