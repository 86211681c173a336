"""Evidence from outside: published rates, earlier studies, rules; as plain values and on the page."""

import re

import pytest

from advisor.evidence import Finding
from advisor.report.optimizer_styles import styles
from dashboard.charts import evidence
from dashboard.snapshot import Study

from pages import OPTIMIZERS, RACE, STUDIES, SWEEP, fill, page, words
from records import facts

CNN = facts(kind="image", convolution_share=0.9)
FINDINGS = tuple(
    Finding(
        rule=rule,
        subject=subject,
        verdict="prefer",
        strength=strength,
        because="It is.",
        source="Somebody 2020",
    )
    for rule, subject, strength in (
        ("One", "SGD", -0.4),
        ("One", "AdamW", 0.8),
        ("Two", "AdamW", 0.4),
        ("Note", "SGD", 0.0),
    )
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("home"))


def test_published_rates_come_strongest_first_with_their_basis(home):
    entries = evidence.published(Study.read(home, "full"))
    assert {entry.optimizer for entry in entries} == set(OPTIMIZERS)
    odds = [entry.rate.log_odds for entry in entries]
    assert odds == sorted(odds, reverse=True)
    assert all("n = " in entry.rate.basis for entry in entries if entry.rate.counted)


def test_the_title_says_on_which_class_of_problems_it_is_published(home, tmp_path):
    study = Study.read(home, "full")
    figure = evidence.odds(
        evidence.published(study), styles(study.optimizers), evidence.class_in_words(study)
    )
    assert figure.layout.title.text == "Published on an MLP on tables: none here clearly beats AdamW"

    study = Study.read(fill(tmp_path, {"cnn": RACE}, facts=CNN.to_dict()), "cnn")
    figure = evidence.odds(
        evidence.published(study), styles(study.optimizers), evidence.class_in_words(study)
    )
    assert figure.layout.title.text.startswith("Published on problems of all kinds, halved")


def test_judged_rates_have_open_marks(home, tmp_path):
    study = Study.read(
        fill(tmp_path, {"cnn": RACE}, facts=CNN.to_dict(), candidates=["Muon", "AdamW"]), "cnn"
    )
    entries = {entry.optimizer: entry for entry in evidence.published(study)}
    marks = {
        trace.name: trace.marker.symbol
        for trace in evidence.odds(tuple(entries.values()), styles(study.optimizers), "").data
    }
    for name, entry in entries.items():
        if entry.rate.known:
            assert marks[name].endswith("-open") != (entry.rate.counted or name == "AdamW")


def test_published_learning_rates_are_of_the_same_class_where_there_are_any(home):
    study = Study.read(home, "full")
    rows = evidence.rates(study)
    assert rows
    assert all(row["same class"] and row["n"] > 0 and row["source"] for row in rows)
    figure = evidence.learning_rate_ranges(study, styles(study.optimizers))
    assert figure.layout.title.text.startswith("Learning rates within what published tuning ended at")
    assert figure.layout.xaxis.type == "log"


def test_what_rules_add_is_stacked_by_optimizer():
    figure = evidence.strengths(FINDINGS, OPTIMIZERS)
    assert figure.layout.title.text == "Before any trial, the rules favour AdamW most (+1.20)"
    assert {trace.name: trace.x for trace in figure.data} == {"One": (-0.4, 0.8), "Two": (0.4,)}
    assert evidence.strengths((), OPTIMIZERS).layout.title.text == "No rule favours anything here"


@pytest.mark.parametrize("name", STUDIES)
def test_the_page_shows_every_kind_of_study(name, home):
    shown = page("evidence", home, name).run()
    assert (len(shown.exception), len(shown.title)) == (0, 1)
    assert f"Study {name}" in words(shown)


def test_the_page_gives_n_and_source_of_all_that_is_published(home):
    shown = page("evidence", home, "full", optimizer="AdamW").run()
    table = shown.table[0].value
    assert list(table.columns) == ["problems", "measured", "n", "source"]
    assert all(int(n) > 0 for n in table["n"])
    assert "Gorishniy et al. 2026, arXiv 2604.15297" in list(table["source"])
    licences = shown.table[1].value
    assert list(licences["licence"])


def test_the_page_tells_what_similar_studies_ended_with(home, tmp_path):
    table = page("evidence", home, "begun").run().dataframe[0].value
    assert "begun" not in set(table["study"])
    assert len(set(table["study"])) <= 3

    alone = page("evidence", fill(tmp_path, {"alone": SWEEP}), "alone").run()
    assert "No other study here has the same model" in words(alone)


def test_the_page_names_rules_with_grade_and_source(tmp_path):
    home = fill(tmp_path, {"few": RACE}, candidates=["AdamW", "Lion", "Nesterov", "ScheduleFreeAdamW"])
    said = words(page("evidence", home, "few").run())
    assert re.search(r"\*\*Convergence\*\*, grade [A-D]\. ", said)
    assert "Lion, avoid (-0.6): " in said


def test_no_rule_may_speak(home):
    assert "No rule has anything to say" in words(page("evidence", home, "begun").run())


def test_a_rule_that_cannot_be_read_is_named(tmp_path):
    home = fill(tmp_path, {"odd": RACE}, rules=["NoSuchRule=off"])
    shown = page("evidence", home, "odd").run()
    assert not shown.exception
    assert "no rule is called 'NoSuchRule'" in words(shown)
