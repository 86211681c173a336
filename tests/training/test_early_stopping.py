"""Early stopping: when a run has had enough, and that it counts as complete."""

from __future__ import annotations

from studies import catalogue
from studies.limits import Budget, Limits
from studies.optimizers.lbfgs import LBFGS
from studies.optimizers.sgd import SGD
from studies.plans.plan import Plan
from studies.recipe import Recipe
from studies.record import Measurement
from studies.regularizers.clip import GradientClipping
from studies.regularizers.early_stopping import EarlyStopping
from studies.schedules.constant import Constant
from studies.search.clock import Clock
from studies.search.group import Group
from studies.search.promotion import BestThird
from studies.search.search import Search
from studies.storage import journal
from studies.train import Training


def training(workload, *regularizers, optimizer=None, epochs=3, model=None):
    recipe = Recipe(
        optimizer=optimizer or SGD(lr=0.1),
        schedule=Constant(),
        model=model or workload.model,
        epochs=epochs,
        regularizers=regularizers,
    )
    return Training(recipe, workload, seed=0)


def waiting(run, *curve):
    """Ask whether a run with this curve of (metric, loss) has had enough."""
    run.curve = [
        Measurement(
            epoch=epoch, step=epoch, seconds=0.0, train_loss=1.0, valid_loss=loss, valid_metric=metric
        )
        for epoch, (metric, loss) in enumerate(curve, start=1)
    ]
    return any(check() for check in run.stop_conditions)


def test_early_stopping_waits_for_the_metric_then_for_the_loss(iris):
    run = training(iris, EarlyStopping(patience=3))

    assert not waiting(run, (0.5, 1.0), (0.5, 1.0), (0.5, 1.0))
    assert waiting(run, (0.5, 1.0), (0.5, 1.0), (0.5, 1.0), (0.5, 1.0))
    # an equal metric with a lower loss
    assert not waiting(run, (0.5, 1.0), (0.5, 0.9), (0.5, 1.0), (0.5, 1.0))
    # a better metric with a higher loss
    assert not waiting(run, (0.5, 1.0), (0.6, 2.0), (0.6, 2.0), (0.5, 0.1))
    # a lower loss with a worse metric
    assert waiting(run, (0.5, 1.0), (0.6, 2.0), (0.5, 0.1), (0.5, 0.1), (0.5, 0.1))


def test_early_stopping_ends_the_run_patience_epochs_after_the_best(iris):
    run = training(iris, EarlyStopping(patience=4), optimizer=SGD(lr=1.0), epochs=200)
    arrived = run.advance(200)
    best = max(run.curve, key=lambda point: (point.valid_metric, -point.valid_loss))

    assert arrived
    assert run.ended
    assert run.epoch == best.epoch + 4 < 200
    assert run.quality == best.valid_metric
    assert run.advance(200)
    assert run.epoch == best.epoch + 4


def test_a_run_that_ended_early_goes_on_to_be_ended_when_resumed(iris):
    first, second = (
        training(iris, EarlyStopping(patience=4), optimizer=SGD(lr=1.0), epochs=200) for _ in range(2)
    )
    first.advance(200)
    second.load_state_dict(first.state_dict())
    second.advance(200)

    assert second.epoch == first.epoch


def test_early_stopping_counts_as_a_complete_run(home, iris):
    plan = Plan(
        candidates=("SGD",),
        schedules=("Constant",),
        regularizers=("EarlyStopping",),
        epochs=81,
        batch_size=(16, 16, 32),
        budget=Budget(trials=12),
        limits=Limits(),
    )
    study = journal.create_study(home, "s", direction=iris.metric.direction, manifest=plan.manifest())
    search = Search(
        study, iris, plan, clock=Clock(budget=plan.budget, stop=lambda: False), listen=lambda event: None
    )
    recipe = training(iris, EarlyStopping(patience=4), optimizer=SGD(lr=1.0), epochs=81).recipe
    trial = search.runner.ask(recipe, "reference")
    search.runner.train([Group(trials=[trial], promotion=BestThird(at_least=1))])
    (record,) = journal.records(study)

    assert record.state == "complete"
    assert record.epochs < 81
    assert record.quality == max(point.valid_metric for point in record.curve)


def test_early_stopping_stands_beside_every_optimizer():
    assert all(EarlyStopping.pairs_with(choice) for choice in catalogue.choices("optimizer").values())
    assert not GradientClipping.pairs_with(LBFGS)
