"""`advisor note`: what is said of a study and its trials, and studies that are put away."""

import json

import pytest

from pages import STUDIES, fill


@pytest.fixture
def filled(home):
    return fill(home, {name: STUDIES[name] for name in ("full", "single")})


def test_a_note_a_tag_and_a_title_are_shown_and_listed(filled, inside):
    inside("note", "full", "Odd split.\nAsk again.", "--tag=paper", "--title=First try")
    said = inside("note", "full", "--trial=4", "--tag=odd").stdout

    assert said.splitlines() == [
        "First try (full)", "  tags: paper", "  Odd split.", "  Ask again.", "trial 4", "  tags: odd",
    ]  # fmt: skip
    assert inside("note", "full").stdout == said
    assert "full    First try: digits with" in inside("list", "studies").stdout
    trials = json.loads(inside("list", "trials", "full", "--json").stdout)
    assert {row["name"]: row["tags"] for row in trials if row["tags"]} == {"4": ["odd"]}


def test_an_empty_note_takes_it_away_and_a_tag_is_taken_off(filled, inside):
    inside("note", "full", "Odd.", "--tag=a", "--tag=b")

    assert inside("note", "full", "", "--untag=a").stdout.splitlines() == ["full", "  tags: b"]


def test_a_home_whose_studies_are_all_archived_is_not_called_empty(filled, inside):
    assert inside("note", "single", "--archive").returncode == 0
    assert inside("note", "full", "--archive").returncode == 0

    said = inside("list", "studies").stdout
    assert said.startswith("no studies but 2 in the archive; list them with: advisor list studies --archived")


def test_an_archived_study_is_listed_only_when_asked_for(filled, inside):
    assert inside("note", "single", "--archive").stdout == "single: archived\n"
    assert "single" not in inside("list", "studies").stdout
    rows = json.loads(inside("list", "studies", "--archived", "--json").stdout)
    assert {row["name"]: row["archived"] for row in rows} == {"full": False, "single": True}
    inside("note", "single", "--restore")
    assert "single" in inside("list", "studies").stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("full", "x", "--trial=99"), "study 'full' has no trial 99; they are 0 to 10"),
        (("fulll", "x"), "did you mean 'full'?"),
        (("full", "--trial=4", "--title=x"), "a title and the archive are of a whole study"),
        (("full", "--tag=a,b"), "tag 'a,b' is empty or holds a comma"),
    ],
)
def test_what_cannot_be_said_is_refused_in_one_line(filled, inside, words, says):
    refused = inside("note", *words)

    assert (refused.returncode, says in refused.stderr) == (2, True)
    assert len(refused.stderr.splitlines()) == 1
