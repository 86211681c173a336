"""Schedules over all settings: finite, between zero and the peak, at the points that their names promise."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies import catalogue
from studies.optimizers.sgd import SGD
from studies.recipe import Recipe
from studies.record import Measurement
from studies.schedules.constant import Constant
from studies.schedules.cosine import Cosine
from studies.schedules.cosine_restarts import CosineRestarts
from studies.schedules.cyclic import Cyclic
from studies.schedules.exponential import Exponential
from studies.schedules.inverse_sqrt import InverseSqrt
from studies.schedules.linear import LinearDecay
from studies.schedules.multistep import MultiStep
from studies.schedules.onecycle import OneCycle
from studies.schedules.plateau import Plateau
from studies.schedules.polynomial import Polynomial
from studies.schedules.step import Step
from studies.schedules.wsd import WSD
from studies.space import ranges
from studies.train import Training

SCHEDULES = list(catalogue.choices("schedule").values())
SHARE = st.floats(0, 1)


@st.composite
def schedules(draw):
    """Return any schedule with any settings that a search may try."""
    choice = draw(st.sampled_from(SCHEDULES))
    return choice(**{name: span.from_unit(draw(st.floats(-1, 1))) for name, span in ranges(choice).items()})


def losses(*values):
    return [
        Measurement(epoch=epoch, step=epoch, seconds=0.0, train_loss=1.0, valid_loss=loss, valid_metric=0.5)
        for epoch, loss in enumerate(values, start=1)
    ]


@given(schedules(), SHARE)
def test_every_setting_stays_between_zero_and_the_peak(schedule, progress):
    assert 0 <= schedule.at(progress) <= 1


@given(schedules())
def test_every_setting_starts_at_zero_with_a_warmup_and_is_at_the_peak_after_it(schedule):
    assert schedule.at(0.0) == (0.0 if schedule.warmup else pytest.approx(1.0))
    assert schedule.at(schedule.warmup) == pytest.approx(1.0)


@given(schedules(), SHARE)
def test_the_warmup_is_a_straight_line(schedule, share):
    assert schedule.at(share * schedule.warmup) == pytest.approx(share if schedule.warmup else 1.0)


@given(schedules(), SHARE, SHARE)
def test_all_but_the_cyclic_ones_never_rise_after_the_warmup(schedule, left, right):
    if not isinstance(schedule, Cyclic | CosineRestarts):
        assert schedule.factor(max(left, right)) <= schedule.factor(min(left, right)) + 1e-12


ENDS = [
    (Constant(), 1.0), (Cosine(), 0.0), (Cosine(floor=0.1), 0.1), (CosineRestarts(), 0.0),
    (Cyclic(floor=0.2), 0.2), (Exponential(final=0.03), 0.03), (InverseSqrt(warmup=0.04), 0.2),
    (InverseSqrt(warmup=0.0), 0.1), (LinearDecay(), 0.0), (MultiStep(gamma=0.2), 0.04), (OneCycle(), 0.0),
    (Plateau(), 1.0), (Polynomial(), 0.0), (Step(drops=3, gamma=0.5), 0.125), (WSD(), 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "end"), ENDS, ids=repr)
def test_each_ends_where_it_says(schedule, end):
    assert schedule.at(1.0) == pytest.approx(end)


@pytest.mark.parametrize(
    ("schedule", "progress", "factor"),
    [
        (LinearDecay(), 0.25, 0.75), (Polynomial(power=2.0), 0.5, 0.25), (Polynomial(power=1.0), 0.3, 0.7),
        (Exponential(final=0.01), 0.5, 0.1), (OneCycle(), 0.5, 0.5), (Cosine(), 0.5, 0.5),
        (MultiStep(gamma=0.1), 0.49, 1.0), (MultiStep(gamma=0.1), 0.5, 0.1),
        (MultiStep(gamma=0.1), 0.75, 0.01), (CosineRestarts(cycles=2, growth=1.0), 0.25, 0.5),
        (CosineRestarts(cycles=2, growth=1.0), 0.5, 1.0),
        (CosineRestarts(cycles=2, growth=2.0), 1 / 3 + 1e-9, 1.0),
        (CosineRestarts(cycles=2, growth=2.0), 2 / 3, 0.5), (Cyclic(cycles=2, floor=0.0), 1 / 3, 0.0),
        (Step(drops=2), 0.34, 0.1),
        (Cyclic(cycles=2, floor=0.0), 2 / 3, 1.0),
    ],
    ids=repr,
)  # fmt: skip
def test_each_has_the_shape_of_its_name(schedule, progress, factor):
    assert schedule.factor(progress) == pytest.approx(factor, abs=1e-6)


def test_the_inverse_square_root_is_that_of_the_steps_so_far():
    schedule = InverseSqrt(warmup=0.1)

    assert schedule.at(0.4) == pytest.approx(schedule.at(0.1) / 2)
    assert schedule.at(0.9) == pytest.approx(schedule.at(0.1) / 3)


@given(st.floats(0.1, 0.8), SHARE)
def test_wsd_is_flat_until_its_decay_and_a_straight_line_after_it(decay, share):
    schedule = WSD(warmup=0.0, decay=decay)

    assert schedule.at(share * (1 - decay)) == 1.0
    assert schedule.at(1 - share * decay) == pytest.approx(share, abs=1e-9)


@given(st.integers(2, 10), st.integers(0, 5), st.floats(0.05, 0.7))
def test_plateau_drops_after_exactly_its_patience_and_again_after_as_many_epochs(patience, improving, gamma):
    schedule = Plateau(patience=patience, gamma=gamma)
    curve = losses(
        *(10.0 - epoch for epoch in range(improving)), *[20.0 if improving else 10.0] * (3 * patience)
    )
    best = improving or 1  # the first epoch is an improvement whatever its loss
    reactions = [schedule.reaction(curve[:epoch]) for epoch in range(len(curve) + 1)]

    assert reactions[best + patience - 1] == 1.0
    assert reactions[best + patience] == pytest.approx(gamma)
    assert reactions[best + 2 * patience - 1] == pytest.approx(gamma)
    assert reactions[best + 2 * patience] == pytest.approx(gamma**2)


def test_plateau_waits_anew_after_an_improvement():
    schedule = Plateau(patience=2, gamma=0.5)

    assert schedule.reaction(losses(1.0, 1.1, 0.9, 1.0)) == 1.0
    assert schedule.reaction(losses(1.0, 1.1, 0.9, 1.0, 0.95)) == 0.5
    assert schedule.reaction(losses(1.0, 1.1, 0.9, 1.0, 0.95, 0.8)) == 0.5  # a drop is not taken back


def test_a_run_under_plateau_takes_its_reaction_as_the_lr(iris):
    schedule = Plateau(patience=2, gamma=0.5)
    run = Training(
        Recipe(optimizer=SGD(lr=1.0), schedule=schedule, model=iris.model, epochs=30), iris, seed=0
    )
    run.advance(29)
    expected = 1.0 * schedule.reaction(run.curve)
    run.advance(30)

    assert run.lr == pytest.approx(expected)
    assert expected < 1.0


def test_the_classic_recipes_are_there_but_not_offered():
    offered = {choice.name() for choice in SCHEDULES if choice.offered}

    assert {"Constant", "Cosine", "LinearDecay", "OneCycle", "WSD"} <= offered
    assert (
        not {
            "Cyclic",
            "CosineRestarts",
            "Exponential",
            "InverseSqrt",
            "MultiStep",
            "Plateau",
            "Polynomial",
            "Step",
        }
        & offered
    )
    assert all(math.isfinite(choice().at(0.5)) for choice in SCHEDULES)
