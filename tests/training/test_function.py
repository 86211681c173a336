"""Runs of a user's training function: paused, stopped, and what goes wrong in one."""

from __future__ import annotations

import math
import pickle
import signal
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from studies.direction import MINIMIZE
from studies.errors import BadValue
from studies.infeasible import Diverged
from studies.optimizers.adamw import AdamW
from studies.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from studies.recipe import Recipe
from studies.record import Measurement
from studies.schedules.cosine import Cosine
from studies.schedules.plateau import Plateau
from studies.train import Training
from studies.training_function.run import FunctionRun, Stopped
from studies.training_function.settings import settings
from studies.training_function.watched import Uses, watched

from training_functions import descend


def run_of(fit, *, epochs=9, direction=MINIMIZE, seed=0):
    return FunctionRun(fit, Recipe(epochs=epochs), seed=seed, direction=direction)


def values(run):
    return [point.valid_metric for point in run.curve]


def test_a_run_in_pieces_reports_what_a_run_in_one_piece_does():
    whole, pieces = run_of(descend), run_of(descend)
    assert whole.advance(9)
    assert pieces.advance(1)
    assert len(pieces.curve) == 1
    torch.randn(100)  # what others draw in between
    assert pieces.advance(3)
    assert pieces.advance(9)
    assert values(pieces) == values(whole)
    assert [point.epoch for point in whole.curve] == list(range(1, 10))
    assert whole.curve[-1].step == 90


def test_two_runs_side_by_side_do_not_draw_from_each_other():
    alone = run_of(descend, seed=1)
    alone.advance(9)
    left, right = run_of(descend, seed=1), run_of(descend, seed=2)
    for epochs in (1, 3, 9):
        left.advance(epochs)
        right.advance(epochs)
    assert values(left) == values(alone)
    assert values(right) != values(alone)


def test_a_run_gives_the_caller_its_random_numbers_back():
    torch.manual_seed(7)
    expected = torch.randn(2)
    torch.manual_seed(7)
    run_of(descend).advance(9)
    torch.testing.assert_close(torch.randn(2), expected, rtol=0, atol=0)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows knows no alarms")
@pytest.mark.parametrize("seconds", [0, 3600])
def test_a_run_leaves_the_callers_alarm_and_calls_off_its_own(seconds):
    def fit(recipe, report, seed):
        if not seconds:
            signal.setitimer(signal.ITIMER_REAL, 3600)
        descend(recipe, report, seed)

    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        run_of(fit).advance(1)
        assert (signal.getitimer(signal.ITIMER_REAL)[0] > 0) == (seconds > 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_a_closed_run_is_told_to_stop_and_ends():
    stops = []

    def fit(recipe, report, seed):
        for epoch in range(1, 10):
            stops.append(report(epoch, 1.0))
            if stops[-1]:
                return

    run = run_of(fit)
    run.advance(3)
    run.close()
    assert stops == [False, False, True]
    assert run.ended


def test_a_function_that_goes_on_after_it_was_told_to_stop_is_ended_at_its_next_report():
    reached = []

    def deaf(recipe, report, seed):
        for epoch in range(1, 100):
            reached.append(epoch)
            report(epoch, 1.0)

    run = run_of(deaf)
    run.advance(1)
    run.close()
    assert reached == [1, 2]
    with pytest.raises(Stopped):
        run.report(3, 1.0)


def test_a_function_that_reports_more_epochs_than_its_recipe_has_is_stopped_there():
    def endless(recipe, report, seed):
        epoch = 0
        while not report(epoch := epoch + 1, 1.0):
            pass

    run = run_of(endless, epochs=3)
    assert run.advance(3)
    assert run.ended
    assert run.epoch == 4


def test_a_clock_that_says_stop_cuts_the_run_at_its_next_report():
    run = run_of(descend)
    assert not run.advance(9, stop=lambda: True)
    assert len(run.curve) == 1
    assert run.ended


def test_a_returned_number_is_the_metric_of_the_whole_run():
    run = run_of(lambda recipe, report, seed: 0.25)
    assert run.advance(1)
    assert (run.quality, run.curve[-1].epoch) == (0.25, 9)


def test_what_a_function_steps_on_is_weighed():
    run = run_of(descend)
    run.advance(9)
    outcome = run.measure_outcome(whole=True, test=False)
    assert outcome["model_bytes"] == 12
    # AdamW: two moments of three floats, and the counter
    assert outcome["optimizer_state_bytes"] == 2 * 12 + 4
    assert outcome["quality"] == min(values(run))


@pytest.mark.parametrize(
    ("fit", "error", "says"),
    [
        (lambda recipe, report, seed: report(1, math.nan), Diverged, "diverged in epoch 1"),
        (
            lambda recipe, report, seed: [report(2, 1.0), report(2, 1.0)],
            ValueError,
            "reported epoch 2 after epoch 2",
        ),
        (lambda recipe, report, seed: None, ValueError, "reported nothing"),
        (lambda recipe, report, seed: 1 / 0, ZeroDivisionError, "division"),
    ],
)
def test_what_goes_wrong_in_a_function_reaches_whoever_runs_it(fit, error, says):
    with pytest.raises(error, match=says):
        run_of(fit).advance(9)


def test_a_watched_recipe_is_the_recipe_and_notes_what_is_read():
    recipe = Recipe(epochs=5, batch_size=16)
    copy, read = watched(recipe)
    assert read == set()
    assert (copy.epochs, copy.optimizer) == (5, recipe.optimizer)
    assert {"epochs", "optimizer"} <= read
    assert "schedule" not in read


def test_the_scheduler_for_an_own_loop_gives_the_rates_that_ours_gives(iris):
    recipe = Recipe(schedule=Cosine(warmup=0.1), model=iris.model, epochs=2, batch_size=32)
    ours, rates = Training(recipe, iris, seed=0), []
    ours.before_step.append(lambda: rates.append(ours.optimizer.param_groups[0]["lr"]))
    ours.advance(2)

    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=recipe.optimizer.lr)
    scheduler, theirs = recipe.schedule.build(optimizer, ours.total_steps), []
    for _ in range(ours.total_steps):
        theirs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert theirs == pytest.approx(rates)


