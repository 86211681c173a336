"""Lightning, the real one: a search over a LightningModule, and a recipe as its optimizers."""

from __future__ import annotations

import logging
import sys

import lightning.pytorch as pl
import pytest
import torch
from sklearn.datasets import load_iris
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

import advisor
from studies.errors import BadValue
from studies.optim.composite import Composite
from studies.storage import journal

from trainer_runs import QUIET_LIGHTNING, noting, recipe_of

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*num_workers.*"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*treespec.*:FutureWarning"),
]
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

ROWS, LABELS = load_iris(return_X_y=True)
ORDER = torch.randperm(150, generator=torch.Generator().manual_seed(0))
INPUTS = torch.tensor((ROWS - ROWS.mean(0)) / ROWS.std(0), dtype=torch.float32)[ORDER]
TARGETS = torch.tensor(LABELS)[ORDER]
TRAIN, VALID = TensorDataset(INPUTS[:100], TARGETS[:100]), TensorDataset(INPUTS[100:], TARGETS[100:])


class Net(pl.LightningModule):
    def __init__(self, recipe, *, norm=False):
        super().__init__()
        self.recipe = recipe
        middle = nn.BatchNorm1d(16) if norm else nn.Identity()
        self.layers = nn.Sequential(nn.Linear(4, 16), middle, nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3))

    def forward(self, rows):
        return self.layers(rows)

    def training_step(self, batch, batch_idx):  # noqa: ARG002
        loss = functional.cross_entropy(self(batch[0]), batch[1])
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, batch_idx):  # noqa: ARG002
        outputs = self(batch[0])
        self.log("val_loss", functional.cross_entropy(outputs, batch[1]))
        self.log("val_acc", (outputs.argmax(1) == batch[1]).float().mean())

    def configure_optimizers(self):
        return advisor.lightning.optimizers(self.recipe, self)


def trainer(epochs, *callbacks, **options):
    return pl.Trainer(max_epochs=epochs, callbacks=list(callbacks), **QUIET_LIGHTNING | options)


def fitted(recipe, report=None, *, net=None, batch_size=25, metric="val_acc", rows=None, **options):
    torch.manual_seed(0)
    net = net or Net(recipe)
    train = DataLoader(TRAIN, batch_size=batch_size, shuffle=True)
    reporting = advisor.lightning.Report(report, metric=metric, rows=rows)
    run = trainer(recipe.epochs, reporting, **options)
    run.fit(net, train, DataLoader(VALID, batch_size=50))
    return net, run


def fit(recipe, report, seed):
    train = DataLoader(TRAIN, batch_size=recipe.batch_size, shuffle=True)
    reporting = advisor.lightning.Report(report, metric="val_acc")
    trainer(recipe.epochs, reporting).fit(Net(recipe), train, DataLoader(VALID, batch_size=50))


def test_a_search_over_a_lightning_module_ends_with_an_advice_and_stops_poor_trials_early(home):
    study = advisor.search(
        fit, metric="accuracy", epochs=9, budget="14trials", home=home, tracking_uri="off",
        optimizers=("AdamW", "SGD"),
    )  # fmt: skip
    advice = advisor.recommend(study, home=home)
    records = journal.records(journal.open_study(home, study))
    assert advice.quality > 0.8
    assert {record.state for record in records} >= {"complete", "pruned"}
    assert all(record.epochs < 9 for record in records if record.state == "pruned")


def test_each_validated_epoch_is_reported_once_with_both_losses():
    reports = []
    fitted(recipe_of(), noting(reports))
    assert [epoch for epoch, _, _ in reports] == [1, 2, 3]
    assert all(0 < metric <= 1 for _, metric, _ in reports)
    assert all(losses["valid_loss"] > 0 and losses["train_loss"] > 0 for _, _, losses in reports)


@pytest.mark.parametrize(
    ("options", "epochs"),
    [({"val_check_interval": 0.5}, [1, 2, 3, 4]), ({"check_val_every_n_epoch": 2}, [2, 4])],
    ids=["twice an epoch", "every second epoch"],
)
def test_validating_at_other_times_reports_the_epochs_that_were_validated(options, epochs):
    reports = []
    fitted(recipe_of(epochs=4), noting(reports), **options)
    assert [epoch for epoch, _, _ in reports] == epochs


def test_a_word_to_stop_ends_the_fit():
    reports = []
    _, run = fitted(recipe_of(epochs=9), noting(reports, stop_after=2))
    assert run.current_epoch == 2
    assert len(reports) == 2


