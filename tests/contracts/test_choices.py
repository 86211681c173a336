"""The contract of every catalogue folder: a new file is tested here with no edit."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from advisor.explanations.explanation import explanation
from studies import catalogue
from studies.choice import sections, summary
from studies.data.opening import open_dataset
from studies.errors import BadValue
from studies.measure.model import model_bytes, tensor_bytes
from studies.recipe import Recipe
from studies.space import Numeric, ranges
from studies.train import Training
from studies.workload_model import check_model

from choice_params import EVERY, NAMED, of


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
    """Yield a choice at its defaults, and with each field at either end of its range or at each option."""
    needed = {f.name: "net.py:Net" for f in dataclasses.fields(choice) if f.default is dataclasses.MISSING}
    yield choice(**needed)
    for name, span in ranges(choice).items():
        for value in (
            (span.from_unit(-1.0), span.from_unit(1.0)) if isinstance(span, Numeric) else span.options
        ):
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
        pytest.skip(
            "it says that it waits for something, or that it can do nothing here; it has tests of its own"
        )
    regularized = Training(
        Recipe(optimizer=optimizer, model=iris.model, epochs=3, regularizers=(choice(),)), iris, seed=0
    )
    plain.advance(3)
    regularized.advance(3)

    changed = [
        not torch.equal(a, b)
        for a, b in zip(plain.model.parameters(), regularized.model.parameters(), strict=True)
    ]
    assert any(changed)


@pytest.mark.parametrize("choice", [*of("regularizers"), *of("wrappers")])
def test_attachment_resumes_bit_for_bit(choice, iris):
    recipe = Recipe(
        optimizer=catalogue.find("optimizer", "Momentum")(),
        model=iris.model,
        epochs=4,
        **{choice.axis: (choice(),)},
    )
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

    assert tensor_bytes(run.attachment_state) in {0, choice.state_floats * model_bytes(run.model)}


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
