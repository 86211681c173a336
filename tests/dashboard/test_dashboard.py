"""The dashboard: figures as plain values, and every page on every kind of study, run headless."""

import os
import re
import time
from pathlib import Path

import optuna
import pytest
from streamlit.testing.v1 import AppTest

from advisor.contender import Contender
from advisor.evidence import Finding
from advisor.recommendation import Recommendation
from advisor.statements.headline import Headline
from advisor.statements.run_checks import RangeEdges, StillImproving
from advisor.statements.tie_margin import TieMargin
from dashboard import reads
from dashboard.snapshot import Study
from dashboard.widgets.words import plain
from studies.errors import NothingFeasible
from studies.storage.annotations import change_annotations
from studies.storage.journal import change_manifest, create_study
from studies.storage.locks import working
from studies.storage.manifest import StudyManifest

from pages import page as page_of
from pages import words
from records import confirmations, facts, record
from waiting import HANG_SECONDS

APP = str(Path(reads.__file__).with_name("app.py"))
OPTIMIZERS = ("SGD", "Momentum", "AdamW")
PLAN = {
    "candidates": list(OPTIMIZERS),
    "metric": "accuracy",
    "goal": "balanced",
    "valid_rows": 360,
    "limits": {},
}
RACE = (
    record(0, "SGD", 0.80, stage="reference"),
    record(1, "Momentum", 0.85, stage="reference"),
    record(2, "AdamW", 0.90, stage="reference"),
    record(3, "SGD", 0.70, state="pruned"),
    record(4, "AdamW", 0.88),
    record(5, "Momentum", None, state="infeasible", error="needs 9 MiB, the limit is 8 MiB"),
    record(6, "AdamW", 0.93),
    record(7, "Momentum", None, state="failed"),
)
STUDIES = {
    "full": (*RACE, *confirmations(8, "AdamW", (0.92, 0.94, 0.93), source=6)),
    "single": (record(0, "AdamW", 0.9, stage="reference"),),
    "pruned": (record(0, "AdamW", 0.5, state="pruned"),),
    "failed": (record(0, "AdamW", None, state="failed"), record(1, "SGD", None, state="failed")),
    "begun": (),
}
ADVICE = Recommendation(
    study="full",
    optimizer="AdamW",
    params={"optimizer": "AdamW", "optimizer.AdamW.lr": 0.001},
    label="leaning",
    p_best=0.62,
    p_tie=0.834,
    expected_regret=0.004,
    metric="accuracy",
    direction="maximize",
    quality=0.93,
    interval=(0.915, 0.945),
    test_quality=0.921,
    test_spread=0.004,
    seeds=(1000, 1001),
    trials=(8, 9),
    costs={"train_seconds": 1.8, "peak_bytes": 200_000, "optimizer_state_bytes": 0, "model_bytes": None},
    headline=Headline(
        subjects=("AdamW",),
        label="leaning",
        settings=("lr 0.001",),
        tie=TieMargin(gap=0.02, metric="accuracy"),
        p_tie=0.834,
        p_best=0.62,
        compared=3,
        in_question=3,
        tried=3,
        confirmed=True,
    ),
    readings=(),
    reasons=("It is *best* on [x](y): $3 < $5.",),
    findings=(
        Finding(
            rule="memory",
            subject="SGD",
            verdict="prefer",
            strength=0.0,
            because="No state.",
            source="trial 0",
        ),
    ),
    alternatives=("SGD, when memory matters.",),
    would_change=("A limit below 80 KiB.",),
    checklist=(
        RangeEdges(passed=False, trials=(8,), edge=0.98, upper=("optimizer.lr",), lower=()),
        StillImproving(passed=True, trials=(8,), best_epoch=3, epochs=9),
    ),
    contenders=tuple(
        Contender(
            optimizer=optimizer,
            p_best=0.62,
            p_tie=0.834,
            expected_regret=0.004,
            quality=0.9,
            interval=None,
            trials=(0,),
            params=None,
            train_seconds=None,
            peak_bytes=None,
            optimizer_state_bytes=0,
            completed=3,
        )
        for optimizer in OPTIMIZERS
    ),
)


