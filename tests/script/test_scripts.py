"""Training scripts: without a package of ours they train the same weights, bit for bit."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import replace

import numpy as np
import pytest
import torch

from studies import catalogue
from studies.data.rows import tensors
from studies.errors import BadValue
from studies.models.bag import Bag
from studies.models.cnn import CNN
from studies.models.conv1d import Conv1D
from studies.models.mlp import MLP
from studies.optimizers.adamw import AdamW
from studies.optimizers.muon import Muon
from studies.optimizers.sgd import SGD
from studies.recipe import Recipe
from studies.script.data_rows import write_rows
from studies.script.frame import About
from studies.script.literals import CannotWrite
from studies.script.parts import parts_of
from studies.script.plain import PLAIN
from studies.train import Training
from studies.workload_opening import open_source
from studies.wrappers.ema import EMA

from barred_packages import BARRING
from made_workloads import FITTING, FORMS, workload

SEED = 3
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def iris():
    return open_source("iris")


def studied(recipe, work):
    training = Training(recipe, work, seed=SEED)
    training.advance(recipe.epochs)
    training.restore_best()
    return training.model.state_dict()


def source(recipe, work):
    return PLAIN.write(parts_of(recipe, work), recipe, work, About(title="Train.", seed=SEED))


def scripted(text, work):
    names = {"__name__": "train", "__doc__": "Train."}
    exec(compile(text.replace("from data import load", ""), "train.py", "exec"), names)  # noqa: S102 - the script under test
    data = {part: tensors(work.dataset, part, CPU) for part in ("train", "valid", "test")}
    with redirect_stdout(io.StringIO()):
        return names["train"](SEED, data, CPU).state_dict()


def assert_alike(recipe, work):
    expected, trained = studied(recipe, work), scripted(source(recipe, work), work)
    assert list(expected) == list(trained)
    assert all(torch.equal(weight, trained[name]) for name, weight in expected.items())


OPTIMIZERS = sorted(set(catalogue.choices("optimizer")) - {"SparseAdam"})


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_is_written_out_and_trains_the_same_weights(name, iris):
    kind = catalogue.find("optimizer", name)
    rows = iris.rows if kind.full_batch else 32
    recipe = Recipe(optimizer=kind(), model=MLP(width=16), epochs=2, batch_size=rows)
    try:
        recipe.optimizer.build(iris.specimen(recipe.model), 10)
    except BadValue as missing:
        pytest.skip(str(missing))

    assert_alike(recipe, iris)


@pytest.mark.parametrize("name", sorted(catalogue.choices("schedule")))
def test_every_schedule_is_written_out(name, iris):
    assert_alike(Recipe(schedule=catalogue.find("schedule", name)(), model=MLP(width=16), epochs=3), iris)


@pytest.mark.parametrize("axis", ["regularizers", "wrappers"])
def test_whatever_attaches_to_a_run_is_written_out(axis):
    digits = workload(FORMS["image"], CNN)
    module = digits.specimen(digits.model)
    for kind in catalogue.choices(axis).values():
        if kind.suits(module, "classification", digits.dataset.inputs):
            assert_alike(Recipe(model=CNN(channels=4), epochs=2, batch_size=16, **{axis: (kind(),)}), digits)


@pytest.mark.parametrize(("inputs", "model"), FITTING)
def test_every_model_is_written_out_for_the_rows_that_it_takes(inputs, model):
    assert_alike(Recipe(model=model(), optimizer=Muon(), epochs=2, batch_size=16), workload(inputs, model))


def test_sparse_tables_keep_an_optimizer_of_their_own():
    recipe = Recipe(model=Bag(), optimizer=catalogue.find("optimizer", "SparseAdam")(), epochs=2)

    assert_alike(recipe, workload(FORMS["text"], Bag))


def test_balanced_classes_and_several_regularizers_together(iris):
    several = tuple(catalogue.find("regularizers", name)() for name in ("Dropout", "LabelSmoothing", "Mixup"))
    recipe = Recipe(model=MLP(norm="batch"), regularizers=several, epochs=3)

    assert_alike(
        replace(recipe, wrappers=(catalogue.find("wrappers", "EMA")(),)),
        replace(iris, class_weights="balanced"),
    )


@pytest.mark.parametrize("options", [{"epochs": 59, "wrappers": (EMA(),)}, {"epochs": 18, "measurements": 5}])
def test_a_run_is_measured_after_the_same_epochs(iris, options):
    assert_alike(Recipe(model=MLP(width=8), batch_size=120, **options), iris)


@pytest.mark.parametrize("changes", [{}, {"wrappers": (EMA(),)}])
def test_products_in_bfloat16_are_written_out(iris, changes):
    assert_alike(Recipe(model=MLP(width=16), epochs=2, precision="bf16", **changes), iris)


def test_compiled_passes_are_written_out(iris):
    text = source(Recipe(model=MLP(width=16), compiled=True, precision="bf16"), iris)
    assert "    return torch.compile(model)\n" in text
    assert "        return loss(compiled(model)(inputs), targets)\n" in text


def test_amounts_are_measured_in_their_own_units():
    diabetes = open_source("diabetes")

    assert_alike(Recipe(model=MLP(width=16), epochs=2), diabetes)


def test_a_model_and_a_loss_of_the_users_own_stay_in_their_files(tmp_path):
    (tmp_path / "my_net.py").write_text(
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
        "    def __init__(self, inputs, outputs):\n        super().__init__()\n"
        "        self.layers = nn.Sequential(nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, outputs))\n\n"
        "    def forward(self, rows):\n        return self.layers(rows)\n\n\n"
        "def focal(outputs, targets):\n"
        "    chance = torch.softmax(outputs, 1).gather(1, targets[:, None])\n"
        "    return -((1 - chance) ** 2 * chance.log()).mean()\n"
    )
    from advisor.jobs.workloads import open_workload  # noqa: F401 - the whole program opens it so too
    from studies.own_loss import OwnLoss

    iris = open_source("iris", model=f"{tmp_path / 'my_net.py'}:Net")
    iris = replace(iris, own_loss=OwnLoss.of(f"{tmp_path / 'my_net.py'}:focal"))
    recipe = Recipe(model=iris.model, optimizer=SGD(), epochs=2)
    parts = parts_of(recipe, iris)

    sys.path.insert(0, str(tmp_path))
    try:
        assert_alike(recipe, iris)
    finally:
        sys.path.remove(str(tmp_path))
    assert [path.name for path in parts.copies] == ["my_net.py"]
    assert parts.loss == "focal"


@pytest.mark.parametrize(
    ("optimizer", "inputs", "model"),
    [
        pytest.param(SGD(), "table", MLP, id="table"),
        pytest.param(AdamW(), "image", CNN, id="image"),
        pytest.param(Muon(), "text", Bag, id="text"),
        pytest.param(catalogue.find("optimizer", "Lion")(), "signal", Conv1D, id="signal"),
    ],
)
def test_the_script_runs_where_nothing_of_ours_can_be_imported(optimizer, inputs, model, tmp_path):
    work = workload(FORMS[inputs], model)
    recipe = Recipe(optimizer=optimizer, model=model(), epochs=2, batch_size=16)
    (tmp_path / "train.py").write_text(source(recipe, work))
    write_rows(work.dataset, tmp_path)

    run = subprocess.run(
        [sys.executable, "-c", f"{BARRING}\nimport runpy\nrunpy.run_path('train.py', run_name='__main__')"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    weights = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert all(torch.equal(weight, weights[name]) for name, weight in studied(recipe, work).items())


def test_what_no_script_can_hold_is_said(iris):
    metric = replace(iris.metric, name="my_metric:score", score=lambda outputs, targets: np.nan)

    with pytest.raises(CannotWrite, match="metric my_metric:score cannot be written out"):
        parts_of(Recipe(model=MLP()), replace(iris, metric=metric))
