"""Sparse gradients from end to end: row-wise Adagrad, SparseAdam and every optimizer beside a table."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn, optim

from studies.catalogue import find
from studies.errors import BadValue
from studies.facts import Facts
from studies.measure.model import state_bytes
from studies.optim.routing import route
from studies.optimizers.adamw import AdamW
from studies.optimizers.rowwise_adagrad import RowwiseAdagrad
from studies.optimizers.sparse_adam import SparseAdam

STEPS = 5

# torch says once a process, wherever it first makes a sparse tensor itself, that it does not check them
pytestmark = pytest.mark.filterwarnings("ignore:Sparse invariant checks")


class Tagged(nn.Module):
    """A sparse table of 50 tags, a hidden layer and a head."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.EmbeddingBag(50, 4, mode="mean", sparse=True)
        self.hidden = nn.Linear(4, 6)
        self.head = nn.Linear(6, 1)

    def forward(self, tags):
        return self.head(torch.tanh(self.hidden(self.table(tags))))


def gradients(model, seed):
    """Give every parameter a random gradient."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def same_weights(left, right):
    return all(torch.equal(a, b) for a, b in zip(left.parameters(), right.parameters(), strict=True))


def test_rowwise_adagrad_matches_a_slow_loop_over_rows():
    """Dense gradients of a matrix, a kernel and vectors."""
    model = nn.Sequential(nn.Linear(3, 4), nn.Conv1d(2, 3, 2))
    optimizer = RowwiseAdagrad(lr=0.1).build(model, STEPS)
    expected = [parameter.detach().clone() for parameter in model.parameters()]
    sums = [[0.0] * len(parameter) for parameter in expected]
    for step in range(STEPS):
        gradients(model, step)
        optimizer.step()
        for weight, total, parameter in zip(expected, sums, model.parameters(), strict=True):
            for row, gradient in enumerate(parameter.grad):
                total[row] += sum(value.item() ** 2 for value in gradient.flatten()) / gradient.numel()
                weight[row] -= 0.1 * gradient / math.sqrt(total[row])
            torch.testing.assert_close(parameter.detach(), weight)


def test_rowwise_adagrad_adds_up_a_row_that_stands_twice_in_a_sparse_gradient():
    table = nn.Embedding(5, 3, sparse=True)
    optimizer = RowwiseAdagrad(lr=0.1).build(table, STEPS)
    expected, sums = table.weight.detach().clone(), [0.0] * 5
    for step in range(STEPS):
        generator = torch.Generator().manual_seed(step)
        rows, slopes = [1, 3, 1, step % 2], torch.randn(4, 3, generator=generator)
        optimizer.zero_grad()
        (table(torch.tensor(rows)) * slopes).sum().backward()
        optimizer.step()
        for row in set(rows):
            gradient = sum(slopes[i] for i in range(4) if rows[i] == row)
            sums[row] += gradient.square().mean().item()
            expected[row] -= 0.1 * gradient / math.sqrt(sums[row])
        torch.testing.assert_close(table.weight.detach(), expected)


SPARSE = {
    "SGD": 0.5, "Momentum": 0.1, "Nesterov": 0.1, "Adagrad": 0.1, "RowwiseAdagrad": 0.1, "SparseAdam": 0.02,
    "AdamW": 0.01, "NAdamW": 0.01, "Muon": 0.05, "Adafactor": 0.05,
}  # fmt: skip


@pytest.mark.parametrize("name", SPARSE)
def test_sparse_tables_train_and_rows_never_seen_stay_as_they_were(name):
    model = Tagged()
    before = model.table.weight.detach().clone()
    generator = torch.Generator().manual_seed(0)
    tags = torch.randint(0, 40, (32, 3), generator=generator)
    targets = before[tags].mean(1)[:, :1]
    optimizer = find("optimizer", name)(lr=SPARSE[name]).build(model, total_steps=40)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(tags), targets)
        loss.backward()
        assert model.table.weight.grad.is_sparse
        optimizer.step()
        losses.append(loss.item())

    assert losses[-1] < 0.7 * losses[0]
    assert torch.equal(model.table.weight[40:], before[40:])
    assert not torch.equal(model.table.weight[:40], before[:40])


@pytest.mark.parametrize("name", SPARSE)
def test_state_is_as_declared_beside_a_sparse_table(name):
    model, choice = Tagged(), find("optimizer", name)()
    optimizer = choice.build(model, total_steps=10)
    model(torch.tensor([[1, 2], [2, 3]])).sum().backward()
    optimizer.step()

    assert state_bytes(optimizer) == sum(
        choice.state_bytes(tuple(p.shape), role) for _, p, role in route(model).roles
    )


@pytest.mark.parametrize(
    "name", ["SGD", "Momentum", "Nesterov", "Adagrad", "RowwiseAdagrad", "SparseAdam", "AdamW"]
)
def test_state_beside_a_sparse_table_does_not_grow_with_the_steps(name):
    model = Tagged()
    optimizer = find("optimizer", name)().build(model, 60)
    sizes = []
    for step in range(60):
        optimizer.zero_grad()
        tags = torch.randint(0, 50, (8, 5), generator=torch.Generator().manual_seed(step))
        model(tags).sum().backward()
        optimizer.step()
        sizes.append(state_bytes(optimizer))
    assert max(sizes) <= sum(
        find("optimizer", name)().state_bytes(tuple(p.shape), role) for _, p, role in route(model).roles
    )


def test_sparse_adam_is_torchs_with_adamw_beside_it():
    ours, theirs = Tagged(), Tagged()
    choice = SparseAdam(lr=0.02, partner_lr_ratio=0.5, decay_horizon=0.5)
    partner = AdamW(lr=0.01, decay_horizon=0.5)
    plain = [
        optim.SparseAdam([theirs.table.weight], lr=0.02),
        partner.make(route(theirs).without("sparse table"), STEPS),
    ]
    together = choice.build(ours, STEPS)
    for _ in range(STEPS):
        for model, optimizers in ((ours, [together]), (theirs, plain)):
            model.zero_grad()
            model(torch.tensor([[1, 2], [2, 3]])).square().sum().backward()
            for optimizer in optimizers:
                optimizer.step()

    assert same_weights(ours, theirs)
    assert [choice.serves(role) for role in ("sparse table", "head")] == ["SparseAdam", "AdamW"]


def test_sparse_adam_refuses_a_model_without_sparse_tables():
    with pytest.raises(BadValue, match="none; use AdamW"):
        SparseAdam().build(nn.Linear(2, 1), 10)
    assert SparseAdam.misfit(Facts())
    assert SparseAdam.misfit(Facts(sparse_share=0.4)) is None
