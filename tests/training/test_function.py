"""Runs of a user's training function: paused, stopped, and what goes wrong in one."""

from __future__ import annotations

import math

import pytest
import torch
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from studies.direction import MINIMIZE
from studies.errors import BadValue
from studies.infeasible import Diverged
from studies.recipe import Recipe
from studies.schedules.cosine import Cosine
from studies.train import Training
from studies.training_function.function import watched
from studies.training_function.run import FunctionRun, Stopped
from studies.training_function.settings import settings

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
