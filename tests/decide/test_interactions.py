"""Interactions of settings: found where they are, silent where there are none, and the same on every call."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.analysis.interactions import FEWEST, interactions


def study(seed, runs, quality):
    draw = random.Random(seed)  # noqa: S311 - a made study
    values = {label: {n: draw.random() for n in range(runs)} for label in ("a", "b", "c", "d")}
    option = {"e": {n: draw.choice("xyz") for n in range(runs)}}
    qualities = {
        n: quality({label: values[label][n] for label in values}) + draw.gauss(0, 0.2) for n in range(runs)
    }
    return qualities, values, option


def crossed(at):
    return 4 * (at["a"] - 0.5) * (at["b"] - 0.5)


def test_two_settings_whose_best_values_depend_on_each_other_come_first_and_above_chance():
    (first, *others) = interactions(*study(1, 80, crossed))

    assert set(first.labels) == {"a", "b"}
    assert first.above_chance
    assert first.share > 3 * first.error > 0
    assert not any(pair.above_chance for pair in others)


def test_settings_that_matter_by_themselves_do_not_interact():
    alarms = [
        any(pair.above_chance for pair in interactions(*study(seed, 60, lambda at: at["a"] + at["b"])))
        for seed in range(20)
    ]

    assert sum(alarms) <= 4


def test_few_runs_say_nothing_and_the_same_runs_say_the_same():
    assert interactions(*study(1, FEWEST - 1, crossed)) == ()
    assert interactions(*study(1, 40, crossed)) == interactions(*study(1, 40, crossed))


@settings(max_examples=20)
@given(seed=st.integers(0, 99), levels=st.integers(1, 3), runs=st.sampled_from((FEWEST, 40)))
def test_shares_are_shares_however_few_values_there_are(seed, levels, runs):
    qualities, values, option = study(seed, runs, crossed)
    coarse = {label: {n: round(levels * v) for n, v in by.items()} for label, by in values.items()}
    coarse["fixed"] = dict.fromkeys(qualities, 1.0)
    coarse["rare"] = {0: 1.0, 1: 2.0}

    for pair in interactions({n: round(q, 1) for n, q in qualities.items()}, coarse, option):
        assert 0 <= pair.share <= 1 + 1e-9
        assert 0 <= pair.chance <= 1
        assert pair.error >= 0
        assert "fixed" not in pair.labels
        assert "rare" not in pair.labels


def test_many_settings_are_paired_by_what_they_say_by_themselves():
    qualities, values, option = study(1, 40, crossed)
    many = {f"{label}{copy}": by for copy in range(4) for label, by in values.items()}
    ranking = ["a3", "b2", *many]

    assert len(interactions(qualities, many, option, ranking=ranking)) == pytest.approx(28, abs=8)
    assert {"a3", "b2"} <= {
        label for pair in interactions(qualities, many, option, ranking=ranking) for label in pair.labels
    }
