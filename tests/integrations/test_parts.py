"""The parts alone: optimizers, schedules and recipes in a loop of the user's own, and groups."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

import advisor
from studies import catalogue
from studies.errors import BadValue
from studies.optimizers import OptimizerChoice
from studies.optimizers.adamw import AdamW

from choice_params import of

pytestmark = pytest.mark.filterwarnings("ignore:Sparse invariant checks")

ROWS, LABELS = torch.randn(16, 6), torch.randint(3, (16,))


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.Dropout(0.0), nn.Linear(8, 3))


def stepped(make):
    """Return a net's weights after four steps of the optimizer that `make` makes over it."""
    model = net()
    optimizer = make(model)
    for _ in range(4):
        optimizer.zero_grad()
        functional.cross_entropy(model(ROWS), LABELS).backward()
        optimizer.step()
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


def apart(model):
    return [
        {"params": [*model[0].parameters()]},
        {"params": [*model[2].parameters(), *model[4].parameters()]},
    ]


def alone(choice):
    """Tell whether an optimizer steps on all dense parameters itself, each apart from the others."""
    return not choice.needs_closure and not choice.only_sparse


@pytest.mark.parametrize("choice", [param for param in of("optimizer") if alone(param.values[0])])
def test_groups_without_settings_step_as_no_groups_do(choice):
    whole = stepped(lambda model: choice().build(model, 100))
    parts = stepped(lambda model: choice().build(model, 100, groups=apart(model)))
    # a sum over all weights, as D-Adaptation takes, depends in its last bit on where they lie in memory
    torch.testing.assert_close(parts, whole, rtol=2e-7, atol=1e-9)


@pytest.mark.parametrize("choice", [param for param in of("optimizer") if alone(param.values[0])])
def test_parameters_alone_step_as_the_model_does_or_are_refused_in_a_line(choice):
    if {choice().serves(role) for role in ("table", "matrix", "head", "vector")} != {choice.name()}:
        with pytest.raises(BadValue, match="hand over the model, not its parameters"):
            choice().build(net().parameters(), 100)
        return
    whole = stepped(lambda model: choice().build(model, 100))
    for form in (nn.Module.parameters, nn.Module.named_parameters):
        torch.testing.assert_close(
            stepped(lambda model, form=form: choice().build(form(model), 100)), whole, rtol=0, atol=0
        )


@pytest.mark.parametrize("name", ["AdamW", "Muon", "Lion", "ScheduleFreeAdamW"])
def test_a_group_sets_fields_of_the_choice_and_settings_of_torchs_groups(name):
    model = net()
    first, second = apart(model)
    choice = getattr(advisor.optimizers, name)()
    optimizer = choice.build(
        model, 100, groups=[{**first, "lr": choice.lr / 10, "weight_decay": 0.0}, second]
    )
    owner = {id(weight): group for group in optimizer.param_groups for weight in group["params"]}
    low, usual = (owner[id(layer.weight)] for layer in (model[0], model[2]))
    assert low["lr"] == pytest.approx(usual["lr"] / 10)
    assert (low["weight_decay"], usual["weight_decay"] > 0) == (0.0, True)


