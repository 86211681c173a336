"""Which optimizers enter a search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.jobs.entrants import FAMILY, _diverse, affordable, candidates
from advisor.published.rates import REFERENCE
from studies import catalogue
from studies.errors import BadValue, NothingFeasible
from studies.limits import Limits

from records import OPTIMIZERS, facts

NO_LIMITS = Limits()


EVERY = tuple(catalogue.choices("optimizer"))


def family(name):
    return catalogue.find("optimizer", name).family


def enter(trials, *, offered=OPTIMIZERS, limits=NO_LIMITS, **fields):
    return candidates(facts(**fields), limits, planned_trials=trials, offered=offered)


@pytest.mark.parametrize(
    ("trials", "count"), [(1, 2), (7, 2), (8, 3), (15, 3), (16, 4), (29, 4), (30, 6), (99, 6), (1000, 7)]
)
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
    families = [family(name) for name in chosen]
    unlike = len({family(name) for name in OPTIMIZERS})

    assert len(set(families[:unlike])) == min(unlike, len(families))


def test_a_matrix_method_enters_before_a_second_sign_method():
    assert _diverse({"AdamW": 0, "Lion": 0.5, "Rprop": 0.45, "Muon": 0.2}, 3) == ("AdamW", "Lion", "Muon")


@given(st.dictionaries(st.sampled_from(EVERY), st.floats(0, 0.99 * FAMILY), min_size=1), st.integers(1, 12))
def test_as_many_families_enter_as_there_are_places_for(log_odds, places):
    chosen = _diverse(log_odds, places)

    assert len({family(name) for name in chosen}) == min(places, len({family(name) for name in log_odds}))
    assert chosen[0] == REFERENCE or REFERENCE not in log_odds


def test_a_twin_enters_after_the_rest_of_its_family():
    assert _diverse({"Momentum": 1.0, "Nesterov": 0.9, "SGD": 0.3}, 2) == ("Momentum", "SGD")


@pytest.mark.parametrize("name", [name for name in EVERY if catalogue.find("optimizer", name).twin_of])
def test_a_twin_names_one_of_its_own_family_that_is_no_twin_itself(name):
    other = catalogue.find("optimizer", catalogue.find("optimizer", name).twin_of)

    assert (other.family, other.twin_of) == (family(name), "")


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
