"""Regularizers that change the batch, the gradient's length or the depth."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from studies.data.inputs import Inputs
from studies.optimizers.momentum import Momentum
from studies.optimizers.sgd import SGD
from studies.recipe import Recipe
from studies.regularizers.clip import GradientClipping
from studies.regularizers.cutmix import CutMix
from studies.regularizers.early_stopping import EarlyStopping
from studies.regularizers.input_noise import InputNoise
from studies.regularizers.l2 import L2
from studies.regularizers.label_smoothing import LabelSmoothing
from studies.regularizers.mixup import Mixup
from studies.regularizers.stochastic_depth import StochasticDepth
from studies.schedules.constant import Constant
from studies.train import Training
from studies.workload_opening import open_source

IMAGE, TABLE, TEXT = (
    Inputs(kind=kind, shape=shape) for kind, shape in [("image", (1, 8, 8)), ("table", (4,)), ("text", (12,))]
)


@pytest.fixture(scope="module")
def digits():
    return open_source("digits", model="cnn")


def training(workload, *regularizers, optimizer=None, epochs=3, model=None):
    recipe = Recipe(
        optimizer=optimizer or SGD(lr=0.1),
        schedule=Constant(),
        model=model or workload.model,
        epochs=epochs,
        regularizers=regularizers,
    )
    return Training(recipe, workload, seed=0)


def transformed(run, inputs, targets):
    for transform in run.on_batch:
        inputs, targets = transform(inputs, targets)
    return inputs, targets


def batch(workload, rows=64):
    part = workload.dataset.train
    return torch.from_numpy(part.inputs[:rows]), torch.from_numpy(part.targets[:rows])


def weights(run):
    return [parameter.detach().clone() for parameter in run.model.parameters()]


def gradients(run):
    return [parameter.grad.clone() for parameter in run.model.parameters()]


def length(tensors):
    return float(torch.cat([tensor.flatten() for tensor in tensors]).norm())


@pytest.mark.parametrize("seed", range(20))
def test_mixup_means_two_rows_and_their_targets_with_the_same_shares(iris, seed):
    run = training(iris, Mixup(alpha=1.0))
    inputs, targets = batch(iris)
    torch.manual_seed(seed)
    mixed, probabilities = transformed(run, inputs, targets)

    torch.testing.assert_close(probabilities.sum(1), torch.ones(len(inputs)))
    assert bool((mixed <= inputs.max(0).values + 1e-5).all() & (mixed >= inputs.min(0).values - 1e-5).all())
    assert share_and_partner(inputs, targets, mixed, probabilities) is not None


def share_and_partner(inputs, targets, mixed, probabilities):
    """Return a share and a partner for each row that explain both inputs and targets; None if none do."""
    target_probability = probabilities[torch.arange(len(targets)), targets]
    share = float(target_probability.min())  # of a row whose partner has another class
    wanted = (mixed - share * inputs) / max(1 - share, 1e-6)
    distances = torch.cdist(wanted, inputs)
    partners = distances.argmin(1)
    codes = nn.functional.one_hot(targets, probabilities.shape[1]).float()
    fits = torch.allclose(share * codes + (1 - share) * codes[partners], probabilities, atol=1e-4)
    return (
        (share, partners)
        if fits and float(distances.min(1).values.max()) < 1e-2 / max(1 - share, 1e-2)
        else None
    )


def test_mixup_means_the_numbers_of_a_regression():
    diabetes = open_source("diabetes", model="mlp")
    run = training(diabetes, Mixup(alpha=1.0), optimizer=SGD(lr=0.01))
    inputs, targets = batch(diabetes)
    mixed, numbers = transformed(run, inputs, targets)

    assert numbers.shape == targets.shape
    assert float(mixed.mean()) == pytest.approx(float(inputs.mean()), abs=1e-5)
    assert float(numbers.mean()) == pytest.approx(float(targets.mean()), abs=1e-5)
    run.advance(3)
    assert math.isfinite(run.quality)


def test_label_smoothing_of_mixed_targets_is_smoothing_of_the_probabilities(iris):
    run = training(iris, Mixup(alpha=1.0), LabelSmoothing(share=0.3))
    inputs, probabilities = transformed(run, *batch(iris))
    outputs = run.model(inputs)
    smooth = 0.7 * probabilities + 0.3 / 3
    expected = -(smooth * outputs.log_softmax(1)).sum(1).mean()

    torch.testing.assert_close(run.loss(outputs, probabilities), expected)
    run.advance(3)
    assert run.quality > 0.3


@pytest.mark.parametrize("seed", range(30))
def test_cutmix_pastes_a_box_whose_area_is_the_share_of_the_other_label(digits, seed):
    run = training(digits, CutMix(), epochs=1)
    rows, classes = 16, digits.dataset.outputs
    inputs = torch.arange(rows, dtype=torch.float32).reshape(-1, 1, 1, 1).expand(rows, 1, 8, 8).contiguous()
    targets = torch.arange(rows) % classes  # each image is of one colour, its row's number
    torch.manual_seed(seed)
    mixed, probabilities = transformed(run, inputs, targets)

    torch.testing.assert_close(probabilities.sum(1), torch.ones(rows))
    # the data itself is left alone
    assert torch.equal(inputs[:, 0, 0, 0], torch.arange(rows, dtype=torch.float32))
    for row in range(rows):
        foreign = mixed[row, 0] != row
        partner = int(mixed[row, 0][foreign][0]) if foreign.any() else row
        area = float(foreign.float().mean())
        assert bool((mixed[row, 0][foreign] == partner).all())
        assert box(foreign)
        if partner % classes != row % classes:
            assert float(probabilities[row, partner % classes]) == pytest.approx(area)
            assert float(probabilities[row, row % classes]) == pytest.approx(1 - area)


def box(mask):
    """Tell whether the true entries fill a rectangle."""
    return int(mask.sum()) == int(mask.any(0).sum()) * int(mask.any(1).sum())


def test_the_boxes_of_cutmix_are_everywhere_and_of_every_size(digits):
    run = training(digits, CutMix(), epochs=1)
    inputs = torch.arange(2.0).reshape(-1, 1, 1, 1).expand(2, 1, 8, 8).contiguous()
    torch.manual_seed(0)
    masks = torch.stack([transformed(run, inputs, torch.arange(2))[0][0, 0] for _ in range(500)])
    sizes = masks.mean((1, 2))

    assert float(masks.mean(0).min()) > 0.03
    assert float(sizes.min()) == 0.0
    assert float(sizes.max()) == 1.0


def test_cutmix_and_mixup_stand_together(digits):
    run = training(digits, CutMix(), Mixup(), LabelSmoothing(), epochs=1)
    _, probabilities = transformed(run, *batch(digits))

    torch.testing.assert_close(probabilities.sum(1), torch.ones(len(probabilities)))
    run.advance(1)
    assert run.quality > 0.1


@pytest.mark.parametrize("choice", [Mixup, InputNoise, CutMix])
def test_changes_of_the_batch_resume_bit_for_bit(choice, digits):
    whole, first, second = (training(digits, choice(), epochs=3) for _ in range(3))
    whole.advance(3)
    first.advance(1)
    second.load_state_dict(first.state_dict())
    second.advance(3)

    assert [(p.train_loss, p.valid_loss) for p in second.curve] == [
        (p.train_loss, p.valid_loss) for p in whole.curve
    ]


@pytest.mark.parametrize(
    ("choice", "inputs", "task", "suits"),
    [
        (Mixup, TABLE, "classification", True),
        (Mixup, IMAGE, "regression", True),
        (Mixup, TEXT, "classification", False),
        (CutMix, IMAGE, "classification", True),
        (CutMix, TABLE, "classification", False),
        (CutMix, IMAGE, "regression", False),
        (InputNoise, TABLE, "regression", True),
        (InputNoise, TEXT, "classification", False),
        (GradientClipping, TEXT, "regression", True),
        (EarlyStopping, TABLE, "regression", True),
    ],
)
def test_each_says_what_it_suits(choice, inputs, task, suits):
    assert choice.suits(nn.Linear(2, 2), task, inputs) is suits


def test_input_noise_has_its_deviation_and_no_mean(iris):
    run = training(iris, InputNoise(deviation=0.25))
    inputs = torch.zeros(20_000, 4)
    torch.manual_seed(0)
    noisy, targets = transformed(run, inputs, torch.zeros(20_000))

    assert float(noisy.std()) == pytest.approx(0.25, rel=0.02)
    assert float(noisy.mean()) == pytest.approx(0.0, abs=0.005)
    assert torch.equal(targets, torch.zeros(20_000))


@pytest.mark.parametrize("max_norm", [0.1, 0.5, 5.0])
def test_clipping_bounds_the_length_and_keeps_the_direction(iris, max_norm):
    run = training(iris, GradientClipping(max_norm=max_norm))
    raw, clipped = [], []
    run.before_step.insert(0, lambda: raw.append(gradients(run)))
    run.before_step.append(lambda: clipped.append(gradients(run)))
    run.advance(3)

    for before, after in zip(raw, clipped, strict=True):
        assert length(after) <= max_norm * (1 + 1e-4)
        scale = min(1.0, max_norm / length(before))
        for left, right in zip(before, after, strict=True):
            torch.testing.assert_close(scale * left, right, rtol=1e-3, atol=1e-6)


def test_an_l2_penalty_is_not_clipped_with_the_gradient(iris):
    """As in torch, whose optimizers add their weight decay to gradients that were clipped before."""
    run = training(iris, GradientClipping(max_norm=1e-4), L2(strength=0.5))
    lengths = []
    run.before_step.append(lambda: lengths.append(length(gradients(run))))
    run.advance(1)

    assert min(lengths) > 0.1


class Block(nn.Module):
    """A residual block as the models have them."""

    def __init__(self):
        super().__init__()
        self.layer, self.drop_path = nn.Linear(4, 4), 0.0

    def forward(self, inputs):
        survivors = (
            (torch.rand(len(inputs), 1) >= self.drop_path).float() if self.training else 1 - self.drop_path
        )
        return inputs + survivors * self.layer(inputs)


def test_stochastic_depth_suits_residual_blocks_and_drops_the_last_most(iris):
    run = training(iris)
    run.model = nn.Sequential(nn.Flatten(), Block(), nn.ReLU(), Block(), Block(), nn.Linear(4, 3))
    suits = [StochasticDepth.suits(model, "classification", TABLE) for model in (run.model, nn.Linear(2, 2))]
    StochasticDepth(rate=0.3).attach(run)

    assert suits == [True, False]
    assert [module.drop_path for module in run.model if isinstance(module, Block)] == pytest.approx(
        [0.1, 0.2, 0.3]
    )


def test_they_all_stand_together(digits):
    run = training(
        digits,
        GradientClipping(),
        InputNoise(),
        Mixup(),
        EarlyStopping(),
        LabelSmoothing(),
        optimizer=Momentum(),
    )
    run.advance(3)

    assert run.quality > 0.5
