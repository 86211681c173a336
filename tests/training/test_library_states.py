"""Optimizers from other packages: the bytes they declare, what they do rarely, and what they need."""

from __future__ import annotations

import copy
import sys
from types import ModuleType

import pytest
import torch
from torch import nn

from studies.catalogue import choices, find
from studies.errors import BadValue
from studies.facts import Facts
from studies.recipe import Recipe
from studies.train import Training

from nets import STEPS, choice_of, net, run

pytest.importorskip("pytorch_optimizer")
pytest.importorskip("schedulefree")


SHAPES = [(5,), (1,), (7, 5), (3, 2, 3, 3), (200, 20), (1, 1)]


def tensors_in(value):
    """Yield the tensors inside a state, however deep."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)
    elif hasattr(value, "__dict__"):
        yield from tensors_in(vars(value))


FROM_PACKAGES = [
    name for name, choice in choices("optimizer").items() if choice.extra and "torchao" not in choice.extra
]
LIBRARY = [*FROM_PACKAGES, "AdamMini", "Sophia"]


@pytest.mark.parametrize("name", LIBRARY)
def test_keeps_the_bytes_it_declares_for_every_shape(name):
    fields = {"rank": 4} if name in {"GaLore", "Apollo"} else {}
    choice = choice_of(name, **fields)
    for shape in SHAPES:
        model = nn.Module()
        model.register_parameter("weight", nn.Parameter(torch.ones(shape)))
        optimizer = choice.build(model, STEPS)
        for _ in range(2):
            model.weight.grad = torch.randn(shape, generator=torch.Generator().manual_seed(0))
            optimizer.step()
        storages = {
            t.untyped_storage().data_ptr(): t.untyped_storage().nbytes()
            for t in tensors_in(list(optimizer.state.values()))
        }
        assert sum(storages.values()) == choice.state_bytes(
            shape, "matrix" if len(shape) >= 2 else "vector"
        ), shape


@pytest.mark.parametrize("name", ["ScheduleFreeAdamW", "ScheduleFreeSGD"])
def test_schedule_free_evaluates_other_weights_than_it_trains(name):
    model = net()
    optimizer = choice_of(name).build(model, STEPS)
    run(model, optimizer, steps=20)
    trained = copy.deepcopy(model.state_dict())
    optimizer.eval()
    evaluated = copy.deepcopy(model.state_dict())
    optimizer.train()

    for key, value in model.state_dict().items():
        assert not torch.allclose(evaluated[key], trained[key], atol=1e-6)
        torch.testing.assert_close(value, trained[key], rtol=1e-5, atol=1e-6)


def test_lamb_lets_a_single_weight_change_its_sign():
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, -0.01)
    optimizer = choice_of("LAMB").build(model, STEPS)
    for _ in range(STEPS):
        model.weight.grad = torch.full((1, 1), -1.0)
        optimizer.step()

    assert model.weight.item() > 0


@pytest.mark.parametrize(("name", "fields"), [
    ("Shampoo", {"precondition_frequency": 5}), ("SOAP", {"precondition_frequency": 3}),
    ("GaLore", {"rank": 4}), ("Apollo", {"rank": 4}), ("Sophia", {}), ("Prodigy", {}),
])  # fmt: skip
def test_resumes_bit_for_bit_once_its_rarer_work_has_begun(name, fields, iris):
    recipe = Recipe(optimizer=choice_of(name, **fields), model=iris.model, epochs=6)
    whole, first, second = (Training(recipe, iris, seed=3) for _ in range(3))
    whole.advance(6)
    first.advance(3)
    second.load_state_dict(first.state_dict())
    second.advance(6)

    for left, right in zip(whole.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(left, right)


def test_says_how_to_install_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)
    with pytest.raises(
        BadValue,
        match=r"Lion needs pytorch_optimizer; install it with: pip install 'optimizer-advisor\[optimizers\]'",
    ):
        choice_of("Lion").build(nn.Linear(2, 2), STEPS)


def test_every_library_choice_names_the_package_it_imports():
    for name, choice in choices("optimizer").items():
        if choice.extra:
            assert choice.extra.split(":")[0] in {"pytorch_optimizer", "schedulefree", "torchao"}, name


def test_only_two_are_searched_unasked():
    offered = {name for name in [*LIBRARY, "AdamW8bit", "AdamW4bit"] if find("optimizer", name).offered}
    assert offered == {"Lion", "ScheduleFreeAdamW"}


@pytest.mark.parametrize(("name", "facts"), [
    ("Sophia", Facts(task="regression")), ("Shampoo", Facts(parameters=1_000_000)),
    ("AdamW8bit", Facts()), ("AdamW4bit", Facts()),
])  # fmt: skip
def test_says_what_it_does_not_fit(name, facts):
    assert find("optimizer", name).misfit(facts)
    assert find("optimizer", name).misfit(Facts(device="cuda", parameters=1_000_000)) is None


@pytest.mark.parametrize(("name", "floats"), [("AdamW8bit", 0.516), ("AdamW4bit", 0.266)])
def test_quantized_states_weigh_what_was_measured(name, floats):
    choice = choice_of(name)
    assert choice.state_bytes((256, 256)) / 4 / 256**2 == pytest.approx(floats, abs=5e-4)
    assert choice.state_bytes((10,)) == 2 * 4 * 10 + 4


@pytest.mark.parametrize("name", ["AdamW8bit", "AdamW4bit"])
def test_gives_torchao_its_lr_as_a_tensor(name, monkeypatch, iris):
    class Strict(torch.optim.AdamW):
        """As torchao's: takes a block size, and refuses a step whose lr has become a plain number."""

        def __init__(self, params, **kwargs):
            assert kwargs.pop("block_size") in {128, 256}
            super().__init__(params, **kwargs)
            for group in self.param_groups:
                group["lr"] = torch.tensor(group["lr"])

        def step(self, closure=None):
            assert all(isinstance(group["lr"], torch.Tensor) for group in self.param_groups)
            return super().step(closure)

    torchao = ModuleType("torchao.optim")
    setattr(torchao, name, Strict)
    monkeypatch.setitem(sys.modules, "torchao", ModuleType("torchao"))
    monkeypatch.setitem(sys.modules, "torchao.optim", torchao)
    training = Training(Recipe(optimizer=choice_of(name), model=iris.model, epochs=2), iris, seed=0)

    assert training.advance(2)