def test_what_is_in_no_group_is_not_trained():
    model = net()
    before = [weight.detach().clone() for weight in model.parameters()]
    optimizer = AdamW().build(model, 100, groups=[{"params": model[4].parameters()}])
    functional.cross_entropy(model(ROWS), LABELS).backward()
    optimizer.step()
    moved = [not torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True)]
    assert moved == [False] * 4 + [True] * 2


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda model: AdamW().build(model, 0), "total_steps 0 must be at least 1"),
        (lambda model: AdamW().build([], 9), "there are no parameters"),
        (lambda model: AdamW().build(torch.zeros(2), 9), "not over Tensor"),
        (lambda model: AdamW().build("model", 9), "str is no parameter"),
        (lambda model: AdamW().build(model, 9, groups=[model[0]]), "a group is a dict of 'params'"),
        (lambda model: AdamW().build(model, 9, groups=[*apart(model), *apart(model)]), "is in two groups"),
        (lambda model: AdamW().build(model, 9, groups=apart(net())), "is not the model's"),
        (
            lambda model: AdamW().build(model, 9, groups=[{"params": model.parameters(), "speed": 2}]),
            "AdamW has no setting 'speed'; a group may set amsgrad, beta1",
        ),
        (
            lambda model: AdamW().build(model, 9, groups=[{"params": model.parameters(), "lr": -1.0}]),
            "lr",
        ),
        (lambda model: AdamW().build(model, 9, groups=[{"params": []}]), "no parameter of a group"),
        (
            lambda model: advisor.optimizers.LBFGS().build(model, 9, groups=apart(model)),
            "takes all parameters as one vector",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_built_over_is_refused_in_a_line(build, says):
    with pytest.raises(BadValue, match=says) as refusal:
        build(net())
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("axis", ["optimizer", "schedule", "regularizers", "wrappers"])
def test_every_choice_of_the_catalogue_is_a_name_of_its_module(axis):
    module = getattr(advisor, catalogue.FOLDERS[axis])
    assert set(dir(module)) == set(catalogue.choices(axis))
    assert all(getattr(module, name) is choice for name, choice in catalogue.choices(axis).items())


def test_a_name_that_is_not_there_offers_the_nearest():
    with pytest.raises(AttributeError, match=r"advisor\.optimizers has no Muno; did you mean 'Muon'\?"):
        advisor.optimizers.Muno  # noqa: B018


@given(epochs=st.integers(1, 5), batches=st.integers(1, 7), warmup=st.floats(0, 0.2))
@settings(max_examples=20, deadline=None)
def test_a_recipe_builds_an_optimizer_and_a_schedule_that_ends_with_the_run(epochs, batches, warmup):
    recipe = advisor.Recipe(schedule=advisor.schedules.LinearDecay(warmup=warmup), epochs=epochs)
    optimizer, schedule = recipe.build(net(), epochs * batches)
    lrs = []
    for _ in range(epochs * batches):
        lrs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    peak = lrs.index(max(lrs))
    assert all(early <= late for early, late in pairwise(lrs[: peak + 1]))
    assert all(early >= late for early, late in pairwise(lrs[peak:]))


@pytest.mark.parametrize("name", ["L2", "L1", "GradientClipping", "WeightDecay", "Dropout"])
def test_a_regularizer_acts_in_a_loop_of_the_users_own_as_in_ours(name, iris):
    from studies.train import Training

    regularizer = {"GradientClipping": {"max_norm": 0.3}, "Dropout": {"rate": 0.3}}.get(name, {})
    recipe = advisor.Recipe(
        optimizer=advisor.optimizers.Momentum(lr=0.05),
        schedule=advisor.schedules.Cosine(warmup=0.1),
        regularizers=(getattr(advisor.regularizers, name)(**regularizer),),
        model=replace(iris.model),
        epochs=2,
    )
    ours = Training(recipe, iris, seed=0)
    batches = []
    ours.on_batch.append(lambda inputs, targets: batches.append((inputs, targets)) or (inputs, targets))
    torch.manual_seed(5)
    theirs = Training(recipe, iris, seed=0).model
    optimizer, schedule = recipe.build(theirs, ours.total_steps)
    ours.advance(2)
    generators = Training(recipe, iris, seed=0).generators
    with generators.in_place():
        theirs.train()
        for inputs, targets in batches:
            optimizer.zero_grad()
            functional.cross_entropy(theirs(inputs), targets).backward()
            optimizer.step()
            schedule.step()
    for left, right in zip(theirs.parameters(), ours.model.parameters(), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-5, atol=1e-6)


def test_what_a_loop_of_the_users_own_cannot_do_is_said_once(caplog):
    recipe = advisor.Recipe(
        regularizers=(advisor.regularizers.Mixup(), advisor.regularizers.Dropout()),
        wrappers=(advisor.wrappers.EMA(),),
    )
    recipe.build(net(), 10)
    (said,) = (record.getMessage() for record in caplog.records)
    assert said.startswith("your own loop does without EMA, Mixup, which")


def test_the_base_of_optimizers_documents_steps_and_groups():
    assert "epochs x batches an epoch" in OptimizerChoice.build.__doc__