def test_the_schedule_follows_steps_and_ends_with_the_run():
    _, run = fitted(recipe_of(schedule="LinearDecay", epochs=4), accumulate_grad_batches=2)
    assert run.global_step == 8  # 4 batches an epoch, two a step
    (config,) = run.lr_scheduler_configs
    assert config.interval == "step"
    assert config.scheduler.last_epoch == 8
    assert run.optimizers[0].param_groups[0]["lr"] < 0.1 * recipe_of().optimizer.lr


@pytest.mark.parametrize("name", ["Muon", "ScheduleFreeAdamW", "LBFGS", "Lion", "SOAP"])
def test_optimizers_of_every_make_learn_in_lightning(name):
    reports = []
    fitted(recipe_of(name, epochs=12), noting(reports), batch_size=100 if name == "LBFGS" else 10)
    assert max(metric for _, metric, _ in reports) > 0.6


def test_muon_is_routed_in_lightning():
    _, run = fitted(recipe_of("Muon"))
    assert isinstance(run.optimizers[0], Composite)


def test_averaged_weights_are_what_is_validated_and_the_others_are_trained_on():
    net, run = fitted(recipe_of("ScheduleFreeAdamW", epochs=4))
    optimizer = run.optimizers[0]
    assert all(group["train_mode"] for group in optimizer.param_groups)
    with torch.no_grad():
        stepped = net.eval()(INPUTS)
        optimizer.eval()
        averaged = net(INPUTS)
    measured = functional.cross_entropy(averaged[100:], TARGETS[100:])
    assert not torch.equal(stepped, averaged)
    assert float(run.callback_metrics["val_loss"]) == pytest.approx(float(measured), abs=1e-6)


def test_batch_norm_of_averaged_weights_wants_rows_in_a_line_and_takes_them():
    recipe = recipe_of("ScheduleFreeAdamW")
    with pytest.raises(BadValue, match="rows= of a callback"):
        fitted(recipe, net=Net(recipe, norm=True))
    reports = []
    fitted(recipe, noting(reports), net=Net(recipe, norm=True), rows=INPUTS[:100])
    assert len(reports) == 3


def test_plateau_hears_of_the_validation_loss_without_a_search():
    recipe = advisor.Recipe(
        optimizer=advisor.optimizers.SGD(lr=1e-12), schedule=advisor.schedules.Plateau(patience=2), epochs=12
    )
    _, run = fitted(recipe)
    assert run.optimizers[0].param_groups[0]["lr"] < recipe.optimizer.lr


def test_gradients_are_clipped_as_the_recipe_says_inside_lightnings_closure():
    lengths = []

    class Watched(Net):
        def on_train_batch_end(self, *_):
            grads = [weight.grad for weight in self.parameters()]
            lengths.append(float(torch.nn.utils.get_total_norm(grads)))

    recipe = recipe_of(regularizers=(advisor.regularizers.GradientClipping(max_norm=0.1),))
    fitted(recipe, net=Watched(recipe))
    assert lengths
    assert max(lengths) <= 0.1001


def test_what_a_loop_of_lightning_cannot_do_is_said(caplog):
    fitted(recipe_of(regularizers=(advisor.regularizers.LabelSmoothing(), advisor.regularizers.Dropout())))
    assert "LabelSmoothing" in caplog.text
    assert "Dropout" not in caplog.text


def test_dropout_of_the_recipe_is_the_modules():
    net, _ = fitted(recipe_of(regularizers=(advisor.regularizers.Dropout(rate=0.25),)))
    assert net.layers[3].p == 0.25


def test_an_unknown_metric_is_named_with_what_is_logged():
    with pytest.raises(
        BadValue, match=r"'val_accuracy'; did you mean 'val_acc'\? Measured: train_loss, val_acc, val_loss"
    ):
        fitted(recipe_of(), noting([]), metric="val_accuracy")


def test_a_trainer_without_an_end_is_refused_in_a_line():
    net = Net(recipe_of())
    with pytest.raises(BadValue, match=r"max_epochs=recipe\.epochs"):
        trainer(-1, max_steps=-1).fit(net, DataLoader(TRAIN, batch_size=50), DataLoader(VALID))


def test_without_the_package_a_line_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightning", None)
    with pytest.raises(BadValue, match=r"pip install 'optimizer-advisor\[lightning\]'"):
        advisor.lightning.Report  # noqa: B018