def test_settings_keep_each_distributions_range_and_start_in_its_middle():
    spans = settings(
        {
            "lr": FloatDistribution(1e-4, 1e-2, log=True),
            "mix": FloatDistribution(0.0, 1.0),
            "width": IntDistribution(16, 64, log=True),
            "act": CategoricalDistribution(["relu", "tanh"]),
        }
    )
    assert spans.fields() == {"act": "relu", "lr": pytest.approx(1e-3), "mix": 0.5, "width": 32}
    assert type(settings({"mix": FloatDistribution(0.0, 1.0)})) is type(
        settings({"mix": FloatDistribution(0.0, 1.0)})
    )
    with pytest.raises(BadValue, match="give an Optuna distribution"):
        settings({"lr": 0.1})
    with pytest.raises(BadValue, match="is no name"):
        settings({"my lr": FloatDistribution(0.0, 1.0)})


def uses_of(fit):
    recipe, read = watched(Recipe(epochs=2))
    run = FunctionRun(fit, recipe, seed=0, direction=MINIMIZE)
    read.clear()
    run.advance(1)
    return Uses.of(run, read)


def test_an_optimizer_runs_when_what_the_recipe_builds_is_stepped():
    def reads_lr_alone(recipe, report, seed):
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.SGD([weight], lr=recipe.optimizer.lr)
        for epoch in range(recipe.epochs):
            weight.sum().backward()
            optimizer.step()
            report(epoch + 1, 1.0)

    def by_name(recipe, report, seed):
        getattr(torch.optim, recipe.optimizer.name())
        report(1, 1.0)

    def copies(recipe, report, seed):
        model = torch.nn.Linear(1, 1)
        optimizer = replace(recipe.optimizer, lr=0.5).build(model, 2)
        model(torch.ones(1, 1)).sum().backward()
        optimizer.step()
        report(1, 1.0)

    assert uses_of(descend).runs_optimizer
    assert uses_of(by_name).runs_optimizer
    assert uses_of(copies).runs_optimizer
    assert not uses_of(reads_lr_alone).runs_optimizer
    assert uses_of(reads_lr_alone).of_optimizer == {"lr"}


