"""Probes against what is known in closed form, and against models that they cannot run on."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn

from studies import catalogue
from studies.facts import Facts
from studies.limits import Budget
from studies.measure.model import written_out
from studies.profiling import probes
from studies.profiling.probes.bench import Bench
from studies.profiling.probes.noise_scale import noise_scale
from studies.profiling.probes.ramp_lrs import divergence
from studies.profiling.probes.sharpness import critical_sharpness, top_eigenvalue
from studies.profiling.profile import profile
from studies.recipe import Recipe
from studies.rng import undisturbed
from studies.train import Training
from studies.workload_opening import open_source

from made_workloads import FITTING, WORDS, workload, workload_of


class Broken(nn.Module):
    """A model whose forward pass fails as soon as it is asked twice."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.calls = 0

    def forward(self, rows):
        self.calls += 1
        if self.calls > 1:
            raise KeyError("twice is\ntoo often")
        return self.layer(rows)


def states():
    """Return the state of each generator that a model may draw from."""
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002


def bench(source="iris", model=None, *, batch_size=16, **options):
    workload = open_source(source, model=model) if isinstance(source, str) else source
    return Bench(workload, Facts(rows=workload.rows, batch_size=batch_size), **options)


def test_the_noise_scale_of_a_known_distribution():
    """Rows with gradient mean m and covariance s² I in d dimensions: d s² / |m|²."""
    draw = torch.Generator().manual_seed(0)
    mean, spread, rows = torch.full((200,), 0.5), 3.0, 8

    def gradient():
        return mean + spread / rows**0.5 * torch.randn(200, generator=draw)

    assert noise_scale(gradient, rows=rows, batches=400) == pytest.approx(spread**2 / 0.25, rel=0.05)


def test_noise_without_a_mean_has_no_scale_to_tell():
    draws = [torch.tensor([1.0]), torch.tensor([-1.0])] * 4

    assert noise_scale(draws.pop, rows=4, batches=8) is None


def test_the_sharpness_of_linear_regression_is_its_largest_eigenvalue():
    draw = torch.Generator().manual_seed(1)
    inputs = torch.randn(50, 6, generator=draw) * torch.tensor([5.0, 1, 1, 1, 1, 1])
    weight = torch.zeros(6, requires_grad=True)
    hessian = 2 / 50 * inputs.T @ inputs

    eigenvalue = top_eigenvalue(lambda: (inputs @ weight - 1).square().mean(), [weight], products=50)

    assert eigenvalue == pytest.approx(float(torch.linalg.eigvalsh(hessian)[-1]), rel=0.01)


def test_a_line_search_finds_the_curvature_along_the_gradient():
    curvature = torch.tensor([4.0, 4.0, 4.0])
    weight = torch.ones(3, requires_grad=True)

    def loss():
        return (0.5 * curvature * weight.square()).sum()

    loss().backward()
    sharpness = critical_sharpness(lambda: float(loss().detach()), [weight], [weight.grad])

    assert sharpness == pytest.approx(4.0, rel=0.01)
    assert torch.equal(weight, torch.ones(3))


def test_attention_has_a_sharpness_on_a_cpu():
    layer, rows = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0), torch.randn(4, 5, 8)
    with written_out():
        assert top_eigenvalue(lambda: layer(rows).square().mean(), list(layer.parameters()), products=3) != 0


def test_a_ramp_ends_where_the_loss_explodes():
    """Gradient descent on x²/2 diverges beyond an lr of 2; the ramp shows it within a decade."""
    place = 1.0

    def step(factor):
        nonlocal place
        loss = 0.5 * place**2
        place -= factor * place
        return loss

    assert 2.0 < divergence(step) < 20.0
    assert divergence(lambda factor: 1.0) is None


def test_rows_touched_are_counted_without_the_padding():
    """Every batch holds all of the words 1 to 5, of a table of 51 rows."""
    for name in ("Bag", "Transformer"):
        figures, _ = probes.measure(
            bench(workload_of(catalogue.find("model", name)()), batch_size=40), ["rows_touched"]
        )
        assert figures == {"rows_touched": 5 / (WORDS + 1)}


