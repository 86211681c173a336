"""Optimizers from other packages, and the few written here: the same steps, bounds, decay and bytes as they claim."""

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
from studies.routing import route
from studies.train import Training

pytest.importorskip("pytorch_optimizer")
pytest.importorskip("schedulefree")

STEPS = 50


def choice_of(name, **fields):
    return find("optimizer", name)(**fields)


def net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 10), nn.Tanh(), nn.Linear(10, 3))


def batch(seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(32, 6, generator=generator), torch.randint(0, 3, (32,), generator=generator)


def run(model, optimizer, steps=5):
    inputs, targets = batch()
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
    return model


def groups(model, decay, **exempt):
    routes = route(model)
    return [{"params": routes.decayed, "weight_decay": decay}, {"params": routes.exempt, "weight_decay": 0.0, **exempt}]


def library(name):
    import pytorch_optimizer

    return getattr(pytorch_optimizer, name)


def free(name):
    import schedulefree

    return getattr(schedulefree, name)


def rmsprop_graft():
    from pytorch_optimizer.optimizer.utils.graft import LayerWiseGrafting

    return LayerWiseGrafting.RMSPROP


DECAY = 1 / (1e-3 * STEPS * 2)
"""What lr 1e-3 and a horizon of 2 runs of 50 steps mean."""

TWINS = {
    "Lion": lambda g: library("Lion")(g(DECAY), lr=1e-3, betas=(0.9, 0.98), weight_decouple=True),
    "AdaBelief": lambda g: library("AdaBelief")(g(DECAY), lr=1e-3, betas=(0.9, 0.999), weight_decouple=True, eps=1e-16),
    "ADOPT": lambda g: library("ADOPT")(g(DECAY), lr=1e-3, betas=(0.9, 0.999), weight_decouple=True),
    "LAMB": lambda g: library("Lamb")(g(DECAY, adam=True), lr=1e-3, betas=(0.9, 0.999), weight_decouple=True),
    "Signum": lambda g: library("SignSGD")(g(DECAY), lr=1e-3, momentum=0.9, weight_decouple=True),
    "Adan": lambda g: library("Adan")(g(DECAY), lr=1e-3, betas=(0.98, 0.92, 0.99), weight_decouple=True),
    "AdEMAMix": lambda g: library("AdEMAMix")(
        g(DECAY), lr=1e-3, betas=(0.9, 0.999, 0.999), alpha=5.0, t_alpha_beta3=STEPS, weight_decouple=True
    ),
    "MARS": lambda g: library("MARS")(g(DECAY), lr=1e-3, betas=(0.95, 0.99), gamma=0.025, lr_1d=1e-3, weight_decay_1d=0.0),
    "CAME": lambda g: library("CAME")(g(DECAY), lr=1e-3, betas=(0.9, 0.999, 0.9999), weight_decouple=True),
    "SOAP": lambda g: library("SOAP")(g(DECAY), lr=1e-3, betas=(0.95, 0.98), max_precondition_dim=1024),
    "Shampoo": lambda g: library("ScalableShampoo")(
        g(DECAY), lr=1e-3, betas=(0.95, 0.999), moving_average_for_momentum=True, decoupled_weight_decay=True,
        start_preconditioning_step=50, preconditioning_compute_steps=50, block_size=128, skip_preconditioning_rank_lt=2,
        shape_interpretation=False, graft_type=rmsprop_graft(),
    ),
    "ScheduleFreeAdamW": lambda g: free("AdamWScheduleFree")(g(DECAY), lr=1e-3, betas=(0.9, 0.999), warmup_steps=1),
}  # fmt: skip
"""Each written out with the arguments that its choice should pass."""


@pytest.mark.parametrize("name", TWINS)
def test_steps_as_the_library_does_with_the_same_arguments(name):
    ours, theirs = net(), net()
    twin = TWINS[name](lambda decay, **exempt: groups(theirs, decay, **exempt))
    if hasattr(twin, "train"):
        twin.train()
    run(ours, choice_of(name, lr=1e-3, decay_horizon=2.0).build(ours, STEPS))
    run(theirs, twin)

    for left, right in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(left, right)


PLAIN = {
    "LARS": lambda m: library("LARS")(
        [{"params": route(m).decayed}, {"params": route(m).exempt, "lr": 0.1}], lr=5.0, momentum=0.9, trust_coefficient=1e-3
    ),
    "ScheduleFreeSGD": lambda m: free("SGDScheduleFree")(m.parameters(), lr=1.0, momentum=0.9, warmup_steps=1),
    "Prodigy": lambda m: library("Prodigy")(
        groups(m, 0.05), lr=1.0, d_coef=1.0, betas=(0.9, 0.999), weight_decouple=True, bias_correction=True, safeguard_warmup=True
    ),
    "DAdaptAdam": lambda m: library("DAdaptAdam")(groups(m, 0.05), lr=1.0, betas=(0.9, 0.999), weight_decouple=True),
}


@pytest.mark.parametrize("name", PLAIN)
def test_steps_as_the_library_does_at_its_defaults(name):
    ours, theirs = net(), net()
    twin = PLAIN[name](theirs)
    if hasattr(twin, "train"):
        twin.train()
    run(ours, choice_of(name).build(ours, STEPS))
    run(theirs, twin)

    for left, right in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(left, right)


@pytest.mark.parametrize(("name", "twin", "scale", "options"), [
    ("GaLore", "GaLore", 0.25, {}), ("Apollo", "APOLLO", 1.0, {"scale_type": "channel"}),
])  # fmt: skip
def test_projects_hidden_matrices_only(name, twin, scale, options):
    ours, theirs = net(), net()
    low = {"rank": 4, "update_proj_gap": 200, "scale": scale, "projection_type": "std", "weight_decay": DECAY}
    parts = [
        {"params": [theirs[0].weight, theirs[2].weight], **low},
        {"params": [theirs[4].weight], "weight_decay": DECAY},
        {"params": route(theirs).exempt},
    ]
    torch.manual_seed(5)  # of the random sketch
    run(ours, choice_of(name, lr=1e-3, decay_horizon=2.0, rank=4).build(ours, STEPS))
    torch.manual_seed(5)
    run(theirs, library(twin)(parts, lr=1e-3, betas=(0.9, 0.999), **options))

    for left, right in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(left, right)


HORIZON = [name for name in TWINS if name != "SOAP"] + ["AdamMini", "Sophia", "GaLore"]


@pytest.mark.parametrize("name", [*HORIZON, "SOAP", "Apollo"])
def test_decay_shrinks_weights_by_the_stated_share_and_leaves_biases_alone(name):
    choice = choice_of(name, lr=1e-3, decay_horizon=2.0)
    assert choice.in_torch(STEPS) == {"weight_decay": pytest.approx(DECAY)}
    model = net()
    before = copy.deepcopy(model.state_dict())
    optimizer = choice.build(model, STEPS)
    steps = 2 if name == "SOAP" else 1  # its first step only fills the preconditioner
    for _ in range(steps):
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
    share = choice.lr * DECAY
    if name == "Apollo":
        share *= (1 - 0.999) ** 0.5 / (1 - 0.9)  # it decays at the lr after Adam's bias correction
    kept = 1 - share

    for key, value in model.state_dict().items():
        expected = before[key] * kept if value.ndim >= 2 else before[key]
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", ["Prodigy", "DAdaptAdam"])
def test_decay_of_a_found_lr_shrinks_weights_by_that_lr(name):
    model = net()
    idle, start = model[0].weight, model[0].weight.detach().clone()
    bias = model[0].bias.detach().clone()
    choice = choice_of(name, weight_decay=0.3)
    optimizer = choice.build(model, STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(batch()[0]), batch()[1]).backward()
        model[0].weight.grad.zero_()
        model[0].bias.grad.zero_()
        optimizer.step()
    ratio = (idle / start).detach()

    assert ratio.min() > 0
    assert ratio.max() < 1
    assert ratio.max() - ratio.min() < 1e-5
    assert torch.equal(model[0].bias, bias)


SHAPES = [(5,), (1,), (7, 5), (3, 2, 3, 3), (200, 20), (1, 1)]


def held(value):
    """Yield the tensors inside a state, however deep."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from held(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from held(item)
    elif hasattr(value, "__dict__"):
        yield from held(vars(value))


LIBRARY = [*TWINS, *PLAIN, "GaLore", "Apollo", "AdamMini", "Sophia"]


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
        storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in held(list(optimizer.state.values()))}
        assert sum(storages.values()) == choice.state_bytes(shape, "matrix" if len(shape) >= 2 else "vector"), shape


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
    ("Shampoo", {"precondition_frequency": 5}), ("SOAP", {"precondition_frequency": 3}), ("GaLore", {"rank": 4}),
    ("Apollo", {"rank": 4}), ("Sophia", {}), ("Prodigy", {}),
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


def test_sophia_moves_no_weight_further_than_lr(iris):
    recipe = Recipe(optimizer=choice_of("Sophia", lr=0.01, decay_horizon=1e9), model=iris.model, epochs=5)
    training = Training(recipe, iris, seed=0)
    moves = []
    before = [p.detach().clone() for p in training.model.parameters()]

    def watch():
        now = [p.detach().clone() for p in training.model.parameters()]
        moves.append(max((a - b).abs().max().item() for a, b in zip(now, before, strict=True)))
        before[:] = now

    training.after_step.append(watch)
    training.advance(5)

    assert len(moves) == training.total_steps
    assert 0 < max(moves) <= 0.01 * (1 + 1e-4)


def test_sophia_estimates_curvature_every_ten_steps_only(iris):
    training = Training(Recipe(optimizer=choice_of("Sophia"), model=iris.model, epochs=6), iris, seed=0)
    weight = next(training.model.parameters())
    curvatures = []
    training.after_step.append(lambda: curvatures.append(training.optimizer.state[weight]["curvature"].clone()))
    training.advance(6)
    changed = [i for i in range(1, len(curvatures)) if not torch.equal(curvatures[i], curvatures[i - 1])]

    assert curvatures[0].abs().sum() > 0
    assert (curvatures[0] >= 0).all()
    assert changed == [i for i in range(1, len(curvatures)) if i % 10 == 0]


def test_sophia_estimates_the_gauss_newton_diagonal():
    torch.manual_seed(0)
    model = nn.Linear(3, 3, bias=False)
    inputs = torch.randn(64, 3)
    probabilities = model(inputs).softmax(dim=1)
    exact = ((probabilities * (1 - probabilities)).T @ inputs.square() / len(inputs)).detach()
    optimizer = choice_of("Sophia").build(model, STEPS)
    estimates = []
    for _ in range(300):
        optimizer.state.clear()
        optimizer.curve(model, inputs)
        estimates.append(optimizer.state[model.weight]["curvature"] / (1 - 0.99))

    mean = torch.stack(estimates).mean(dim=0)
    torch.testing.assert_close(mean.sum(), exact.sum(), rtol=0.15, atol=0)
    torch.testing.assert_close(mean, exact, rtol=0.5, atol=0.02)


def test_adam_mini_is_adamw_where_a_row_holds_one_weight():
    ours, theirs = nn.Linear(1, 4, bias=False), nn.Linear(1, 4, bias=False)
    theirs.load_state_dict(ours.state_dict())
    choice = choice_of("AdamMini", lr=0.01)
    twin = torch.optim.AdamW(theirs.parameters(), lr=0.01, **choice.in_torch(STEPS))
    optimizer = choice.build(ours, STEPS)
    for seed in range(5):
        for model, steps in ((ours, optimizer), (theirs, twin)):
            torch.manual_seed(seed)
            model.weight.grad = torch.randn(4, 1)
            steps.step()

    torch.testing.assert_close(ours.weight, theirs.weight)


def test_adam_mini_keeps_one_second_moment_a_row():
    model = nn.Linear(3, 2)
    optimizer = choice_of("AdamMini").build(model, STEPS)
    model.weight.grad, model.bias.grad = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 3.0]]), torch.ones(2)
    optimizer.step()

    square = optimizer.state[model.weight]["square"]
    torch.testing.assert_close(square, 0.001 * torch.tensor([[14 / 3], [3.0]]))


def test_says_how_to_install_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)
    with pytest.raises(
        BadValue, match=r"Lion needs pytorch_optimizer; install it with: pip install 'optimizer-advisor\[optimizers\]'"
    ):
        choice_of("Lion").build(nn.Linear(2, 2), STEPS)


def test_every_library_choice_names_the_package_it_imports():
    for name, choice in choices("optimizer").items():
        if name in {*TWINS, *PLAIN, "GaLore", "Apollo", "AdamW8bit", "AdamW4bit"}:
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
