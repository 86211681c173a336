"""Starts from the user's own earlier studies, and the search that tries them."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pytest

import advisor as api
from advisor.jobs.history import SHARE, starts
from studies.errors import StudyWarning
from studies.facts import Facts
from studies.limits import Budget, Limits
from studies.plans.plan import Plan, Start
from studies.record import Record
from studies.search.clock import Clock
from studies.search.search import Search
from studies.storage import journal
from studies.storage.manifest import StudyManifest
from studies.storage.trial_lines import RECORD
from studies.storage.workload_spec import WorkloadSpec

from journals import opened_or_new
from records import record

MODEL = {"model": "MLP", "model_fields": {"width": 64}}
PLENTY = 100


def keep(home, name, records, *, facts=None, model=MODEL, direction="maximize"):
    page = {
        "workload": dict(model),
        "facts": (facts or Facts()).to_dict(),
        "metric": "accuracy",
        "dataset": "tea",
    }
    study = journal.create_study(home, name, direction=direction, manifest=StudyManifest.from_dict(page))
    for entry in records:
        trial = study.ask()
        trial.set_user_attr(RECORD, entry.to_dict())
        study.tell(trial, entry.quality)


def earlier_starts(home, *, candidates=("AdamW", "SGD"), planned_trials=PLENTY, facts=None, model=MODEL):
    return starts(
        home,
        model=WorkloadSpec(**model),
        facts=facts or Facts(),
        candidates=candidates,
        planned_trials=planned_trials,
    )


def lr(value, optimizer="AdamW"):
    return {f"optimizer.{optimizer}.lr": value}


def test_the_best_whole_run_of_each_candidate_is_a_start_and_says_where_it_is_from(home):
    keep(
        home,
        "a",
        [
            record(0, "AdamW", 0.8),
            record(1, "AdamW", 0.9, params=lr(0.02)),
            record(2, "SGD", 0.7),
            record(3, "Lion", 1.0),
        ],
    )

    first, second = earlier_starts(home)

    assert (first.params["optimizer"], first.params["optimizer.AdamW.lr"]) == ("AdamW", 0.02)
    assert first.origin == "trial 1 of study a (accuracy 0.9 on tea)"
    assert second.params["optimizer"] == "SGD"


def test_less_is_better_where_the_metric_is_minimized(home):
    keep(home, "a", [record(0, "AdamW", 0.8), record(1, "AdamW", 0.9)], direction="minimize")

    assert earlier_starts(home)[0].origin.startswith("trial 0 ")


def test_the_newest_study_that_has_the_optimizer_speaks(home):
    keep(home, "old", [record(0, "AdamW", 0.99), record(1, "SGD", 0.5)])
    keep(home, "new", [record(0, "AdamW", 0.6)])

    assert [start.origin.split()[4] for start in earlier_starts(home)[:2]] == ["new", "old"]


def test_older_studies_add_their_best_recipes_each_once(home):
    keep(home, "oldest", [record(0, "AdamW", 0.7, params=lr(0.3))])
    keep(home, "old", [record(0, "AdamW", 0.9, params=lr(0.02)), record(1, "SGD", 0.5)])
    keep(home, "new", [record(0, "AdamW", 0.6, params=lr(0.3))])

    starts = earlier_starts(home)

    assert [start.params["optimizer"] for start in starts] == ["AdamW", "SGD", "AdamW"]
    assert [start.params.get("optimizer.AdamW.lr") for start in starts] == [0.3, None, 0.02]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"facts": Facts(kind="image")}, id="another kind of data"),
        pytest.param({"facts": Facts(task="regression")}, id="another task"),
        pytest.param({"facts": Facts(has_attention=True)}, id="another class of problem"),
        pytest.param({"model": {"model": "Linear", "model_fields": {}}}, id="another model"),
        pytest.param({"model": MODEL | {"model_fields": {"width": 8}}}, id="another size of the model"),
    ],
)
def test_a_study_of_something_else_is_passed_over(home, other):
    keep(home, "a", [record(0, "AdamW", 0.9)], **other)

    assert earlier_starts(home) == ()


def test_what_was_pruned_or_only_confirmed_or_is_no_recipe_any_more_is_no_start(home):
    keep(
        home,
        "a",
        [
            record(0, "AdamW", 0.99, state="pruned"),
            record(1, "AdamW", 0.99, stage="confirm"),
            record(2, "SGD", 0.9, params={"optimizer.SGD.gone": 1.0}),
        ],
    )

    assert earlier_starts(home) == ()


def test_a_small_search_takes_few_starts_and_a_tiny_one_none(home):
    keep(home, "a", [record(0, "AdamW", 0.9), record(1, "SGD", 0.7)])

    assert [len(earlier_starts(home, planned_trials=trials)) for trials in (SHARE - 1, SHARE, 2 * SHARE)] == [
        0,
        1,
        2,
    ]


def test_a_broken_journal_is_passed_over_and_that_is_said(home):
    keep(home, "a", [record(0, "AdamW", 0.9)])
    (home / "studies" / "b.journal").write_text("{nothing\n")

    with pytest.warns(StudyWarning, match="study 'b' is passed over: journal .* cannot be read"):
        assert len(earlier_starts(home)) == 1


def test_a_study_that_is_just_being_created_is_passed_over_without_a_word(home):
    keep(home, "a", [record(0, "AdamW", 0.9)])
    keep(home, "b", [])
    journal_of_b = home / "studies" / "b.journal"
    journal_of_b.write_text(journal_of_b.read_text().splitlines(keepends=True)[0])

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(earlier_starts(home)) == 1


def test_an_empty_home_has_no_starts(home):
    assert earlier_starts(home) == ()


# ---------------------------------------------------------------- in the search

START = Start(
    params={
        "optimizer": "SGD",
        "optimizer.SGD.lr": 0.05,
        "batch_size": 16,
        "regularizers": "L1",
        "epochs": 99,
    },
    origin="a study",
)
PLAN = Plan(
    candidates=("AdamW", "SGD"),
    schedules=("Cosine",),
    regularizers=("L2",),
    epochs=9,
    batch_size=(16, 32, 90),
    budget=Budget(trials=6),
    limits=Limits(),
    starts=(START,),
)


def search(home, workload, plan=PLAN, *, stop_after=99) -> tuple[Record, ...]:
    study = opened_or_new(home, plan)
    heard = []
    Search(
        study,
        workload,
        Plan.of(journal.manifest_of(study)),
        clock=Clock(
            budget=plan.budget, stop=lambda: len([event for event in heard if event.record]) >= stop_after
        ),
        listen=heard.append,
    ).run()
    return journal.records(study)


def test_a_start_is_tried_whole_after_the_references_in_the_space_of_this_search(home, iris):
    records = search(home, iris)
    start = records[2]

    assert [run.stage for run in records[:4]] == ["reference", "reference", "start", "race"]
    assert (start.optimizer, start.state, start.epochs) == ("SGD", "complete", 9)
    assert (start.params["optimizer.SGD.lr"], start.params["batch_size"]) == (0.05, 16)
    assert start.params["regularizers"] == ""  # L1 is not searched here


def test_a_start_counts_as_a_search_trial(home, iris):
    assert sum(run.stage != "confirm" for run in search(home, iris)) == 6


def test_a_start_is_tried_once_however_often_the_search_is_resumed(home, iris):
    search(home, iris, stop_after=3)
    records = search(home, iris)

    assert sum(run.stage == "start" for run in records) == 1


def test_a_start_that_is_the_reference_recipe_is_not_tried_again(home, iris):
    again = replace(PLAN, starts=(Start(params={"optimizer": "AdamW", "batch_size": 32}, origin="a study"),))

    assert all(run.stage != "start" for run in search(home, iris, again))


def test_earlier_studies_count_only_if_they_may(home):
    options = {
        "budget": "8trials",
        "epochs": 1,
        "home": home,
        "tracking_uri": "off",
        "model": "linear",
        "optimizers": ("AdamW",),
        "portfolio": False,
    }
    api.search("iris", study="first", **options)
    for name, earlier in (("second", True), ("third", False)):
        api.search("iris", study=name, earlier=earlier, **options)
    stages = {
        name: [run.stage for run in journal.records(journal.open_study(home, name))]
        for name in ("second", "third")
    }
    assert "start" in stages["second"]
    assert "start" not in stages["third"]
