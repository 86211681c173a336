"""An own loss: any function of all outputs and of targets in any form, and inputs in dicts and tuples."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import Dataset

import advisor
from advisor.jobs.register import register
from studies.errors import BadValue, BadWorkload
from studies.optimizers.adamw import AdamW
from studies.recipe import Recipe
from studies.schedules.constant import Constant
from studies.storage import journal
from studies.train import Training
from studies.workload import Workload
from studies.workload_opening import workload_from_code

from waiting import HANG_SECONDS

DRAW = np.random.default_rng(0)
TABLE = DRAW.normal(size=(60, 5)).astype(np.float32)
LABELS = (TABLE[:, 0] > 0).astype(int)
MANY_LABELS = (TABLE @ DRAW.normal(size=(5, 3)) > 0).astype(np.float32)
IMAGES = DRAW.normal(size=(40, 1, 8, 8)).astype(np.float32)
IDS = DRAW.integers(1, 20, size=(50, 6))


class NextToken(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Embedding(20, 8), nn.Linear(8, 20)

    def forward(self, ids):
        return self.head(self.table(ids))


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(5, 4)

    def forward(self, left, right):
        return self.encoder(left), self.encoder(right)


class ByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(7, 2)

    def forward(self, *, wide, narrow):
        return self.head(torch.cat([wide, narrow], dim=1))


class InOrder(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(10, 2)

    def forward(self, first, second):
        return self.head(torch.cat([first, second], dim=1))


class Answer:
    def __init__(self, logits):
        self.logits = logits


class WithLogits(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(5, 2)

    def forward(self, rows):
        return Answer(self.head(rows))


class MainAndAuxiliary(nn.Module):
    def __init__(self):
        super().__init__()
        self.main, self.auxiliary = nn.Linear(5, 2), nn.Linear(5, 2)

    def forward(self, rows):
        return self.main(rows), self.auxiliary(rows)


class Items(Dataset):
    def __len__(self):
        return len(TABLE)

    def __getitem__(self, row):
        inputs = torch.from_numpy(TABLE[row])
        return {"wide": inputs, "narrow": inputs[:2], "label": int(LABELS[row])}


def conv():
    return nn.Conv2d(1, 2, 3, padding=1)


def autoencoder():
    return nn.Sequential(nn.Linear(5, 2), nn.Linear(2, 5))


def next_token_loss(outputs, targets):
    return functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())


def contrastive(outputs, targets):
    left, right = outputs
    return functional.cross_entropy(left @ right.T, torch.arange(len(left)))


def contrastive_of_labels(outputs, targets):
    return contrastive(outputs, targets) + 0.0 * targets.sum()


def both(outputs, targets):
    main, auxiliary = outputs
    return functional.cross_entropy(main, targets) + 0.3 * functional.cross_entropy(auxiliary, targets)


def pair_of_targets(outputs, targets):
    return functional.cross_entropy(outputs[0], targets["class"]) + functional.mse_loss(
        outputs[1], targets["amount"]
    )


FORMS = {
    "multi-label": Workload(train=(TABLE, MANY_LABELS), loss=nn.BCEWithLogitsLoss()),
    "segmentation": Workload(
        train=(IMAGES, (IMAGES[:, 0] > 0).astype(np.int64)), loss=functional.cross_entropy, model=conv
    ),
    "next token": Workload(train=(IDS, np.roll(IDS, -1, axis=1)), loss=next_token_loss, model=NextToken),
    "inputs as targets": Workload(train=(TABLE, TABLE), loss=functional.mse_loss, model=autoencoder),
    "no targets": Workload(train=(TABLE, None), loss=nn.MSELoss, model=autoencoder),
    "pairs": Workload(train=((TABLE, TABLE + 0.1), None), loss=contrastive, model=Pair),
    "pairs with labels": Workload(
        train=((TABLE, TABLE + 0.1), LABELS), loss=contrastive_of_labels, model=Pair
    ),
    "inputs by name": Workload(train=({"wide": TABLE, "narrow": TABLE[:, :2]}, LABELS), model=ByName),
    "inputs in order": Workload(train=((TABLE, -TABLE), LABELS), model=InOrder),
    "an object with logits": Workload(train=(TABLE, LABELS), model=WithLogits),
    "main and auxiliary outputs": Workload(train=(TABLE, LABELS), loss=both, model=MainAndAuxiliary),
    "items in dicts": Workload(train=Items(), model=ByName),
    "several targets": Workload(
        train=(TABLE, {"class": LABELS, "amount": TABLE[:, :2]}), loss=pair_of_targets, model=MainAndAuxiliary
    ),
}
"""A workload for each form of inputs, outputs, targets and loss."""


def opened(workload):
    return workload_from_code(workload, source="__main__:workload")


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


class EndsInSoftmax(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 2), nn.Softmax(dim=1))


class EndsInLogSoftmax(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 2), nn.LogSoftmax(dim=1))


class EndsInSigmoid(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 3), nn.Sigmoid())


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        (Workload(train=(TABLE, LABELS), model=EndsInSoftmax), "applies a softmax once more"),
        (Workload(train=(TABLE, LABELS), model=EndsInLogSoftmax), "log-probabilities"),
        (
            Workload(train=(TABLE, LABELS), model=EndsInSoftmax, loss=nn.CrossEntropyLoss()),
            "softmax once more",
        ),
        (Workload(train=(TABLE, MANY_LABELS), model=EndsInSigmoid, loss=nn.BCEWithLogitsLoss()), "one more"),
    ],
)
def test_outputs_that_are_probabilities_already_are_told(workload, said):
    assert any(said in note for note in opened(workload).notes)


def test_logits_and_probabilities_for_a_loss_that_wants_them_are_not_remarked():
    quiet = (
        Workload(train=(TABLE, LABELS), model=lambda: nn.Linear(5, 2)),
        Workload(train=(TABLE, MANY_LABELS), model=EndsInSigmoid, loss=nn.BCELoss()),
        Workload(train=(TABLE, LABELS), model=EndsInLogSoftmax, loss=nn.NLLLoss()),
    )
    assert not any(
        "probabilities" in note or "Sigmoid" in note for each in quiet for note in opened(each).notes
    )