def test_a_stand_in_for_a_choice_is_the_choice_to_all_who_look():
    recipe, read = watched(Recipe())
    read.clear()
    optimizer = recipe.optimizer

    assert isinstance(optimizer, AdamW)
    assert optimizer == AdamW()
    assert repr(optimizer) == repr(AdamW())
    assert pickle.loads(pickle.dumps(optimizer)) == AdamW()  # noqa: S301 - our own
    read.clear()
    assert optimizer.fields() == AdamW().fields()
    assert read == {"optimizer.fields"}


def test_a_schedule_that_reacts_hears_of_validation_through_the_functions_own_reports():
    rates = []

    def never_better(recipe, report, seed):
        model = torch.nn.Linear(1, 1)
        optimizer = recipe.optimizer.build(model, recipe.epochs)
        schedule = recipe.schedule.build(optimizer, recipe.epochs)
        for epoch in range(recipe.epochs):
            model(torch.ones(1, 1)).sum().backward()
            optimizer.step()
            schedule.step()
            rates.append(optimizer.param_groups[0]["lr"])
            report(epoch + 1, 1.0)

    recipe = Recipe(schedule=Plateau(patience=2, gamma=0.5), epochs=7)
    FunctionRun(never_better, recipe, seed=0, direction=MINIMIZE).advance(7)
    shares = [rate / recipe.optimizer.lr for rate in rates]
    curve = []
    ours = []
    for epoch in range(1, 8):
        ours.append(recipe.schedule.reaction(curve))
        curve.append(
            Measurement(epoch=epoch, step=0, seconds=0, train_loss=1, valid_loss=1.0, valid_metric=1.0)
        )

    assert shares == pytest.approx(ours)
    assert ours[-1] == 0.25


@settings_of_hypothesis(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=1, max_size=30), st.integers(2, 4))
def test_losses_reported_to_a_scheduler_make_it_react_as_our_training_does(losses, patience):
    schedule = Plateau(patience=patience, gamma=0.5)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = schedule.build(optimizer, len(losses))
    curve = []
    for epoch, loss in enumerate(losses, start=1):
        optimizer.step()
        scheduler.step()
        scheduler.report(loss)
        curve.append(
            Measurement(epoch=epoch, step=0, seconds=0, train_loss=1, valid_loss=loss, valid_metric=loss)
        )
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.3 * schedule.reaction(curve))
    again = schedule.build(torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3), len(losses))
    again.load_state_dict(scheduler.state_dict())
    assert again.reaction == scheduler.reaction


def test_a_report_changes_nothing_for_a_schedule_that_follows_progress_alone():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = Cosine().build(optimizer, 10)
    before = optimizer.param_groups[0]["lr"]
    for _ in range(5):
        scheduler.report(1.0)

    assert optimizer.param_groups[0]["lr"] == before


def test_evaluating_holds_the_average_and_gives_weights_mode_and_statistics_back():
    pytest.importorskip("schedulefree")
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 1))
    choice = ScheduleFreeAdamW()
    optimizer = choice.build(model, 20)
    rows = torch.randn(32, 2)
    for _ in range(10):
        optimizer.zero_grad()
        model(rows).square().sum().backward()
        optimizer.step()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with choice.evaluating(model, rows):
        inside = {name: value.clone() for name, value in model.state_dict().items()}
        assert not model.training
        optimizer.eval()  # what holds the average already stays
        torch.testing.assert_close(dict(model.state_dict()), inside)
    assert model.training
    torch.testing.assert_close(dict(model.state_dict()), before)
    assert not torch.equal(inside["0.weight"], before["0.weight"])
    assert not torch.equal(inside["1.running_mean"], before["1.running_mean"])
    with pytest.raises(BadValue, match="give training rows"), choice.evaluating(model):
        pass
    torch.testing.assert_close(dict(model.state_dict()), before)


def test_evaluating_leaves_the_weights_of_other_optimizers_as_they_are():
    model = torch.nn.Linear(2, 1)
    AdamW().build(model, 10)
    before = model.weight.clone()
    with AdamW().evaluating(model):
        assert torch.equal(model.weight, before)
        assert not model.training
    assert model.training
    with (
        pytest.raises(BadValue, match="no optimizer was built over"),
        AdamW().evaluating(torch.nn.Linear(1, 1)),
    ):
        pass
