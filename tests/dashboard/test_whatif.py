"""Sliders: where they may stand, and how an address tells where they stood."""

import math
from dataclasses import replace

import pytest

from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from dashboard import whatif
from studies.limits import Limits

from records import facts, study

KNOWN = Evidence(
    facts=facts(),
    records=study({"SGD": (0.8, 0.7), "AdamW": (0.9, 0.85)}),
    limits=Limits(train_bytes=300_000),
    study="s",
)
MEMORY, SIZE, LATENCY, TIME = whatif.SLIDERS


@pytest.mark.parametrize("slider", whatif.SLIDERS, ids=lambda slider: slider.parameter)
def test_a_slider_reaches_from_below_the_cheapest_to_above_the_dearest(slider):
    places = whatif.positions(KNOWN, slider, 12345.0, None)
    costs = [getattr(record, slider.cost) for record in KNOWN.records]
    assert places[0] < min(costs) <= max(costs) < places[-2]
    assert places[-1] == math.inf
    assert list(places) == sorted(set(places))
    assert 12345.0 in places
    assert len(places) < 40


def test_the_study_s_own_limit_is_a_position():
    assert 300_000 in whatif.positions(KNOWN, MEMORY)
    assert whatif.positions(Evidence(candidates=("SGD",)), TIME) == (math.inf,)


@pytest.mark.parametrize(
    "limits",
    [
        Limits(),
        Limits(train_bytes=300_000),
        Limits(train_bytes=2**20, latency_seconds=1.25e-4),
        Limits(train_seconds=0.3),
    ],
)
@pytest.mark.parametrize("goal", ["balanced", "speed"])
def test_an_address_says_where_the_sliders_stood(limits, goal):
    query = whatif.to_address(KNOWN, limits, goal)
    assert whatif.from_address(query, KNOWN) == (limits, goal)
    assert bool(query) == bool(whatif.changes(KNOWN, limits, goal))


def test_an_address_that_makes_no_sense_asks_for_nothing():
    query = {"memory": "lots", "latency": "-1ms", "goal": "glory", "study": "s"}
    assert whatif.from_address(query, KNOWN) == (KNOWN.limits, KNOWN.goal)
    assert whatif.from_address({"memory": "1MiB"}, KNOWN)[0].train_bytes == 2**20


def test_what_was_asked_otherwise_is_said_with_the_study_s_own():
    assert whatif.changes(KNOWN, Limits(train_seconds=2.0), "speed") == (
        "training memory without a limit (in the study at most 293 KiB)",
        "training time of one run at most 2 s (in the study without a limit)",
        "goal speed (in the study balanced)",
    )


def test_the_command_asks_for_the_same():
    limits = replace(KNOWN.limits, model_bytes=2**20, latency_seconds=5e-4)
    assert whatif.options(KNOWN, limits, "memory") == {
        "--model-size": "1MiB",
        "--latency": "500us",
        "--goal": "memory",
    }
    assert whatif.options(KNOWN, Limits(), "memory") is None


def test_every_position_can_be_asked_for():
    for slider in whatif.SLIDERS:
        for place in whatif.positions(replace(KNOWN, limits=Limits()), slider)[-3:]:
            limits = whatif.limits_at({slider.limit: place})
            assert recommend(replace(KNOWN, limits=limits)).optimizer == "AdamW"
