"""Which optimizers enter a search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.starts import KIN, affordable, candidates
from studies.errors import BadValue, NothingFeasible
from studies.limits import Limits

from records import OPTIMIZERS, facts

NO_LIMITS = Limits()


def enter(trials, *, offered=OPTIMIZERS, limits=NO_LIMITS, **fields):
    return candidates(facts(**fields), limits, planned_trials=trials, offered=offered)


@pytest.mark.parametrize(("trials", "count"), [(1, 2), (7, 2), (8, 3), (15, 3), (16, 4), (29, 4), (30, 6), (99, 6), (1000, 7)])
def test_more_trials_let_more_optimizers_enter(trials, count):
    assert len(enter(trials)[0]) == count


@given(st.integers(0, 500), st.permutations(OPTIMIZERS))
def test_adamw_enters_first_and_none_twice(trials, offered):
    chosen, _ = enter(trials, offered=tuple(offered))

    assert chosen[0] == "AdamW"
    assert len(set(chosen)) == len(chosen) == min(affordable(trials), len(offered))


@given(st.integers(0, 500))
def test_each_family_enters_before_a_second_of_any(trials):
    chosen, _ = enter(trials)
    families = [KIN[name][0] for name in chosen]
    unlike = len({KIN[name][0] for name in OPTIMIZERS})

    assert len(set(families[:unlike])) == min(unlike, len(families))


def test_what_does_not_fit_is_vetoed_with_its_bytes():
    chosen, findings = enter(20, limits=Limits(train_bytes=160_000))
    vetoed = {finding.subject for finding in findings if finding.verdict == "veto"}

    assert vetoed == {"Adam", "AdamW"}
    assert not vetoed & set(chosen)
    assert all("KiB" in finding.because for finding in findings if finding.verdict == "veto")


def test_what_is_left_out_is_told_why():
    chosen, findings = enter(10)

    (left,) = findings  # one line, however many are left out
    assert set(left.subject.split(", ")) == set(OPTIMIZERS) - set(chosen)
    assert "do not enter: about 10 trials are enough for 3 optimizers" in left.because


def test_sparse_inputs_bring_adagrad_in_early_and_plain_descent_late():
    chosen, _ = enter(50, input_density=0.01)

    assert chosen[1] == "Adagrad"
    assert "SGD" not in chosen[:3]


def test_an_optimizer_nobody_wrote_about_may_enter():
    assert set(enter(20, offered=("AdamW", "Mine"))[0]) == {"AdamW", "Mine"}


def test_when_nothing_fits_the_limit_to_relax_is_named():
    with pytest.raises(NothingFeasible, match="--memory to 123 KiB"):
        enter(20, limits=Limits(train_bytes=1000))


def test_an_empty_offer_is_refused():
    with pytest.raises(BadValue, match="no optimizer is offered"):
        enter(20, offered=())
