"""Circumstances: ties, one candidate, failures, a running search and models to make small, on every page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from advisor.decide.circumstances import circumstances
from advisor.decide.under_way import under_way
from advisor.evidence import Evidence
from advisor.statements.statement import Case, Statement
from studies.storage.locks import working

from made_studies import case_of, evidences
from pages import VIEWS, fill, page, words
from records import OPTIMIZERS, compressions, confirmations, equals, record
from statement_words import wrong

CHECKED: Final = {
    "alone": ("in_question",),
    "all_alike": ("quality",),
    "nothing_whole": ("ended", "failed", "infeasible"),
    "failures": ("failed", "ended"),
    "under_way": ("quality", "alike", "whole_runs", "compresses"),
}
"""By kind, figures of which any other value is false."""
FEW = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


def said_of(case: Case) -> Iterator[Statement]:
    """Yield what pages say of a study, running or not."""
    yield from circumstances(case.evidence)
    yield under_way(case.evidence, case.answer)  # type: ignore[arg-type]


@FEW
@given(evidences(), st.sampled_from(("off", "after")))
def test_every_circumstance_is_true_of_the_study_and_no_other_figure_is(study, compression):
    case = case_of(replace(study, compression=compression))
    assume(case is not None)
    assert case is not None
    for statement in said_of(case):
        says = str(statement)
        assert statement.holds(case), f"{statement.kind}: {says}"
        assert not re.search(r"\b(nan|inf|None)\b|\b1 (optimizers|runs|trials|others)\b", says), says
        assert statement.to_dict()["says"] == says
        for name, value in statement.figures.items():
            if name in CHECKED.get(statement.kind, ()) and value is not None:
                assert not replace(statement, **{name: wrong(value)}).holds(case), f"{name}: {says}"


def said(*runs: Any, **fields: Any) -> list[str]:
    """Return the circumstances of a study in words."""
    names = fields.pop("candidates", tuple({run.optimizer: None for run in runs}))
    return [str(each) for each in circumstances(Evidence(records=runs, candidates=names, **fields))]


def test_each_circumstance_has_its_own_words():
    lone = record(0, "SGD", 0.9, stage="reference")
    assert said(lone) == ["SGD is the only optimizer in question: nothing is compared."]
    alone = said(lone, candidates=("SGD", "Adam", "Lion"))
    assert alone == ["SGD alone has a whole run so far: the 2 others have none, so that nothing is compared."]
    (alike,) = said(*equals(2, 1.0))
    assert alike == (
        "Both optimizers with a whole run reach accuracy 1 at best: the search does not tell them apart."
    )
    lost = record(1, "Adam", None, state="failed", error="ValueError: no")
    nothing, failures = said(lost, candidates=("SGD", "Adam"))
    assert nothing == "No whole run in 1 trial: 1 failed. The page Trials says why."
    assert failures == "1 of 1 trial failed: ValueError: no (1). Adam has no whole run."
    (waiting,) = said(*equals(2, 1.0)[:1], record(1, "Adam", 0.8), compression="after")
    assert waiting == ("Not made small yet: the finalists' models. Sizes and latencies are those before it.")
    ran = confirmations(2, OPTIMIZERS[0], (0.9, 0.91), source=0)
    small = said(*equals(1, 0.9), record(1, "Adam", 0.8), *ran, *compressions(5, ran), compression="after")
    assert small == []


def test_a_search_that_runs_says_who_leads_and_what_is_to_come():
    runs = (record(0, "SGD", 0.9, stage="reference"), record(1, "Adam", 0.8))
    study = Evidence(records=runs, candidates=("SGD", "Adam"), compression="after")
    case = case_of(study)
    assert case is not None
    now = under_way(study, case.answer, left="32 s of 60 s are left")  # type: ignore[arg-type]
    assert now.title == "SGD leads so far"
    assert str(now) == (
        "SGD leads with accuracy 0.9 over 2 whole runs of the search. Still to come: more trials of the "
        "search, the best recipes again with fresh seeds, the finalists' models made small and the final "
        "answer (32 s of 60 s are left)."
    )


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "recommendation"])
def test_every_page_says_what_is_special_about_a_study(view, tmp_path):
    home = fill(tmp_path, {"equals": equals(3, 1.0)}, candidates=["SGD", "Momentum", "AdamW"])
    assert "reach accuracy 1 at best: the search does not tell them apart." in words(
        page(view, home, "equals").run()
    )


def test_the_recommendation_of_a_search_that_runs_leads_with_who_leads(tmp_path):
    budget = {"seconds": 60.0, "trials": None}
    home = fill(tmp_path, {"one": (record(0, "AdamW", 0.9, stage="reference"),)}, budget=budget)
    with working(home, "one"):
        shown = page("recommendation", home, "one").run()
    assert shown.title[0].value == "AdamW leads so far"
    assert re.search("Still to come: more trials of the search.* At most [0-9.]+ s are left", words(shown))
    assert "Nothing is trained at this moment. Study one" in words(shown)
    assert not [button for button in shown.button if "Go on" in button.label]
    left = page("recommendation", home, "one").run()
    assert left.title[0].value == "Use AdamW"
    assert [button.label for button in left.button if "Go on" in button.label] == ["Go on with the search"]
