"""The loss of a run that listens to a teacher, against one written by hand in double precision."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from studies.distillation.hints import Hints
from studies.distillation.none import NoDistillation
from studies.distillation.soft_targets import SoftTargets, add_soft_targets
from studies.models.cnn import CNN
from studies.models.mlp import MLP
from studies.optimizers.lbfgs import LBFGS
from studies.regularizers.cutmix import CutMix
from studies.regularizers.label_smoothing import LabelSmoothing
from studies.regularizers.mixup import Mixup
from studies.workload_opening import open_source
from studies.wrappers.sam import SAM

from distillation_runs import LARGE, batch, batch_and_loss, outputs, teacher, training, weights_equal


@pytest.fixture(scope="module")
def diabetes():
    return open_source("diabetes", model="mlp")


@pytest.fixture(scope="module")
def digits():
    return open_source("digits", model="cnn")


def softmax(outputs, temperature):
    powers = np.exp(np.asarray(outputs, dtype=np.float64) / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def distance(student, teachers, temperature):
    """Return temperature² x KL(teachers' mean | student), mean over the rows."""
    wanted = np.mean([softmax(outputs, temperature) for outputs in teachers], axis=0)
    return temperature**2 * float(
        (wanted * np.log(wanted / softmax(student, temperature))).sum(axis=1).mean()
    )


@pytest.mark.parametrize("temperature", [1.0, 2.0, 8.0])
@pytest.mark.parametrize("alpha", [0.3, 0.9])
def test_soft_targets_add_the_divergence_from_the_teacher(temperature, alpha, iris):
    run, wise, (inputs, targets) = training(iris), teacher(iris).double(), batch(iris)
    run.model, inputs = run.model.double(), inputs.double()
    SoftTargets(temperature=temperature, alpha=alpha).attach(run, (wise,))
    _, _, loss = batch_and_loss(run, inputs, targets)
    student = outputs(run.model, inputs)
    entropy = -float(np.log(softmax(student, 1.0)[np.arange(len(targets)), targets.numpy()]).mean())

    wanted = alpha * distance(student, [outputs(wise, inputs)], temperature) + (1 - alpha) * entropy
    assert float(loss.detach()) == pytest.approx(wanted, rel=1e-12)


def test_an_ensemble_is_the_mean_of_its_probabilities(iris):
    run, (inputs, targets) = training(iris), batch(iris)
    wise = (teacher(iris), teacher(iris, model=MLP(width=16, depth=2), seed=8))
    plain = float(run.loss(run.model(inputs), targets).detach())
    SoftTargets(teacher="ensemble", alpha=0.5, temperature=3.0).attach(run, wise)
    _, _, loss = batch_and_loss(run, inputs, targets)
    wanted = distance(outputs(run.model, inputs), [outputs(model, inputs) for model in wise], 3.0)

    assert float(loss.detach()) == pytest.approx(0.5 * wanted + 0.5 * plain, rel=1e-5)


def test_the_source_alone_is_heard_unless_an_ensemble_is_asked_for(iris):
    both, alone = training(iris), training(iris)
    first, second = teacher(iris), teacher(iris, seed=9)
    SoftTargets().attach(both, (first, second))
    SoftTargets().attach(alone, (first,))

    assert torch.equal(batch_and_loss(both, *batch(iris))[2], batch_and_loss(alone, *batch(iris))[2])


def test_a_regression_hears_the_teachers_numbers(diabetes):
    run, wise, (inputs, targets) = training(diabetes), teacher(diabetes), batch(diabetes)
    SoftTargets(alpha=0.3).attach(run, (wise,))
    _, _, loss = batch_and_loss(run, inputs, targets)
    student = outputs(run.model, inputs).astype(np.float64)
    wanted = (
        0.3 * np.square(student - outputs(wise, inputs)).mean()
        + 0.7 * np.square(student - targets.numpy()).mean()
    )

    assert float(loss.detach()) == pytest.approx(wanted, rel=1e-5)


def test_no_share_of_the_teacher_is_the_plain_run_bit_for_bit(iris):
    plain, deaf = training(iris), training(iris)
    add_soft_targets(deaf, (teacher(iris),), temperature=2.0, alpha=0.0)
    plain.advance(2)
    deaf.advance(2)

    assert weights_equal(plain.model, deaf.model)


def test_with_the_teacher_alone_the_labels_play_no_part(iris):
    run, (inputs, targets) = training(iris), batch(iris)
    add_soft_targets(run, (teacher(iris),), temperature=2.0, alpha=1.0)
    _, _, loss = batch_and_loss(run, inputs, targets)

    assert torch.equal(loss, batch_and_loss(run, inputs, (targets + 1) % 3)[2])
    assert float(loss.detach()) > 0


def test_a_student_that_answers_as_its_teacher_is_at_no_distance(iris):
    run = training(iris, model=LARGE)
    add_soft_targets(run, (run.model,), temperature=4.0, alpha=1.0)

    assert float(batch_and_loss(run, *batch(iris))[2].detach()) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("choice", [SoftTargets(), Hints()], ids=["soft", "hints"])
def test_the_teacher_is_neither_changed_nor_taken_out_of_its_mode(choice, iris):
    wise = teacher(iris, model=MLP(width=16, depth=1, norm="batch")).train()
    before = deepcopy(wise.state_dict())
    run = training(iris)
    choice.attach(run, (wise,))
    run.advance(2)

    assert wise.training
    assert all(torch.equal(wise.state_dict()[name], tensor) for name, tensor in before.items())
    assert all(parameter.requires_grad for parameter in wise.parameters())
    assert not any(module._forward_pre_hooks for module in (*wise.modules(), *run.model.modules()))


def test_the_teacher_answers_in_evaluation_mode(iris):
    wise = teacher(iris)
    wise[3] = nn.Dropout(0.9)
    run = training(iris)
    add_soft_targets(run, (wise.train(),), temperature=2.0, alpha=1.0)

    assert torch.equal(batch_and_loss(run, *batch(iris))[2], batch_and_loss(run, *batch(iris))[2])


def test_the_teacher_sees_the_rows_that_the_student_sees(iris):
    wise, shown, learned = teacher(iris), [], []
    run = training(iris, regularizers=(Mixup(alpha=1.0),))
    SoftTargets().attach(run, (Spy(wise, shown),))
    run.model.register_forward_pre_hook(
        lambda module, inputs: learned.append(inputs[0]) if module.training else None
    )
    run.advance(1)

    assert len(shown) == len(learned) == run.steps_per_epoch
    assert all(torch.equal(left, right) for left, right in zip(shown, learned, strict=True))
    assert not torch.equal(torch.cat(shown).sum(0), torch.from_numpy(iris.dataset.train.inputs).sum(0))


class Spy(nn.Module):
    """A teacher that notes what it is asked, in its copies too."""

    def __init__(self, model, shown):
        super().__init__()
        self.model, self.shown = model, shown

    def __deepcopy__(self, memo):
        return Spy(deepcopy(self.model, memo), self.shown)

    def forward(self, inputs):
        self.shown.append(inputs.clone())
        return self.model(inputs)


def test_smoothing_and_class_weights_stay_in_the_runs_own_share():
    weighted = open_source("iris", model="mlp", class_weights="balanced")
    run, (inputs, targets) = training(weighted, regularizers=(LabelSmoothing(share=0.2),)), batch(weighted)
    own_loss = run.loss(run.model.eval()(inputs), targets)
    wise = teacher(weighted)
    SoftTargets(alpha=0.7).attach(run, (wise,))
    wanted = 0.7 * distance(outputs(run.model, inputs), [outputs(wise, inputs)], 2.0) + 0.3 * float(
        own_loss.detach()
    )

    assert float(batch_and_loss(run, inputs, targets)[2].detach()) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("choice", [SoftTargets(), Hints()], ids=["soft", "hints"])
@pytest.mark.parametrize(
    "kind",
    [
        {"optimizer": LBFGS(lr=0.1), "batch_size": 10_000},
        {"wrappers": (SAM(),)},
        {"regularizers": (Mixup(), LabelSmoothing())},
    ],
    ids=["closure", "sharpness", "mixed"],
)
def test_training_goes_down_however_often_a_step_asks_for_the_loss(choice, kind, iris):
    run = training(iris, epochs=6, **kind)
    shown = []
    choice.attach(run, (Spy(teacher(iris), shown),))
    during = len(shown)
    run.advance(6)

    assert len(shown) - during == run.step  # once a batch
    assert run.curve[-1].train_loss < run.curve[0].train_loss


@pytest.mark.parametrize("choice", [SoftTargets(), Hints(), NoDistillation()], ids=["soft", "hints", "none"])
def test_the_same_seed_teaches_the_same_bit_for_bit(choice, iris):
    wise, runs = teacher(iris), []
    for _ in range(2):
        run = training(iris)
        torch.rand(3)  # whatever else draws from torch's generator
        choice.attach(run, (wise,))
        run.advance(2)
        runs.append(run.model)

    assert weights_equal(*runs)


def test_images_mixed_by_boxes_are_taught_too(digits):
    run = training(digits, model=CNN(channels=4, hidden=16), regularizers=(CutMix(),), epochs=1)
    Hints().attach(run, (teacher_cnn(digits),))

    assert run.advance(1)


def teacher_cnn(workload):
    torch.manual_seed(0)
    return workload.build(CNN(channels=8, hidden=32))
