"""The contract of every optimizer: a new file is tested here with no edit."""

from __future__ import annotations

import io
from functools import cache

import pytest
import torch
from torch import nn

from studies import catalogue
from studies.measure.model import state_bytes
from studies.optim.routing import route
from studies.recipe import Recipe
from studies.schedules.constant import Constant
from studies.train import Training
from studies.workload_opening import open_source

from choice_params import marks_of, of

# torch says once a process, wherever it first makes a sparse tensor itself, that it does not check them
pytestmark = pytest.mark.filterwarnings("ignore:Sparse invariant checks")


def line():
    """y = 2 x + 1, to be learned by one weight and one bias."""
    inputs = torch.linspace(-1, 1, 16).reshape(-1, 1)
    return inputs, 2 * inputs + 1


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
@pytest.mark.parametrize(
    "layer", [nn.Linear(7, 5), nn.LayerNorm(6), nn.Conv2d(2, 3, 3)], ids=["matrix", "vector", "kernel"]
)
def test_optimizer_keeps_exactly_the_state_it_declares(choice, layer):
    optimizer = choice().build(layer, total_steps=10)
    for step in range(getattr(choice, "full_after", 1)):  # some grow their state over the first steps
        for parameter in layer.parameters():
            parameter.grad = torch.full_like(parameter, 0.99**step)
        optimizer.step()

    assert state_bytes(optimizer) == sum(
        choice().state_bytes(tuple(p.shape), role) for _, p, role in route(layer).roles
    )


@cache
def small_net(choice):
    """Train a small net on iris for six epochs at the optimizer's defaults."""
    iris = open_source("iris", model="mlp")
    batch_size = iris.rows if choice.full_batch else 32
    run = Training(
        Recipe(optimizer=choice(), model=iris.model, epochs=6, batch_size=batch_size), iris, seed=3
    )
    run.advance(6)
    return run


@pytest.mark.parametrize("choice", of("optimizer"))
def test_optimizer_lowers_the_loss_of_a_small_net_at_its_defaults(choice):
    curve = small_net(choice).curve

    assert curve[-1].train_loss < curve[0].train_loss


@pytest.mark.parametrize("choice", of("optimizer"))
def test_optimizer_resumes_bit_for_bit_from_what_a_file_holds(choice, iris):
    whole = small_net(choice)
    first, second = (Training(whole.recipe, iris, seed=3) for _ in range(2))
    first.advance(2)
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second.load_state_dict(torch.load(file, weights_only=False))
    second.advance(6)

    assert [(p.train_loss, p.valid_loss) for p in second.curve] == [
        (p.train_loss, p.valid_loss) for p in whole.curve
    ]
    for left, right in zip(whole.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(left, right)


@pytest.mark.parametrize("choice", of("optimizer"))
def test_optimizer_takes_the_whole_set_in_one_batch(choice, iris):
    recipe = Recipe(optimizer=choice(), schedule=Constant(), model=iris.model, epochs=2, batch_size=iris.rows)
    run = Training(recipe, iris, seed=0)
    before = [parameter.detach().clone() for parameter in run.model.parameters()]
    run.advance(2)

    assert run.step == 2
    assert not all(torch.equal(old, new) for old, new in zip(before, run.model.parameters(), strict=True))


class Tagged(nn.Module):
    """The mean of tags looked up in a table with sparse gradients, and a head."""

    def __init__(self):
        super().__init__()
        self.table = nn.EmbeddingBag(20, 3, sparse=True)
        self.head = nn.Linear(3, 1)

    def forward(self, tags):
        return self.head(self.table(tags))


@pytest.mark.parametrize(
    "choice",
    [pytest.param(c, id=n, marks=marks_of(c)[:1]) for n, c in catalogue.choices("optimizer").items()],
)
def test_optimizer_steps_on_sparse_tables_or_leaves_them_to_sparse_adam(choice):
    torch.manual_seed(0)
    model = Tagged()
    before = model.table.weight.detach().clone()
    optimizer = choice().build(model, total_steps=1000)

    def closure():
        optimizer.zero_grad()
        loss = (model(torch.tensor([[1, 2], [2, 3]])) - 1).square().sum()
        loss.backward()
        return loss

    losses = [closure().item()]
    for _ in range(9):
        optimizer.step(closure) if choice.needs_closure else (closure(), optimizer.step())
        assert model.table.weight.grad.is_sparse
    losses.append(closure().item())

    assert losses[1] < losses[0]
    assert not torch.equal(model.table.weight[1:4], before[1:4])
    assert torch.equal(model.table.weight[4:], before[4:])
    assert choice().serves("sparse table") == (choice.name() if choice.takes_sparse else "SparseAdam")


@pytest.mark.parametrize("choice", of("optimizer"))
def test_optimizer_returns_the_loss_of_a_closure_that_computes_gradients(choice):
    inputs, targets = line()
    model = nn.Linear(1, 1)
    optimizer = choice().build(model, total_steps=5)

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        return loss

    before = closure().item()
    assert torch.as_tensor(optimizer.step(closure)).item() == pytest.approx(before, rel=1e-5)


@pytest.mark.parametrize("choice", of("optimizer"))
def test_optimizer_leaves_frozen_parameters_alone(choice):
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    model[0].requires_grad_(requires_grad=False)
    before = model[0].weight.clone()
    optimizer = choice().build(model, total_steps=5)
    model(torch.ones(3, 2)).sum().backward()
    optimizer.step()

    assert torch.equal(model[0].weight, before)
