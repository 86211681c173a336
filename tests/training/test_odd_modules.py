"""Modules that are hard to look at: each is trained, copied and profiled like any other, or refused."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, weight_norm

from studies import catalogue
from studies.errors import BadWorkload
from studies.imports import load
from studies.infeasible import Diverged
from studies.measure.model import latency_seconds, macs
from studies.models.copies import copied
from studies.models.custom import copies_of
from studies.optim.routing import route
from studies.profiling.profile import profile
from studies.recipe import Recipe
from studies.train import Training
from studies.workload import Workload, model_choice

from choice_params import of
from odd_modules import CLASSES, COLUMNS, KINDS, LABELS, ROWS, Scalars, Shapes, Stateful, plain, workload_of

pytestmark = [
    pytest.mark.filterwarnings("ignore:Sparse invariant checks"),
    pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning"),
]
OFFERED = [name for name, choice in catalogue.choices("optimizer").items() if choice.offered]
FEW = ("weight norm", "spectral norm, hook", "lazy", "scripted", "double", "scalars", "shapes", "tied")


def training_of(workload, optimizer, seed=0):
    choice = catalogue.find("optimizer", optimizer).from_fields({})
    recipe = Recipe(optimizer=choice, model=workload.model, epochs=2, batch_size=workload.rows // 2)
    return Training(recipe, workload, seed=seed)


def trains(kind, optimizer):
    workload = workload_of(KINDS[kind])
    reason = choice_misfit(workload, optimizer)
    if reason:
        pytest.skip(reason)
    run = training_of(workload, optimizer)
    try:
        run.advance(2)
    except Diverged:
        return
    assert run.step == 4
    assert all(point.valid_loss == point.valid_loss for point in run.curve)
    assert run.measure_outcome(whole=True, test=True)["model_bytes"] > 0


def choice_misfit(workload, optimizer):
    choice = catalogue.find("optimizer", optimizer)
    if choice.only_sparse and not route(workload.specimen(workload.model)).of("sparse table"):
        return "it steps on sparse tables alone"
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_module_is_trained_with_some_optimizer(kind):
    trains(kind, OFFERED[list(KINDS).index(kind) % len(OFFERED)])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optimizer", OFFERED)
def test_every_kind_of_module_is_trained_with_every_optimizer(kind, optimizer):
    trains(kind, optimizer)


@pytest.mark.parametrize("kind", ["scalars", "only scalars", "shapes", "unused", "double", "bfloat16"])
@pytest.mark.parametrize("choice", of("optimizer"))
def test_every_optimizer_steps_on_parameters_of_any_shape_and_type(choice, kind):
    trains(kind, choice.name())


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_of_any_module_goes_on_from_its_state_as_if_never_interrupted(kind):
    workload = workload_of(KINDS[kind])
    whole, first, second = (training_of(workload, "Adam") for _ in range(3))
    whole.advance(2)
    first.advance(1)
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second.load_state_dict(torch.load(file, weights_only=False))
    second.advance(2)

    assert [point.valid_loss for point in second.curve] == [point.valid_loss for point in whole.curve]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "locked"])
def test_a_copy_of_a_trained_module_answers_alike_and_is_trained_apart(kind):
    workload = workload_of(KINDS[kind])
    run = training_of(workload, "Adam")
    run.advance(1)
    rows = torch.from_numpy(ROWS[:4])
    module = run.model.eval()
    twin = copied(module)
    with torch.random.fork_rng():
        before = module(rows).detach()
    with torch.random.fork_rng():
        assert torch.equal(twin.eval()(rows), before)
    optimizer = catalogue.find("optimizer", "SGD")(lr=1.0).build(twin, 1)
    nn.functional.cross_entropy(twin.train()(rows), torch.tensor([0, 1, 2, 0])).backward()
    optimizer.step()

    assert any(
        not torch.equal(left, right)
        for left, right in zip(module.parameters(), twin.parameters(), strict=True)
    )
    with torch.random.fork_rng():
        assert torch.equal(module.eval()(rows), before)


@pytest.mark.parametrize("kind", FEW)
def test_any_module_is_profiled(kind):
    is_profiled(kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in FEW])
def test_every_module_is_profiled(kind):
    is_profiled(kind)


def is_profiled(kind):
    facts = profile(workload_of(KINDS[kind]), batch_size=20, epochs=1, probing=0.5)

    assert facts.parameters > 0
    assert facts.macs > 0 or kind in {"only scalars", "only sparse"}
    assert all(forecast.peak_bytes > 0 for forecast in facts.forecasts)


def test_an_instance_is_copied_for_each_trial_after_a_pass_too():
    module = nn.Sequential(weight_norm(nn.Linear(COLUMNS, CLASSES)))
    module(torch.ones(2, COLUMNS))
    with pytest.raises(RuntimeError):
        copy.deepcopy(module)

    run = training_of(workload_of(module), "SGD")
    run.advance(2)
    assert run.step == 4


@pytest.mark.parametrize("held", ["lock", "file", "generator"])
def test_an_instance_that_cannot_be_copied_is_refused_with_the_way_out(held, tmp_path):
    module = KINDS["locked"]()
    with (tmp_path / "log.txt").open("w") as file:
        module.lock = {"lock": module.lock, "file": file, "generator": (number for number in range(3))}[held]
        with pytest.raises(BadWorkload) as caught:
            model_choice(module)

    assert str(caught.value).endswith("give its class, or a function that returns it")
    assert "\n" not in str(caught.value)


def test_what_compiles_or_spreads_a_module_is_left_out():
    inner = plain()
    for outer in (torch.compile(inner, backend="eager"), nn.DataParallel(inner)):
        choice = model_choice(outer)
        built = choice.build(workload_of(plain).dataset.inputs, CLASSES)
        assert type(built) is nn.Sequential
        assert built.state_dict().keys() == inner.state_dict().keys()


def test_lazy_layers_get_their_shapes_before_anything_is_counted_and_the_same_weights_by_the_seed():
    workload = workload_of(KINDS["lazy"])
    first, second, other = (training_of(workload, "SGD", seed).model for seed in (0, 0, 1))

    assert first[0].weight.shape == (8, COLUMNS)
    assert all(torch.equal(*pair) for pair in zip(first.parameters(), second.parameters(), strict=True))
    assert not all(torch.equal(*pair) for pair in zip(first.parameters(), other.parameters(), strict=True))


def test_lazy_instances_are_copied_before_they_have_shapes():
    training_of(workload_of(KINDS["lazy"]()), "SGD").advance(1)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_module_of_another_float_type_keeps_it_and_answers_in_float32(dtype):
    run = training_of(workload_of(lambda: plain().to(dtype)), "AdamW")
    run.advance(2)

    assert {weight.dtype for weight in run.model.parameters()} == {dtype}
    assert run.model(torch.from_numpy(ROWS)).dtype == torch.float32


def test_inside_the_pass_of_a_double_module_tensors_are_double_unasked_and_outside_they_are_not():
    run = training_of(workload_of(lambda: Stateful().double()), "SGD")
    run.advance(1)
    assert run.model.last.dtype == torch.float64
    assert torch.get_default_dtype() == torch.float32
    with pytest.raises(RuntimeError):
        run.model(torch.ones(2, COLUMNS + 1))
    assert torch.get_default_dtype() == torch.float32


def test_a_scripted_module_of_another_float_type_is_trained_too():
    run = training_of(workload_of(lambda: torch.jit.script(plain().double())), "AdamW")
    run.advance(2)

    assert {weight.dtype for weight in run.model.parameters()} == {torch.float64}


def test_complex_parameters_are_refused_by_name():
    module = plain()
    module.spectrum = nn.Parameter(torch.ones(3, dtype=torch.complex64))
    with pytest.raises(BadWorkload, match=r"complex parameters \(spectrum\)"):
        workload_of(module)


def test_what_a_lazy_module_raises_on_the_rows_is_told_in_one_line():
    with pytest.raises(BadWorkload) as caught:
        workload_of(lambda: nn.Sequential(nn.LazyConv2d(3, 3), nn.Flatten(), nn.LazyLinear(CLASSES)))
    assert "fails on inputs of shape (2, 6)" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "norm", [parametrizations.weight_norm, parametrizations.spectral_norm, parametrizations.orthogonal]
)
def test_products_of_parametrized_weights_are_counted(norm):
    layer = nn.Linear(COLUMNS, COLUMNS)
    count = macs(layer, torch.ones(1, COLUMNS))

    assert macs(norm(layer), torch.ones(1, COLUMNS)) >= count


def test_a_norm_without_statistics_is_counted_by_the_row_and_has_no_latency_of_one():
    bare, normed = plain(), nn.Sequential(plain(), nn.BatchNorm1d(CLASSES, track_running_stats=False))
    row = torch.ones(1, COLUMNS)

    assert macs(normed, row) == macs(bare, row)
    assert latency_seconds(normed, row) is None
    assert latency_seconds(bare, row) > 0


@pytest.mark.parametrize("kind", ["weight norm, hook", "weight norm", "spectral norm, hook", "spectral norm"])
def test_the_last_layer_is_the_head_whatever_computes_its_weight(kind):
    routes = route(KINDS[kind]())

    heads = routes.of("head")
    assert [tuple(head.shape) for head in heads] == [(CLASSES, 8)]


def test_an_empty_parameter_is_not_trained():
    assert all(weight.numel() for weight in route(Shapes()).of())


def test_what_a_pass_keeps_in_evaluation_can_be_trained_on_afterwards():
    run = training_of(workload_of(KINDS["stateful"]), "SGD")
    run.model.eval()
    macs(run.model, torch.from_numpy(ROWS[:1]))
    run.advance(2)

    assert run.step == 4


def test_a_batch_of_one_row_is_answered_by_a_module_with_batch_norm():
    workload = workload_of(KINDS["batch norm"], ROWS[:41], LABELS[:41])
    run = training_of(workload, "SGD")
    run.advance(2)

    assert run.model.eval()(torch.from_numpy(ROWS[:1])).shape == (1, CLASSES)


def test_copies_of_a_module_come_from_a_function_that_is_found_by_name():
    choice = model_choice(Scalars())
    assert isinstance(load(choice.factory)(), Scalars)
    assert isinstance(copies_of(Scalars())(), Scalars)
    assert isinstance(Workload(train=(ROWS, LABELS), model=Scalars()).model, Scalars)