def add(study, trials):
    for each in trials:
        attributes = {"record": each.to_dict()}
        study.add_trial(
            optuna.trial.create_trial(
                value=each.quality or 0.0, params={}, distributions={}, user_attrs=attributes
            )
        )


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    home = tmp_path_factory.mktemp("home")
    for name, trials in STUDIES.items():
        study = create_study(
            home,
            name,
            direction="maximize",
            manifest=StudyManifest.from_dict(PLAN | {"facts": facts().to_dict()}),
        )
        add(study, trials)
        if name == "full":
            change_manifest(study, recommendation={"markdown": "", "json": "{}"})
    return home


def opened(view, home, name):
    """Return one page, run on one study."""
    return page_of(view, home, name).run()


@pytest.fixture
def advised(monkeypatch):
    """Let a study give a known recommendation."""
    monkeypatch.setattr(reads, "recommendation", lambda home, name: ADVICE)


@pytest.mark.parametrize("view", ["recommendation", "trials"])
@pytest.mark.parametrize("name", STUDIES)
def test_every_page_shows_every_kind_of_study(view, name, home):
    page = opened(view, home, name)

    assert (len(page.exception), len(page.title)) == (0, 1)
    assert f"Study {name}" in words(page)


def test_the_recommendation_says_what_how_sure_and_at_what_cost(home, advised):
    page = opened("recommendation", home, "full")

    assert page.title[0].value == "Use AdamW"
    assert words(page).count("as good as anything tried") == 1
    assert (
        "(83 % sure), the best of 3 with 62 %. Validation accuracy 0.93 (mean of 2 seeds, trials 8, 9, "
        in (words(page))
    )
    assert {metric.label: metric.value for metric in page.metric} == {
        "Validation accuracy": "0.93", "Test accuracy": "0.921",
        "Training time": "1.8 s", "Peak memory in training": "195 KiB", "Optimizer state": "0 B",
    }  # fmt: skip


def test_the_recommendation_gives_reasons_alternatives_and_failed_checks(home, advised):
    page = opened("recommendation", home, "full")

    headings = (
        "Costs / Why / When to choose another / What would change this / Is the study sound? / All candidates"
    )
    assert " / ".join(heading.value for heading in page.header) == headings
    assert "**Range edges.** Trial 8 has optimizer.lr on the upper end of its range." in words(page)
    assert "**To do:** widen that range, or try the recipe with a value beyond the end" in words(page)
    assert "1 of 2 checks passed" in [expander.label for expander in page.expander]
    assert r"- It is \*best\* on \[x\]\(y\)\: \$3 \< \$5\." in [element.value for element in page.markdown]
    table = page.dataframe[0].value
    assert list(table["optimizer"]) == ["AdamW, advised", "SGD", "Momentum"]
    assert [*table["p_tie"][:1], *table["expected_regret"][:1]] == ["83 %", "0.4 %"]


def test_a_study_under_impossible_limits_says_so(home, monkeypatch):
    def refuse(home, name):
        raise NothingFeasible("nothing fits 1 KiB; raise --memory to 80 KiB")

    monkeypatch.setattr(reads, "recommendation", refuse)
    page = opened("recommendation", home, "failed")

    assert "nothing fits 1 KiB; raise --memory to 80 KiB" in words(page)
    assert not page.exception


def test_the_trials_are_all_listed_with_why_they_ended(home):
    page = opened("trials", home, "full")
    table = page.dataframe[0].value

    assert "11 trials: 8 complete, 1 pruned, 1 infeasible, 1 failed. The search is finished." in words(page)
    assert list(table["number"]) == list(range(11))
    assert list(table["error"])[5] == "needs 9 MiB, the limit is 8 MiB"
    assert list(table["lr"])[:2] == [0.1, 0.03]


def test_the_trials_page_says_what_is_missing(home):
    assert "No trial has ended yet." in words(opened("trials", home, "begun"))
    assert "No trial has a quality yet; the table says why each one ended." in words(
        opened("trials", home, "failed")
    )


