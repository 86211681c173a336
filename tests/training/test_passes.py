"""Passes: products in bfloat16 and compiled passes train as plain ones do, and a record says which."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import pytest
import torch
from torch import nn

from advisor.jobs.planning import compiles, precision_of
from advisor.jobs.request import Request
from advisor.jobs.workloads import open_workload
from studies import catalogue
from studies.errors import BadValue, BadWorkload, StudyWarning
from studies.facts import Facts
from studies.limits import Budget, Limits
from studies.models.mlp import MLP
from studies.optimizers.lbfgs import LBFGS
from studies.passes import Passes
from studies.plans.plan import Plan
from studies.profiling.pass_shares import pass_shares
from studies.profiling.probes.bench import Bench
from studies.profiling.profile import profile
from studies.recipe import Recipe
from studies.train import Training
from studies.wrappers.sam import SAM

from training_functions import descend


def trained(work, **changes):
    run = Training(replace(Recipe(model=MLP(width=16), epochs=3), **changes), work, seed=0)
    run.advance(3)
    return run


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD", "Muon", "ScheduleFreeAdamW", "Sophia"])
def test_products_in_bfloat16_train_nearly_the_same_weights_in_32_bits(iris, optimizer):
    choice = catalogue.find("optimizer", optimizer)()
    plain, coarse = (trained(iris, optimizer=choice, precision=name) for name in ("float32", "bf16"))
    losses = [(a.valid_loss, b.valid_loss) for a, b in zip(plain.curve, coarse.curve, strict=True)]

    assert losses != [(a, a) for a, _ in losses]
    assert all(math.isclose(a, b, rel_tol=0.1) for a, b in losses)
    assert {weight.dtype for weight in coarse.model.parameters()} == {torch.float32}


def test_the_same_seed_gives_the_same_run_in_bfloat16(iris):
    runs = [trained(iris, precision="bf16", wrappers=(SAM(),)) for _ in range(2)]

    assert [point.valid_loss for point in runs[0].curve] == [point.valid_loss for point in runs[1].curve]


def test_a_model_that_cannot_be_compiled_trains_as_it_is_and_a_warning_says_so(iris, monkeypatch):
    def refuse(model, inputs):
        raise RuntimeError("no compiler here")

    usual = torch.compile
    monkeypatch.setattr(torch, "compile", lambda model: usual(model, backend=refuse))
    with pytest.warns(StudyWarning, match="cannot compile the model, so it trains uncompiled"):
        run = trained(iris, compiled=True)

    assert [point.valid_loss for point in run.curve] == [point.valid_loss for point in trained(iris).curve]


@pytest.mark.slow
def test_a_compiled_run_is_as_good_as_a_plain_one(iris):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of what it imports
        warnings.simplefilter("error", StudyWarning)
        compiled = trained(iris, compiled=True)
    plain = trained(iris)
    pairs = zip(compiled.curve, plain.curve, strict=True)
    assert all(math.isclose(a.valid_loss, b.valid_loss, rel_tol=1e-3) for a, b in pairs)


def test_a_recipe_says_how_its_passes_are_computed_only_where_that_is_not_usual(tmp_path):
    usual, other = Recipe(), Recipe(precision="bf16", compiled=True)
    (tmp_path / "recipe.toml").write_text(other.to_toml())

    assert {"precision", "compiled"}.isdisjoint(usual.to_params())
    assert Recipe.from_params(other.to_params()) == other
    assert Recipe.from_params({name: str(value) for name, value in other.to_params().items()}) == other
    assert Recipe.from_toml(tmp_path / "recipe.toml") == other
    with pytest.raises(BadValue, match="precision 'half' is not one of float32, bf16"):
        Recipe(precision="half")
    with pytest.raises(BadValue, match="compiled 'yes' is neither true nor false"):
        Recipe.from_params({"compiled": "yes"})


def test_on_a_cpu_passes_are_plain_unless_something_else_is_asked_for(iris):
    facts = profile(iris, batch_size=32, epochs=1)
    assert (facts.bf16_share, facts.compiled_share) == (None, None)
    assert precision_of(Request(source="iris"), facts) == "float32"
    assert precision_of(Request(source="iris", precision="bf16"), facts) == "bf16"
    assert not compiles(Request(source="iris"), facts)
    assert compiles(Request(source="iris", compile="on"), facts)


def test_what_a_gpu_is_measured_to_gain_by_is_taken_unless_something_else_is_asked_for():
    gains = Facts(kind="table", task="classification", rows=100, bf16_share=0.5, compiled_share=0.95)
    assert precision_of(Request(source="iris"), gains) == "bf16"
    assert precision_of(Request(source="iris", precision="float32"), gains) == "float32"
    assert not compiles(Request(source="iris"), gains)
    assert compiles(Request(source="iris"), replace(gains, compiled_share=0.4))
    assert not compiles(Request(source="iris", compile="off"), replace(gains, compiled_share=0.4))
    stacked = Request(source="iris", lockstep="on")
    assert precision_of(stacked, gains) == "float32"
    assert not compiles(stacked, replace(gains, compiled_share=0.4))


@pytest.mark.parametrize("other", [{"precision": "bf16"}, {"compile": "on"}, {"compression": "joint"}])
def test_what_no_stack_computes_is_refused_together_with_one(other):
    with pytest.raises(BadValue, match=r"lockstep on and .* leave one of the two out"):
        Request(source="iris", lockstep="on", **other)


def test_shares_of_passes_are_measured_and_a_way_that_fails_is_none(iris, monkeypatch):
    def refuse(model):
        raise RuntimeError("no compiler here")

    monkeypatch.setattr(torch, "compile", refuse)
    shares = pass_shares(Bench(iris, profile(iris, batch_size=32, epochs=1)))

    assert shares["bf16_share"] > 0
    assert shares["compiled_share"] is None


def test_what_searches_along_lines_keeps_losses_in_32_bits(iris):
    plan = Plan(
        candidates=("AdamW", "LBFGS"), schedules=("Cosine",), regularizers=(), epochs=3,
        batch_size=(16, 32, 64), budget=Budget(trials=1), limits=Limits(), precision="bf16",
    )  # fmt: skip
    recipes = [plan.space(iris).reference(catalogue.find("optimizer", name)) for name in plan.candidates]

    assert [recipe.precision for recipe in recipes] == ["bf16", "float32"]
    with pytest.raises(BadValue, match="LBFGS searches along lines"):
        Recipe(optimizer=LBFGS(), precision="bf16")


def test_words_that_mean_nothing_are_refused_in_one_line():
    with pytest.raises(BadValue, match="precision 'fp8' is not one of auto, float32, bf16"):
        Request(source="iris", precision="fp8")
    with pytest.raises(BadValue, match="compile 'maybe' is not one of auto, on, off"):
        Request(source="iris", compile="maybe")


def test_a_training_function_takes_its_own_passes():
    with pytest.raises(BadWorkload, match="takes its own passes; leave --precision and --compile out"):
        open_workload(Request(source=descend, metric="loss", precision="bf16"))
    with pytest.raises(BadWorkload, match="takes its own steps; leave --lockstep out"):
        open_workload(Request(source=descend, metric="loss", lockstep="on"))


def test_a_model_of_any_form_of_inputs_is_called():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 2)

        def forward(self, left, right):
            return self.layer(left) + right

    passes = Passes(Two(), precision="bf16", compiled=False, device=torch.device("cpu"))
    with passes.in_precision():
        assert passes({"left": torch.ones(4, 3), "right": torch.ones(4, 2)}).shape == (4, 2)
