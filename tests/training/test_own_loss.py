"""An own loss: any function of all outputs and of targets in any form, and inputs in dicts and tuples."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import advisor
from advisor.jobs.register import register
from studies.errors import BadValue, BadWorkload
from studies.optimizers.adamw import AdamW
from studies.recipe import Recipe
from studies.schedules.constant import Constant
from studies.storage import journal
from studies.train import Training
from studies.workload import Workload

from loss_forms import DRAW, FORMS, LABELS, TABLE, MainAndAuxiliary, autoencoder, opened, pair_of_targets
from waiting import HANG_SECONDS


def refusal(workload):
    with pytest.raises((BadWorkload, BadValue)) as caught:
        opened(workload)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_a_search_ends_with_an_advice_and_goes_on_later_whatever_the_form(form, tmp_path):
    options = {"tracking_uri": "off", "epochs": 9, "optimizers": "AdamW,SGD", "home": tmp_path}
    study = advisor.search(FORMS[form], budget="2trials", **options)
    before = journal.records(journal.open_study(tmp_path, study))
    assert advisor.recommend(study, home=tmp_path).optimizer in {"AdamW", "SGD"}
    advisor.resume(study, budget="3trials", home=tmp_path)
    after = journal.records(journal.open_study(tmp_path, study))
    assert all(record.quality is not None for record in after)
    assert after[: len(before)] == before


@pytest.mark.parametrize("form", [form for form in FORMS if FORMS[form].loss is not None])
def test_an_own_loss_is_what_training_lowers(form):
    workload = opened(FORMS[form])
    recipe = Recipe(
        model=workload.model, optimizer=AdamW(lr=0.02), schedule=Constant(), epochs=12, batch_size=16
    )
    training = Training(recipe, workload, seed=0)
    training.advance(12)
    assert training.curve[-1].train_loss < training.curve[0].train_loss


def test_a_free_target_is_judged_by_the_mean_of_the_own_loss_made_small():
    workload = opened(FORMS["segmentation"])
    assert (workload.metric.name, workload.metric.direction, workload.baseline()) == (
        "loss",
        "minimize",
        None,
    )
    assert (workload.dataset.task, workload.dataset.free) == ("own", True)


def test_targets_and_inputs_for_an_own_loss_reach_it_as_they_came():
    heights = DRAW.uniform(100, 200, size=60).astype(np.float32)
    pieces = opened(
        Workload(train=(TABLE * 50, heights), loss=functional.mse_loss, model=lambda: nn.Linear(5, 1))
    )
    dataset = pieces.dataset
    assert set(
        np.concatenate([part.targets for part in (dataset.train, dataset.valid, dataset.test)])
    ) == set(heights)
    assert np.isin(dataset.train.inputs, TABLE * 50).all()
    assert any("as they came; the inputs are not scaled" in note for note in pieces.notes)


def test_a_column_of_outputs_meets_a_plain_row_of_targets_one_by_one():
    heights = torch.arange(4.0)
    loss = opened(
        Workload(train=(TABLE, TABLE[:, 0]), loss=functional.mse_loss, model=lambda: nn.Linear(5, 1))
    ).loss
    assert loss(heights[:, None], heights) == 0


def test_labels_keep_their_classes_and_accuracy_beside_an_own_loss():
    workload = opened(FORMS["main and auxiliary outputs"])
    assert (workload.metric.name, workload.dataset.classes) == ("accuracy", ("0", "1"))


def test_labels_whose_loss_takes_embeddings_reach_it_as_they_came():
    workload = opened(FORMS["pairs with labels"])
    assert workload.dataset.free
    assert set(workload.dataset.train.targets) == {0, 1}


def test_an_own_metric_gets_the_main_output_and_the_targets_in_their_form():
    def first_class_share(outputs, targets):
        assert outputs.shape[1] == 2
        return float((outputs.argmax(axis=1) == targets["class"]).mean())

    first_class_share.direction = "maximize"
    workload = opened(
        Workload(
            train=(TABLE, {"class": LABELS, "amount": TABLE[:, :2]}),
            loss=pair_of_targets,
            model=MainAndAuxiliary,
            metric=first_class_share,
        )
    )
    training = Training(Recipe(model=workload.model, epochs=2), workload, seed=0)
    training.advance(2)
    assert 0 <= training.quality <= 1


def test_the_validation_loss_does_not_hang_on_how_the_rows_are_cut_into_batches():
    rows = DRAW.normal(size=(1500, 5)).astype(np.float32)
    workload = opened(Workload(train=(rows, None), loss=nn.MSELoss(), model=autoencoder))
    training = Training(Recipe(model=workload.model, epochs=1), workload, seed=0)
    training.advance(1)
    inputs = torch.from_numpy(workload.dataset.valid.inputs)
    with torch.inference_mode():
        whole = functional.mse_loss(training.model.eval()(inputs), inputs)
    assert training.curve[-1].valid_loss == pytest.approx(float(whole), rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"loss": lambda outputs, targets: (outputs - targets).square()},
            "must return one number",
            id="rows",
        ),
        pytest.param({"loss": lambda outputs, targets: 1.0}, "returns float", id="no tensor"),
        pytest.param(
            {"loss": lambda outputs, targets: outputs.detach().mean()}, "no gradient", id="detached"
        ),
        pytest.param({"loss": nn.GaussianNLLLoss()}, "fails: TypeError", id="raises"),
        pytest.param({"loss": nn.GaussianNLLLoss()}, "(2, 5) of float32", id="raises on forms that are said"),
        pytest.param({"loss": "mse"}, "as torch.nn.MSELoss()", id="a bare name"),
        pytest.param({"loss": 3}, "loss is int", id="a number"),
        pytest.param(
            {"loss": nn.AdaptiveLogSoftmaxWithLoss}, "without arguments", id="a class with arguments"
        ),
        pytest.param({"loss": nn.AdaptiveLogSoftmaxWithLoss(5, 5, [2])}, "weights of its own", id="weights"),
        pytest.param({"metric": "accuracy"}, "allowed: loss", id="a metric of classes"),
        pytest.param({"class_weights": "balanced"}, "weighs nothing", id="class weights"),
        pytest.param({"model": None, "train": (TABLE, TABLE[:, :, None])}, "give model=", id="no model"),
        pytest.param({"train": (TABLE, {"a": TABLE, "b": TABLE[:9]})}, "9 and 60 rows", id="unequal parts"),
        pytest.param({"loss": None, "train": (TABLE, None)}, "no targets; give Workload(loss=", id="no loss"),
    ],
)
def test_what_cannot_be_a_loss_or_its_data_is_refused_in_one_line(changes, said):
    usual = {"train": (TABLE, TABLE[:, :5] * 2), "loss": functional.mse_loss, "model": autoencoder}
    assert said in refusal(Workload(**{**usual, **changes}))


def test_compression_is_refused_where_a_file_could_not_be_measured(tmp_path):
    for form in ("segmentation", "inputs by name", "an object with logits"):
        with pytest.raises(BadWorkload, match="compression needs one input a row"):
            advisor.search(FORMS[form], budget="2trials", compression="after", home=tmp_path)


@pytest.mark.parametrize("form", ["inputs by name", "pairs"])
def test_a_model_of_several_inputs_a_row_is_not_registered(form, tmp_path):
    options = {"tracking_uri": "off", "epochs": 9, "optimizers": "SGD", "home": tmp_path}
    study = advisor.search(FORMS[form], budget="1trials", **options)
    with pytest.raises(BadWorkload, match="takes several inputs a row"):
        register(tmp_path, study, "net", tracking_uri=f"sqlite:///{tmp_path}/mlflow.db")


def test_a_study_goes_on_in_another_process_and_only_with_the_loss_that_it_began_with(tmp_path):
    work = tmp_path / "work.py"
    work.write_text(CODE)
    home = ("--home", str(tmp_path / "home"), "--budget")
    run(
        f"{work}:workload", "search", *home, "1trials", "--epochs", "9", "--optimizers", "SGD", "--study", "s"
    )
    run("s", "resume", *home, "2trials")
    work.write_text(CODE.replace("scaled", "halved"))
    done = run("s", "resume", *home, "3trials", status=2)
    assert "start a new study, or bring the old loss back" in done


CODE = """
import numpy as np, advisor
from torch import nn

rows = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")

def net():
    return nn.Linear(5, 5)

def scaled(outputs, targets):
    return (outputs - targets).square().mean()

workload = advisor.Workload(train=(rows, None), model=net, loss=scaled)
"""


def run(subject, command, *options, status=0):
    """Return what a command says on stderr, run in a process of its own."""
    words = [sys.executable, "-m", "advisor", command, subject, *options]
    off = ("--tracking-uri", "off") if command == "search" else ()
    done = subprocess.run([*words, *off], capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
    assert done.returncode == status, done.stderr
    return done.stderr


def test_choices_that_change_inputs_or_targets_are_left_out_or_refused(tmp_path):
    with pytest.raises(BadValue, match="Mixup changes inputs or targets"):
        advisor.search(FORMS["no targets"], budget="2trials", regularizers="Mixup", home=tmp_path)