def test_a_search_that_fell_silent_is_told_from_one_that_runs(home):
    with working(home, "single"):
        page = opened("trials", home, "single")
    assert "1 trial: 1 complete. The search is running; this page follows it." in words(page)
    an_hour_ago = time.time() - 3600
    os.utime(home / "studies" / "pruned.journal", (an_hour_ago, an_hour_ago))
    page = opened("trials", home, "pruned")
    assert "nobody works on it: nothing was written for 60 min. Go on with: advisor resume pruned" in words(
        page
    )


def test_an_unknown_study_is_named(home):
    for view in ("recommendation", "trials"):
        said = words(opened(view, home, "fulll"))
        assert re.search("no study 'fulll' in .*; did you mean 'full'", said)


def test_the_page_opens_on_the_study_in_its_address(home, monkeypatch):
    monkeypatch.setenv("ADVISOR_HOME", str(home))
    page = AppTest.from_file(APP, default_timeout=HANG_SECONDS)
    page.query_params["study"] = "single"
    page.run()

    assert not page.exception
    assert {page.sidebar.selectbox[0].value} < set(page.sidebar.selectbox[0].options) == set(STUDIES)
    assert "Study single" in words(page)

    page.sidebar.selectbox[0].select("full").run()
    assert "Study full" in words(page)
    assert page.query_params["study"] in ("full", ["full"])  # a list in earlier versions


def test_a_study_that_is_not_there_is_said_and_the_others_are_linked(home, monkeypatch):
    monkeypatch.setenv("ADVISOR_HOME", str(home))
    page = AppTest.from_file(APP, default_timeout=HANG_SECONDS)
    page.query_params["study"] = "sinlge"
    page.run()

    assert not page.exception
    assert page.title[0].value == "No such study"
    assert "There is no study 'sinlge' in" in words(page)
    assert "did you mean 'single'?" in words(page)
    assert {link.label for link in page.main.get("page_link")} == set(STUDIES)
    assert page.sidebar.selectbox[0].value is None
    assert page.query_params["study"] in ("sinlge", ["sinlge"])


def test_an_archived_study_is_not_offered_unless_the_address_names_it(home, monkeypatch):
    monkeypatch.setenv("ADVISOR_HOME", str(home))
    change_annotations(home, "failed", lambda said: said.put_away().retitled("Old"))
    page = AppTest.from_file(APP, default_timeout=HANG_SECONDS).run()
    assert set(page.sidebar.selectbox[0].options) == set(STUDIES) - {"failed"}

    page.query_params["study"] = "failed"
    page.run()
    assert "Old (failed)" in page.sidebar.selectbox[0].options
    change_annotations(home, "failed", lambda said: said.put_away(archived=False).retitled(""))


def test_an_empty_home_says_which_command_to_run(tmp_path, monkeypatch):
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    page = AppTest.from_file(APP, default_timeout=HANG_SECONDS).run()

    assert not page.exception
    assert page.title[0].value == "No study yet"
    assert page.code[0].value == "advisor search digits"


def test_a_study_is_read_again_only_when_its_journal_changes(home, monkeypatch):
    reads._study.clear()
    read, truth = [], Study.read
    monkeypatch.setattr(Study, "read", lambda *where: read.append(where) or truth(*where))
    study = create_study(home, "growing", direction="minimize", manifest=StudyManifest.from_dict(PLAN))

    assert reads.study(home, "growing").records == reads.study(home, "growing").records == ()
    assert reads.study(home, "growing").direction == "minimize"
    assert len(read) == 1
    add(study, (record(0),))
    assert [each.number for each in reads.study(home, "growing").records] == [0]
    (home / "studies" / "growing.journal").unlink()


def test_the_home_is_the_one_asked_for(monkeypatch):
    monkeypatch.setenv("ADVISOR_HOME", "/elsewhere")
    assert [reads.chosen_home(arguments) for arguments in (["--home", "/here"], [])] == [
        Path("/here"),
        Path("/elsewhere"),
    ]


def test_markdown_in_text_is_made_harmless_and_units_stay_with_their_numbers():
    assert plain("**a** [b](c)\n# d <i> $e$ :red[f]") == r"\*\*a\*\* \[b\]\(c\) \# d \<i\> \$e\$ \:red\[f\]"
    assert plain("64 MiB, 5 % of 3 seeds").replace("\N{NO-BREAK SPACE}", "_") == "64_MiB, 5_% of 3 seeds"
