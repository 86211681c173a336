"""A model of the user's own may change its batch in place: the rows stay as they are on every path."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from studies.compression.checkpoint import Checkpoint
from studies.compression.pipeline import CompressionRun
from studies.distillation.hints import Hints
from studies.distillation.soft_targets import SoftTargets
from studies.finetuning.rewind import Rewind
from studies.infeasible import CannotCompress
from studies.nn.input_copies import cloned, on_copies, without_copies
from studies.optimizers.adamw import AdamW
from studies.optimizers.lbfgs import LBFGS
from studies.optimizers.sophia import Sophia
from studies.profiling.profile import profile
from studies.pruning.channels import Channels
from studies.pruning.layers import Layers
from studies.pruning.taylor import Taylor
from studies.quantization.static_int8 import StaticInt8
from studies.recipe import Recipe
from studies.train import Training
from studies.weights.sensitivity import scan
from studies.workload import Workload
from studies.workload_opening import workload_from_code
from studies.wrappers.sam import SAM

CHANGES = {
    "relu": (lambda rows: rows.relu_(), lambda rows: rows.relu()),
    "scale": (lambda rows: rows.mul_(0.5), lambda rows: rows * 0.5),
    "shift": (lambda rows: rows.add_(1.0), lambda rows: rows + 1.0),
    "centre": (lambda rows: rows.sub_(rows.mean(1, keepdim=True)), lambda rows: rows - rows.mean(1, True)),
    "clamp": (lambda rows: rows.clamp_(-1, 1), lambda rows: rows.clamp(-1, 1)),
}


class Net(nn.Module):
    """A small net that changes its rows first, in place or on new tensors."""

    def __init__(self, inputs, outputs, changes, place):
        super().__init__()
        self.changes, self.place = changes, place
        self.layers = nn.Sequential(
            nn.Linear(inputs, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU()
        )
        self.head = nn.Linear(16, outputs)

    def forward(self, rows):
        for name in self.changes:
            rows = CHANGES[name][self.place](rows)
        return self.head(self.layers(rows))


def made(changes, place):
    return lambda inputs, outputs: Net(inputs, outputs, changes, place)


def workload(changes=("relu", "shift"), *, place=0, metric=None, direction=None):
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(200, 6)).astype("float32")
    labels = (rows[:, 0] + 0.5 * rows[:, 1] > 0).astype(int)
    described = Workload(train=(rows, labels), model=made(changes, place), metric=metric, direction=direction)
    return workload_from_code(described, source="")


def data(loaded):
    parts = (loaded.dataset.train, loaded.dataset.valid, loaded.dataset.test)
    return [values.copy() for part in parts for values in (part.inputs, part.targets)]


def unchanged(before, loaded):
    return all(np.array_equal(was, now) for was, now in zip(before, data(loaded), strict=True))


def curve(loaded, optimizer, wrappers=()):
    run = Training(
        Recipe(optimizer=optimizer, model=loaded.model, epochs=2, batch_size=32, wrappers=wrappers),
        loaded,
        seed=0,
    )
    run.advance(2)
    return [(point.train_loss, point.valid_loss, point.valid_metric) for point in run.curve]


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=3),
    st.sampled_from([(AdamW(), ()), (LBFGS(), ()), (Sophia(), ()), (AdamW(), (SAM(),))]),
)
def test_a_model_that_works_in_place_trains_as_one_that_does_not_and_leaves_the_rows(changes, trained_with):
    loaded = workload(changes)
    before = data(loaded)
    in_place = curve(loaded, *trained_with)

    assert unchanged(before, loaded)
    assert in_place == curve(workload(changes, place=1), *trained_with)


def test_the_profile_leaves_the_rows():
    loaded = workload(("scale", "shift"))
    before = data(loaded)
    profile(loaded, batch_size=32, epochs=2)

    assert unchanged(before, loaded)


def checkpoint(loaded):
    recipe = Recipe(optimizer=AdamW(), model=loaded.model, epochs=2, batch_size=32)
    run = Training(recipe, loaded, seed=0)
    run.advance(2)
    return Checkpoint(
        number=1, recipe=recipe, seed=0, model=run.model, workload=loaded, device=torch.device("cpu")
    )


@pytest.mark.parametrize(
    "passes",
    [
        {"quantization": StaticInt8()},
        {"pruning": Taylor(), "finetuning": Rewind(share=0.5)},
        {"pruning": Channels()},
        {"pruning": Layers()},
        {"distillation": SoftTargets()},
        {"distillation": Hints()},
    ],
    ids=lambda passes: type(next(iter(passes.values()))).__name__,
)
def test_compression_of_a_model_that_works_in_place_is_that_of_one_that_does_not(passes):
    answers = []
    for place in (0, 1):
        loaded = workload(("scale", "relu", "shift"), place=place)
        source, before = checkpoint(loaded), data(loaded)
        recipe = Recipe(
            **{"optimizer": AdamW(), "model": loaded.model, "epochs": 2, "batch_size": 32} | passes
        )
        run = CompressionRun(recipe=recipe, source=source)
        try:
            run.advance(recipe.epochs, stop=lambda: False)
            answers.append(run.measure_outcome(whole=True, test=False)["quality"])
        except CannotCompress as error:
            answers.append(str(error))
        assert unchanged(before, loaded)
        assert np.isfinite(scan(source.trained_model())[0].losses).all()
        assert unchanged(before, loaded)

    assert answers[0] == answers[1]
    assert isinstance(answers[0], float)


def changing_metric(outputs, targets):
    value = float((outputs.argmax(1) == targets).mean())
    outputs[:] = 0
    targets[:] = 0
    return value


def test_a_metric_that_changes_its_arrays_leaves_the_rows():
    loaded = workload(metric=changing_metric, direction="maximize")
    before = data(loaded)
    first = curve(loaded, AdamW())

    assert unchanged(before, loaded)
    assert curve(loaded, AdamW()) == first


def changing_loss(outputs, targets):
    return nn.functional.mse_loss(outputs, targets.mul_(0.5))


def unchanging_loss(outputs, targets):
    return nn.functional.mse_loss(outputs, targets * 0.5)


@pytest.mark.parametrize("optimizer", [AdamW(), LBFGS()], ids=["AdamW", "LBFGS"])
def test_an_own_loss_that_changes_its_targets_leaves_the_rows(optimizer):
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(200, 6)).astype("float32")
    curves = []
    for loss in (changing_loss, unchanging_loss):
        described = Workload(train=(rows, rows[:, :2] * 2), model=made(("shift",), 0), loss=loss)
        loaded = workload_from_code(described, source="")
        before = data(loaded)
        curves.append(curve(loaded, optimizer))
        assert unchanged(before, loaded)

    assert curves[0] == curves[1]


def test_copies_reach_into_whatever_holds_tensors_and_end_when_the_model_leaves():
    rows = torch.zeros(2, 3)
    for nested in (rows, [rows], (rows, 1), {"x": rows, "n": None}, torch.zeros(2).sort()):
        again = cloned(nested)
        tensors = (
            [again]
            if isinstance(again, torch.Tensor)
            else list(again.values() if isinstance(again, dict) else again)
        )
        assert type(again) is type(nested)
        assert all(part is not rows for part in tensors)

    model = on_copies(on_copies(nn.Sequential(nn.ReLU(inplace=True))))
    assert len(model._forward_pre_hooks) == 1
    deepcopy(model)(rows.sub_(1))
    assert (rows == -1).all()
    without_copies(model)(rows)
    assert (rows == 0).all()
