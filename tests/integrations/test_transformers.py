"""Hugging Face Trainer, the real one, with tiny models of random weights: searches, and recipes."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

import advisor
from studies.errors import BadValue
from studies.storage import journal

from trainer_runs import noting, recipe_of

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*pin_memory.*"),
]


def sentences(rows, seed):
    """Return rows of eight words; the class is which of the words 1, 2 and 3 stands there."""
    random = torch.Generator().manual_seed(seed)
    words = torch.randint(4, 20, (rows, 8), generator=random)
    labels = torch.randint(3, (rows,), generator=random)
    words[torch.arange(rows), torch.randint(8, (rows,), generator=random)] = labels + 1
    return [{"input_ids": row, "labels": label} for row, label in zip(words, labels, strict=True)]


TRAIN, VALID = sentences(120, 0), sentences(60, 1)
CONFIG = BertConfig(
    vocab_size=20,
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    max_position_embeddings=8,
    num_labels=3,
)


def accuracy(prediction):
    return {"accuracy": float(np.mean(prediction.predictions.argmax(1) == prediction.label_ids))}


def trained(recipe, folder, report=None, *, seed=0, metric="eval_accuracy", groups=None, **options):
    settings = {"num_train_epochs": recipe.epochs, "per_device_train_batch_size": recipe.batch_size}
    settings |= {"eval_strategy": "epoch", "logging_strategy": "epoch", "save_strategy": "no"}
    settings |= {"report_to": [], "use_cpu": True, "disable_tqdm": True, "seed": seed, "max_grad_norm": 0.0}
    arguments = TrainingArguments(str(folder), **settings | options)
    model = BertForSequenceClassification(CONFIG)
    steps = advisor.transformers.steps(arguments, len(TRAIN))
    trainer = Trainer(
        model,
        arguments,
        train_dataset=TRAIN,
        eval_dataset=VALID,
        compute_metrics=accuracy,
        optimizers=advisor.transformers.optimizers(recipe, model, steps, groups=groups),
        callbacks=[advisor.transformers.Report(report, metric=metric)],
    )
    trainer.train()
    assert trainer.state.max_steps == steps
    return trainer


def test_a_search_over_a_trainer_ends_with_an_advice_and_stops_poor_trials_early(home, tmp_path):
    def fit(recipe, report, seed):
        trained(recipe, tmp_path, report, seed=seed)

    study = advisor.search(
        fit, metric="accuracy", epochs=9, budget="10trials", home=home, tracking_uri="off",
        optimizers=("AdamW", "SGD"), batch_size="32",
    )  # fmt: skip
    advice = advisor.recommend(study, home=home)
    records = journal.records(journal.open_study(home, study))
    assert advice.quality > 0.4
    assert {record.state for record in records} >= {"complete", "pruned"}
    assert all(record.epochs < 9 for record in records if record.state == "pruned")


def test_each_evaluated_epoch_is_reported_once_with_both_losses(tmp_path):
    reports = []
    trainer = trained(recipe_of(), tmp_path, noting(reports))
    trainer.evaluate()  # once more, after the last epoch
    assert [epoch for epoch, _, _ in reports] == [1, 2, 3]
    assert all(losses["valid_loss"] > 0 and losses["train_loss"] > 0 for _, _, losses in reports)


def test_evaluating_within_an_epoch_reports_the_epochs_that_are_done(tmp_path):
    reports = []
    trained(recipe_of(batch_size=30), tmp_path, noting(reports), eval_strategy="steps", eval_steps=2)
    assert [epoch for epoch, _, _ in reports] == [1, 2, 3]


def test_a_word_to_stop_ends_the_training(tmp_path):
    trainer = trained(recipe_of(epochs=9), tmp_path, noting([], stop_after=2))
    assert trainer.state.epoch == 2.0


@pytest.mark.parametrize(
    "options", [{"gradient_accumulation_steps": 3}, {"max_steps": 5}, {"dataloader_drop_last": True}]
)
def test_the_schedule_ends_with_the_run(options, tmp_path):
    recipe = recipe_of(schedule="LinearDecay", batch_size=32)
    trainer = trained(recipe, tmp_path, **options)
    (lr, *_) = trainer.lr_scheduler.get_last_lr()
    assert trainer.lr_scheduler.last_epoch == trainer.state.max_steps
    assert lr < 0.2 * recipe.optimizer.lr


@pytest.mark.parametrize("name", ["Muon", "ScheduleFreeAdamW", "Lion", "SOAP"])
def test_optimizers_of_every_make_learn_in_the_trainer(name, tmp_path):
    trainer = trained(recipe_of(name, epochs=12, batch_size=20), tmp_path)
    losses = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    assert losses[-1] < losses[0]


def test_averaged_weights_are_what_is_evaluated_in_a_search(home, tmp_path):
    def fit(recipe, report, seed):
        trained(recipe, tmp_path, report, seed=seed)

    study = advisor.search(
        fit, metric="accuracy", epochs=3, budget="3trials", home=home, tracking_uri="off",
        optimizers=("ScheduleFreeAdamW",), batch_size="32",
    )  # fmt: skip
    assert advisor.recommend(study, home=home).optimizer == "ScheduleFreeAdamW"


def test_plateau_hears_of_the_evaluation_without_a_search(tmp_path):
    recipe = advisor.Recipe(
        optimizer=advisor.optimizers.SGD(lr=1e-12), schedule=advisor.schedules.Plateau(patience=2), epochs=8
    )
    trainer = trained(recipe, tmp_path)
    assert trainer.optimizer.param_groups[0]["lr"] < 1e-12


def test_gradients_are_clipped_as_the_recipe_says(tmp_path):
    recipe = recipe_of("SGD", epochs=1, regularizers=(advisor.regularizers.GradientClipping(max_norm=0.1),))
    torch.manual_seed(0)
    before = BertForSequenceClassification(CONFIG)
    arguments = TrainingArguments(
        str(tmp_path), max_steps=1, use_cpu=True, report_to=[], disable_tqdm=True, max_grad_norm=0
    )
    optimizer, schedule = advisor.transformers.optimizers(recipe, before, 1)
    start = [weight.detach().clone() for weight in before.parameters()]
    Trainer(before, arguments, train_dataset=TRAIN, optimizers=(optimizer, schedule)).train()
    moved = torch.nn.utils.get_total_norm(
        [new.detach() - old for new, old in zip(before.parameters(), start, strict=True)]
    )
    assert float(moved) <= 0.1001 * recipe.optimizer.lr


def test_groups_of_the_users_own_keep_their_lrs(tmp_path):
    recipe = recipe_of(epochs=1)
    model = BertForSequenceClassification(CONFIG)
    groups = [
        {"params": model.bert.parameters(), "lr": 1e-4},
        {"params": model.classifier.parameters(), "lr": 1e-2},
    ]
    optimizer, _ = advisor.transformers.optimizers(recipe, model, 10, groups=groups)
    assert {group["initial_lr"] for group in optimizer.param_groups} == {1e-4, 1e-2}


def test_an_unknown_metric_is_named_with_what_was_measured(tmp_path):
    with pytest.raises(BadValue, match="'accuracy'; did you mean 'eval_accuracy'"):
        trained(recipe_of(), tmp_path, noting([]), metric="accuracy")


def test_without_the_package_a_line_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(BadValue, match=r"pip install 'optimizer-advisor\[transformers\]'"):
        advisor.transformers.Report  # noqa: B018