def test_the_gradient_of_a_table_is_as_dense_as_its_rows_are_touched():
    sparse, dense = (
        probes.measure(
            bench(workload_of(catalogue.find("model", "Bag").from_fields({"sparse": flag}))),
            ["gradient_density"],
        )[0]
        for flag in (True, False)
    )

    assert sparse == dense
    assert 0 < sparse["gradient_density"] < 0.6


@pytest.mark.parametrize("model", ["Bag", "Transformer"])
def test_every_probe_of_a_text_model_answers_or_says_why_not(model):
    facts = profile(
        workload_of(catalogue.find("model", model)()), batch_size=16, epochs=1, probing=Budget(trials=3)
    )

    assert [probe.name for probe in facts.probes] == list(probes.REPEATABLE)
    assert {probe.skipped for probe in facts.probes} == {""}
    assert facts.noise_scale > 0
    assert facts.sharpness > 0


@pytest.mark.slow
@pytest.mark.parametrize(("inputs", "model"), FITTING)
def test_every_probe_of_every_model_answers_or_says_why_not(inputs, model):
    facts = profile(workload(inputs, model), batch_size=16, epochs=1, probing=10.0)

    assert [probe.name for probe in facts.probes] == list(probes.IN_ORDER)
    assert not [probe for probe in facts.probes if "Error" in probe.skipped]
    assert facts.gradient_density > 0
    assert all(getattr(facts, probe.name) is not None for probe in facts.probes if not probe.skipped)


def test_a_probe_that_fails_is_skipped_with_one_line():
    broken = bench()
    broken.model = Broken
    figures, (probe,) = probes.measure(broken, ["noise_scale"])

    assert figures == {}
    assert probe.skipped == "KeyError: 'twice is\\ntoo often'"
    assert "\n" not in probe.skipped


def test_probes_that_come_too_late_are_skipped():
    figures, skipped = probes.measure(bench(allowance_seconds=0))

    assert figures == {}
    assert {probe.skipped for probe in skipped} == {"the time for probes was used up"}


def test_what_a_probe_finds_does_not_depend_on_which_ran_before_it():
    alone, _ = probes.measure(bench(), ["noise_scale"])
    after, _ = probes.measure(bench(), ["gradient_density", "sharpness", "noise_scale"])

    assert alone["noise_scale"] == after["noise_scale"]


def test_probing_leaves_training_and_all_random_generators_as_they_were(iris):
    recipe = Recipe(model=iris.model, epochs=2)

    def run():
        training = Training(recipe, iris, seed=1)
        training.advance(2)
        return [point.train_loss for point in training.curve]

    before, generators, threads = run(), states(), torch.get_num_threads()
    profile(iris, batch_size=16, epochs=1, probing=1.0)

    assert run() == before
    assert states() == generators
    assert torch.get_num_threads() == threads


def test_all_three_generators_come_back():
    before = states()
    with undisturbed():
        random.random()  # noqa: S311
        np.random.rand()  # noqa: NPY002
        torch.rand(())

    assert states() == before


def test_a_search_in_trials_is_given_the_probes_that_say_the_same_everywhere(iris):
    facts = profile(iris, batch_size=16, epochs=1, probing=Budget(trials=5))
    again = profile(iris, batch_size=16, epochs=1, probing=Budget(trials=5))

    assert not facts.optimizer_seconds
    assert facts.fast_bfloat16 is None
    assert all(getattr(facts, name) == getattr(again, name) for name in probes.REPEATABLE)


class Tied(nn.Module):
    """Embedding and output layer share their weights; a norm comes first and two dropouts after."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(4)
        self.table = nn.Embedding(3, 4)
        self.dropout = nn.Sequential(nn.Dropout(0.1), nn.Dropout1d(0.1))
        self.head = nn.Linear(4, 3, bias=False)
        self.head.weight = self.table.weight

    def forward(self, rows):
        return self.head(self.dropout(self.norm(rows)))


def test_the_census_sees_tied_weights_dropout_and_a_norm_first():
    facts = profile(open_source("iris", model=f"{__file__}:Tied"), batch_size=16, epochs=1, probing=0)

    assert (facts.tied_weights, facts.dropout_layers, facts.normalises_inputs) == (True, 2, True)
    assert not facts.is_linear
    assert facts.probes == ()
