"""Memory of a model and one batch: the bytes that a profile of the same workload forecasts."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
import torch
from torch import nn

import advisor
from studies import catalogue
from studies.errors import BadWorkload, UnknownChoice
from studies.limits import Limits
from studies.measure.model import state_bytes
from studies.profiling.profile import profile
from studies.workload_opening import open_source

PARTS = ("weight_bytes", "gradient_bytes", "state_bytes", "activation_bytes")


def net():
    return nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_a_batch_alone_is_forecast_as_the_workload_is(model):
    digits = open_source("digits", model=model)
    facts = profile(digits, batch_size=64, epochs=1)
    rows, labels = (
        torch.as_tensor(part[:64]) for part in (digits.dataset.train.inputs, digits.dataset.train.targets)
    )
    table = advisor.memory(digits.build(digits.model), (rows, labels))
    order_bytes = 8 * digits.rows  # of the rows of an epoch, of which a batch alone has none
    for mine in table.forecasts:
        other = facts.forecast(mine.optimizer)
        if other.full_batch:
            continue
        assert [getattr(mine, part) for part in PARTS] == [getattr(other, part) for part in PARTS]
        if other.followed and mine.followed:
            assert mine.peak_bytes == pytest.approx(other.peak_bytes - order_bytes, rel=0.01)


@pytest.mark.parametrize("name", ["SGD", "AdamW", "Muon", "Adafactor", "Lion"])
def test_state_is_what_the_optimizer_keeps_after_a_step(name):
    model = net()
    optimizer = catalogue.find("optimizer", name)().build(model, 100)
    model(torch.randn(8, 64)).square().mean().backward()
    optimizer.step()
    (forecast,) = advisor.memory(net(), torch.randn(8, 64), optimizers=[name]).forecasts
    assert forecast.state_bytes == state_bytes(optimizer)


def test_the_model_the_batch_and_the_random_numbers_are_left_as_they_were():
    model, rows = net().eval(), torch.randn(8, 64)
    weights, before = [weight.clone() for weight in model.parameters()], rows.clone()
    torch.manual_seed(3)
    expected = torch.randn(1)
    torch.manual_seed(3)
    advisor.memory(model, rows)
    assert torch.equal(torch.randn(1), expected)
    assert torch.equal(rows, before)
    assert not model.training
    assert all(torch.equal(*pair) for pair in zip(weights, model.parameters(), strict=True))
    assert all(weight.grad is None for weight in model.parameters())


@dataclass
class Output:
    loss: torch.Tensor | None
    logits: torch.Tensor


class Named(nn.Module):
    """A model as those of transformers: named inputs, and a loss of its own where labels come."""

    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Embedding(50, 16), nn.Linear(16, 3)

    def forward(self, ids, labels=None):
        logits = self.head(self.table(ids).mean(1))
        return Output(None if labels is None else nn.functional.cross_entropy(logits, labels), logits)


IDS, LABELS = torch.randint(50, (8, 4)), torch.randint(3, (8,))


@pytest.mark.parametrize(
    ("model", "batch", "options"),
    [
        (net, torch.randn(8, 64), {}),
        (net, [torch.randn(8, 64), torch.randint(10, (8,))], {}),
        (net, (torch.randn(8, 64), torch.randn(8, 10)), {}),
        (net, (torch.randn(8, 64), torch.randn(8, 10)), {"loss": nn.functional.l1_loss}),
        (Named, {"ids": IDS, "labels": LABELS}, {}),
        (Named, {"ids": IDS}, {}),
        (
            Named,
            ({"ids": IDS}, LABELS),
            {"loss": lambda out, labels: nn.CrossEntropyLoss()(out.logits, labels)},
        ),
        (lambda: nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2)), torch.randn(2, 4), {}),
        (lambda: nn.Bilinear(4, 5, 2), ((torch.randn(8, 4), torch.randn(8, 5)), torch.randn(8, 2)), {}),
    ],
    ids=["inputs", "pair", "numbers", "loss", "named", "unlabelled", "dict, loss", "two rows", "two inputs"],
)
def test_batches_of_every_form_are_taken(model, batch, options):
    (forecast,) = advisor.memory(model(), batch, optimizers=["AdamW"], **options).forecasts
    assert forecast.followed
    least = forecast.weight_bytes + forecast.gradient_bytes + forecast.state_bytes
    assert least <= forecast.peak_bytes < least + 2 * forecast.activation_bytes + 2**14


def weighed(rows, *optimizers, limit_bytes=None):
    limits = Limits(train_bytes=limit_bytes)
    return advisor.memory(net(), torch.randn(rows, 64), optimizers=optimizers or ("AdamW",), limits=limits)


@pytest.mark.parametrize("rows", [1, 2, 32])
def test_the_largest_batch_under_a_limit_is_told_from_a_batch_of_any_size(rows):
    limit_bytes = 2 * 2**20
    table = weighed(rows, limit_bytes=limit_bytes)
    largest = table.to_dict()["optimizers"][0]["largest_batch"]
    (fits,), (more,) = (weighed(count).forecasts for count in (largest, largest + 1))
    assert fits.peak_bytes <= limit_bytes < more.peak_bytes
    assert f" {largest} " in str(table)


def test_settings_of_an_optimizer_count():
    choice = advisor.optimizers.AdamW
    plain, third = weighed(8, choice(), choice(amsgrad=True)).forecasts
    assert third.state_bytes - plain.state_bytes == plain.weight_bytes


def test_the_table_is_text_json_and_a_frame():
    table = advisor.memory(net(), torch.randn(8, 64))
    assert set(table.frame().index) == set(catalogue.choices("optimizer"))
    assert json.loads(json.dumps(table.to_dict()))["rows"] == 8
    assert str(table) == repr(table)
    assert "AdamW" in str(table)
    assert "batch size 8" in str(table)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: advisor.memory(3, torch.randn(2, 2)), BadWorkload, "not of int; hand over the model"),
        (lambda: advisor.memory(net(), torch.randn(8, 3)), BadWorkload, "on the batch failed: RuntimeError"),
        (lambda: advisor.memory(net(), "rows"), BadWorkload, "items of the type str"),
        (
            lambda: advisor.memory(net(), torch.randn(8, 64), optimizers=["Muno"]),
            UnknownChoice,
            "did you mean 'Muon'",
        ),
    ],
)
def test_what_cannot_be_weighed_is_refused_in_a_line(call, error, says):
    with pytest.raises(error, match=says) as refusal:
        call()
    assert "\n" not in str(refusal.value)
