"""The contract of every catalogue folder: a new file is tested here with no edit."""

from __future__ import annotations

import dataclasses
import io
import math
from functools import cache
from importlib.util import find_spec

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from advisor.catalogues import explanation
from studies import catalogue
from studies.choice import sections, summary
from studies.data import open_dataset
from studies.errors import BadValue
from studies.measure import model_bytes, state_bytes, tensor_bytes
from studies.recipe import Recipe
from studies.routing import route
from studies.schedules.constant import Constant
from studies.space import Numeric, ranges
from studies.train import Training
from studies.workload import Workload, check_model

EVERY = [pytest.param(c, id=f"{axis}-{name}") for axis in catalogue.FOLDERS for name, c in catalogue.choices(axis).items()]


NAMED = [param for param in EVERY if not param.id.endswith("-none")]

# torch says once a process, wherever it first makes a sparse tensor itself, that it does not check them
pytestmark = pytest.mark.filterwarnings("ignore:Sparse invariant checks")


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


@pytest.mark.parametrize("choice", NAMED)
def test_explain_prints_its_four_parts_and_every_field(choice):
    text = explanation(choice.name())

    assert summary(choice) in text
    assert all(f"\n{label}: {said}" in text for label, said in sections(choice).items())
    assert all(f"\n  {name} " in text for name in ranges(choice))


def settings_of(choice):
    """Yield a choice at its defaults and with each field at either end of its range, or at each of its options."""
    needed = {f.name: "net.py:Net" for f in dataclasses.fields(choice) if f.default is dataclasses.MISSING}
    yield choice(**needed)
    for name, span in ranges(choice).items():
        for value in (span.from_unit(-1.0), span.from_unit(1.0)) if isinstance(span, Numeric) else span.options:
            yield choice(**needed | {name: value})


@pytest.mark.parametrize("choice", EVERY)
def test_is_rebuilt_by_its_repr_by_its_fields_and_by_their_text(choice):
    for made in settings_of(choice):
        assert eval(repr(made), {choice.__name__: choice}) == made  # noqa: S307
        assert choice.from_fields(made.fields()) == made
        assert choice.from_fields({name: str(value) for name, value in made.fields().items()}) == made


@pytest.mark.parametrize("choice", EVERY)
def test_refuses_a_field_it_does_not_have(choice):
    with pytest.raises(BadValue, match="no field 'speed'"):
        choice.from_fields({"speed": 1})


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
    for parameter in layer.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()

    assert state_bytes(optimizer) == sum(choice().state_bytes(tuple(p.shape), role) for _, p, role in route(layer).roles)


@cache
def small_net(choice):
    """Train a small net on iris for six epochs at the optimizer's defaults."""
    iris = Workload.open("iris", model="mlp")
    batch_size = iris.rows if choice.full_batch else 32
    run = Training(Recipe(optimizer=choice(), model=iris.model, epochs=6, batch_size=batch_size), iris, seed=3)
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

    assert [(p.train_loss, p.valid_loss) for p in second.curve] == [(p.train_loss, p.valid_loss) for p in whole.curve]
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
    "choice", [pytest.param(c, id=n, marks=_marks(c)[:1]) for n, c in catalogue.choices("optimizer").items()]
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


@pytest.mark.parametrize("choice", [*of("regularizers"), *of("wrappers")])
def test_attachment_resumes_bit_for_bit(choice, iris):
    recipe = Recipe(optimizer=catalogue.find("optimizer", "Momentum")(), model=iris.model, epochs=4, **{choice.axis: (choice(),)})
    whole, first, second = (Training(recipe, iris, seed=3) for _ in range(3))
    if not choice.suits(whole.model, iris.dataset.task, iris.dataset.inputs):
        pytest.skip("it says that it can do nothing here")
    whole.advance(4)
    first.advance(2)
    second.load_state_dict(first.state_dict())
    second.advance(4)

    for left, right in zip(whole.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(left, right)


@pytest.mark.parametrize("choice", of("wrappers"))
def test_wrapper_keeps_no_more_than_it_declares_from_step_to_step(choice, iris):
    run = Training(Recipe(model=iris.model, epochs=1, wrappers=(choice(),)), iris, seed=0)
    run.advance(1)

    assert tensor_bytes(run.kept) in {0, choice.state_floats * model_bytes(run.model)}


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
