"""Hints: the features of the teacher as a target of the student's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from studies.distillation.hints import Hints
from studies.distillation.soft_targets import SoftTargets
from studies.infeasible import CannotCompress
from studies.optimizers.sgd import SGD

from distillation_runs import LARGE, batch, batch_and_loss, outputs, teacher, training, weights_equal


def test_a_hint_of_the_same_width_is_the_squared_distance_over_the_teachers_squares(iris):
    run, (inputs, targets) = training(iris, model=LARGE), batch(iris)
    wise = teacher(iris)
    listening = training(iris, model=LARGE)
    SoftTargets().attach(listening, (wise,))
    plain = float(batch_and_loss(listening, inputs, targets)[2].detach())
    Hints(weight=0.5).attach(run, (wise,))
    _, _, loss = batch_and_loss(run, inputs, targets)
    student_hints, teacher_hints = (
        outputs(model[:-1], inputs).astype(np.float64) for model in (run.model, wise)
    )

    assert float(loss.detach()) == pytest.approx(
        plain + 0.5 * np.square(student_hints - teacher_hints).mean() / np.square(teacher_hints).mean(),
        rel=1e-5,
    )


def test_a_hint_pulls_the_features_to_the_teachers(iris):
    wise = teacher(iris)
    distances = []
    for choice in (SoftTargets(alpha=0.3), Hints(alpha=0.3, weight=3.0)):
        run = training(iris, model=LARGE, epochs=20)
        choice.attach(run, (wise,))
        run.advance(20)
        inputs, _ = batch(iris, 120)
        distances.append(np.square(outputs(run.model[:-1], inputs) - outputs(wise[:-1], inputs)).mean())

    assert distances[1] < distances[0] / 2


def test_the_map_between_widths_is_learned_whatever_the_scale_of_the_features(iris):
    wise = teacher(iris)
    for scale in (1e-2, 1.0, 1e2):
        run = training(iris, optimizer=SGD(lr=1e-9), epochs=100)
        with torch.no_grad():
            run.model[1].weight.mul_(scale)
            run.model[1].bias.mul_(scale)
        Hints(weight=1.0).attach(run, (wise,))
        [linear] = run.attachment_state
        inputs, _ = batch(iris, 120)
        student_hints, teacher_hints = (
            torch.from_numpy(outputs(model[:-1], inputs)) for model in (run.model, wise)
        )
        run.advance(100)

        assert tuple(linear.shape) == (16, 32)
        assert float((student_hints @ linear - teacher_hints).square().mean()) < 0.1 * float(
            teacher_hints.square().mean()
        )


def test_a_run_with_a_hint_resumes_bit_for_bit(iris):
    wise, runs = teacher(iris), []
    for _ in range(3):
        run = training(iris, epochs=4)
        Hints().attach(run, (wise,))
        runs.append(run)
    whole, first, second = runs
    whole.advance(4)
    first.advance(2)
    second.load_state_dict(first.state_dict())
    second.advance(4)

    assert weights_equal(whole.model, second.model)


def test_a_model_that_calls_no_linear_layer_gets_no_hint(iris):
    class Bare(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(4, 3))

        def forward(self, inputs):
            return inputs @ self.weight

    with pytest.raises(CannotCompress, match="Bare calls none; try SoftTargets"):
        Hints().attach(training(iris), (Bare(),))
