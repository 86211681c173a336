"""What a compressed model is trained again with."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from studies import catalogue
from studies.compression.retraining import retrained
from studies.data.rows import tensors
from studies.finetuning.gradual import Gradual
from studies.finetuning.none import NoFinetuning
from studies.finetuning.restart import Restart
from studies.finetuning.rewind import Rewind
from studies.measure.outputs import outputs_of
from studies.models.mlp import MLP
from studies.optimizers.adamw import AdamW
from studies.optimizers.lbfgs import LBFGS
from studies.optimizers.prodigy import Prodigy
from studies.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from studies.optimizers.sgd import SGD
from studies.recipe import Recipe
from studies.record import Measurement
from studies.regularizers.early_stopping import EarlyStopping
from studies.regularizers.label_smoothing import LabelSmoothing
from studies.schedules.constant import Constant
from studies.schedules.cosine import Cosine
from studies.schedules.onecycle import OneCycle
from studies.schedules.plateau import Plateau
from studies.train import Training
from studies.wrappers.ema import EMA
from studies.wrappers.sam import SAM

from choice_params import of

TINY = MLP(width=16, depth=1)


@pytest.mark.parametrize("choice", [Restart, Gradual, Rewind])
def test_optimizer_regularizers_wrappers_batch_and_model_are_kept(choice):
    trained = Recipe(
        optimizer=AdamW(lr=0.01, beta1=0.8),
        regularizers=(LabelSmoothing(),),
        wrappers=(EMA(), SAM()),
        batch_size=7,
        model=TINY,
    )
    short = retrained(choice(), trained)

    assert (short.regularizers, short.wrappers, short.batch_size, short.model) == (
        trained.regularizers, trained.wrappers, 7, TINY
    )  # fmt: skip
    assert (type(short.optimizer), short.optimizer.beta1) == (AdamW, 0.8)


@pytest.mark.parametrize("choice", [Restart, Gradual, Rewind])
@pytest.mark.parametrize(
    ("epochs", "share", "wanted"), [(27, 0.25, 7), (1, 0.1, 1), (70, 0.1, 7), (3, 0.5, 2), (4, 0.25, 1)]
)
def test_epochs_are_rounded_up_to_at_least_one(choice, epochs, share, wanted):
    assert retrained(choice(share=share), Recipe(epochs=epochs)).epochs == wanted


@pytest.mark.parametrize("choice", [Restart, Gradual])
def test_the_lr_climbs_again_to_a_share_of_the_trained_one_and_falls(choice, iris):
    short = retrained(choice(share=0.5, lr_factor=0.3), Recipe(optimizer=SGD(lr=0.2), model=TINY, epochs=20))
    run = Training(short, iris, seed=0)
    lrs = []
    run.after_step.append(lambda: lrs.append(run.optimizer.param_groups[0]["lr"]))
    run.advance(10)
    top = lrs.index(max(lrs))

    assert max(lrs) == pytest.approx(0.06, rel=0.02)
    assert lrs[0] < 0.01
    assert lrs[-1] < 0.01
    assert 0.15 < top / len(lrs) < 0.35


def test_the_rewound_lrs_are_those_that_training_ended_with_step_by_step(iris):
    trained = Recipe(optimizer=SGD(lr=0.2), schedule=Cosine(warmup=0.2), model=TINY, epochs=10)

    def lrs(recipe):
        run = Training(recipe, iris, seed=0)
        rates = []
        run.after_step.append(lambda: rates.append(run.lr))
        run.advance(recipe.epochs)
        return rates

    whole, again = lrs(trained), lrs(retrained(Rewind(share=0.25), trained))
    assert again == pytest.approx(whole[-len(again) :])
    assert len(again) == 0.3 * len(whole)


def test_a_warmup_as_long_as_the_rewound_share_reaches_is_replayed_too():
    schedule = retrained(Rewind(share=0.5), Recipe(schedule=OneCycle(warmup=0.75), epochs=8)).schedule

    assert [schedule.at(progress) for progress in (0.0, 0.25, 0.5)] == pytest.approx([2 / 3, 5 / 6, 1.0])
    assert schedule.at(1.0) == pytest.approx(0.0)


def test_a_schedule_that_follows_validation_goes_on_doing_so():
    schedule = retrained(Rewind(), Recipe(schedule=Plateau(patience=2, gamma=0.5))).schedule
    worse = [
        Measurement(epoch=n, step=n, seconds=0.0, train_loss=1.0, valid_loss=float(n), valid_metric=0.0)
        for n in range(1, 4)
    ]
    assert (schedule.reaction(worse[:1]), schedule.reaction(worse)) == (1.0, 0.5)


@pytest.mark.parametrize("choice", [Restart(lr_factor=0.1), Gradual(lr_factor=1.0), Rewind(share=0.5)])
def test_weight_decay_stays_the_number_it_was(choice, iris):
    trained = Recipe(optimizer=AdamW(lr=0.01, decay_horizon=2.0), model=TINY, epochs=20)
    short = retrained(choice, trained)

    def decay(recipe):
        return Training(recipe, iris, seed=0).optimizer.param_groups[0]["weight_decay"]

    assert decay(short) == pytest.approx(decay(trained))


@pytest.mark.parametrize("choice", [Restart, Gradual])
@pytest.mark.parametrize("optimizer", [ScheduleFreeAdamW(), LBFGS()])
def test_no_cycle_stands_beside_an_optimizer_with_a_schedule_of_its_own(choice, optimizer):
    assert retrained(choice(), Recipe(optimizer=optimizer, schedule=Constant())).schedule == Constant()


def test_early_stopping_does_not_end_a_run_while_the_lr_climbs_and_stays_where_the_lr_only_falls():
    trained = Recipe(regularizers=(EarlyStopping(patience=4), LabelSmoothing()))

    assert retrained(Restart(), trained).regularizers == (LabelSmoothing(),)
    assert retrained(Gradual(), trained).regularizers == (LabelSmoothing(),)
    assert retrained(Rewind(), trained).regularizers == trained.regularizers


def test_only_the_gradual_one_prunes_meanwhile():
    assert [choice.gradual for choice in (Gradual, Restart, Rewind, NoFinetuning)] == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("choice", of("optimizer"))
def test_every_optimizer_can_train_on_at_another_lr(choice):
    for finetuning in (Restart(share=0.25, lr_factor=0.1), Rewind(share=0.25)):
        short = retrained(finetuning, Recipe(optimizer=choice(), epochs=8))
        factor = 0.1 if isinstance(finetuning, Restart) else 1.0

        assert short.optimizer.lr == pytest.approx(factor * choice().lr)
        assert short.epochs == 2


@pytest.mark.parametrize(
    "optimizer", [AdamW(), LBFGS(), ScheduleFreeAdamW(), Prodigy()], ids=lambda optimizer: optimizer.name()
)
@pytest.mark.parametrize("finetuning", [Restart(share=0.5), Rewind(share=0.5)], ids=["restart", "rewind"])
def test_a_trained_model_that_was_hurt_gets_better_again(optimizer, finetuning, iris):
    pytest.importorskip("schedulefree")
    pytest.importorskip("pytorch_optimizer")
    schedule = Constant(warmup=0.1) if optimizer.own_schedule else Cosine(warmup=0.1)
    trained = Recipe(optimizer=optimizer, schedule=schedule, model=TINY, epochs=24, batch_size=16)
    first = Training(trained, iris, seed=0)
    first.advance(24)
    first.restore_best()
    hurt = deepcopy(first.model)
    with torch.no_grad():
        for parameter in hurt.parameters():
            parameter.add_(
                torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
                * 0.5
                * parameter.std()
            )
    before = loss(hurt, iris)
    again = Training(retrained(finetuning, trained), iris, seed=0, model=hurt)
    again.advance(again.recipe.epochs)
    again.restore_best()

    assert again.epoch == 12
    assert loss(again.model, iris) < before


def loss(model, workload):
    inputs, targets = tensors(workload.dataset, "valid", torch.device("cpu"))
    return float(workload.loss(outputs_of(model, inputs), targets))


@pytest.mark.parametrize("choice", [param for param in of("finetuning") if param.id != "none"])
def test_every_setting_makes_a_recipe_that_trains(choice, iris):
    for share in (0.1, 0.25, 0.5):
        run = Training(retrained(choice(share=share), Recipe(model=TINY, epochs=3)), iris, seed=0)

        assert run.advance(run.recipe.epochs)
        assert catalogue.find("finetuning", choice.name()) is choice
