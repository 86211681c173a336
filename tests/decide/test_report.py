"""The report reads as an expert's answer: whole, plain, and at most 100 columns wide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from advisor.report.layout import settings
from advisor.report.numbers import chance, difference, duration, margin, number, percent
from studies.direction import MAXIMIZE, MINIMIZE
from studies.optimizers.adamw import AdamW
from studies.quantities import listed
from studies.recipe import Recipe
from studies.regularizers.l1 import L1

from records import facts, record, study

ADVICE = recommend(
    Evidence(
        facts=facts(),
        records=study(
            {"AdamW": [0.95, 0.97, 0.98, 0.96], "SGD": [0.9, 0.91, 0.92]},
            confirmed={"AdamW": [0.981, 0.979, 0.98], "SGD": [0.92, 0.921, 0.922]},
        ),
        valid_rows=3600,
        study="digits",
    )
)


def test_the_first_sentence_is_the_answer_with_its_settings_and_its_confidence():
    assert str(ADVICE.headline) == (
        "Use AdamW (lr 0.001, Cosine schedule, batch size 32) - decided: as good as anything tried, "
        "to within 0.083 points of accuracy (over 99 % sure), the best of 2 with over 99 %."
    )
    assert str(ADVICE).replace("\n", " ").startswith(str(ADVICE.headline))


def test_a_field_that_no_search_tries_is_told_where_it_was_set():
    usual = Recipe(regularizers=(L1(),)).to_params()
    unsearched = Recipe(optimizer=AdamW(amsgrad=True), regularizers=(L1(strength=0.01),)).to_params()

    assert not [value for _, value in settings(usual) if "amsgrad" in value or "strength" in value]
    assert any("amsgrad True" in value for _, value in settings(unsearched))
    assert any("strength 0.01" in value for _, value in settings(unsearched))


def test_every_section_stands_in_its_order():
    titles = [
        "Why",
        "Costs",
        "Runner-up and alternatives",
        "What would change this",
        "Is the study sound?",
        "Recipe",
    ]
    lines = str(ADVICE).splitlines()

    assert [line for line in lines if line in titles] == titles
    assert f"- All {len(ADVICE.checklist)} checks passed." in lines
    assert "- optimizer state, part of that peak: 78.1 KiB" in lines


def test_a_failed_check_comes_with_what_to_do_and_a_passed_one_not_at_all():
    advice = recommend(Evidence(facts=facts(), records=study({"AdamW": [0.9, 0.8, 0.7]}), valid_rows=3600))

    assert "- confirmed: the recommended recipe was not run again with fresh seeds. To do: run it" in str(
        advice
    ).replace("\n ", "")
    assert "range edges" not in str(advice)


def test_before_any_trial_the_report_says_what_it_rests_on():
    said = str(recommend(Evidence(facts=facts(), candidates=("AdamW", "SGD"))))

    assert said.startswith("Start with AdamW - prior only: as good as anything else")
    assert "No whole run of it stands behind this" in said


def test_the_recipe_is_told_axis_by_axis_without_what_was_not_chosen():
    params = record(0).params | {"regularizers": "Dropout+LabelSmoothing", "regularizers.Dropout.rate": 0.25}

    assert dict(settings(params)) == {
        "optimizer": "AdamW: lr 0.001",
        "schedule": "Cosine",
        "batch size": "32",
        "epochs": "9",
        "regularizers": "Dropout: rate 0.25; LabelSmoothing",
        "model": "Linear",
    }


def test_an_axis_of_the_users_own_is_told_last():
    assert settings({"optimizer": "AdamW", "width": 3}) == [("optimizer", "AdamW"), ("width", "3")]


def test_markdown_holds_the_same_and_a_table_of_all_that_fit():
    page = ADVICE.to_markdown()

    assert page.startswith("# AdamW for digits\n")
    assert str(ADVICE.headline) in page
    assert "| SGD | 0.921 |" in page
    assert all(str(reason) in page for reason in ADVICE.reasons)
    assert replace(ADVICE, study="").to_markdown().startswith("# AdamW\n")


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.94, "94 %"),
        (0.004, "0.4 %"),
        (0.0, "0 %"),
        (1e-9, "under 0.1 %"),
        (0.9999, "over 99 %"),
        (1.87, "187 %"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_all(share, words):
    assert percent(share) == words


@pytest.mark.parametrize(("probability", "words"), [(1.0, "over 99 %"), (0.94, "94 %"), (0.0, "under 1 %")])
def test_no_probability_is_told_as_certain(probability, words):
    assert chance(probability) == words


@pytest.mark.parametrize(
    ("metric", "direction", "value", "other", "words"),
    [
        ("accuracy", MAXIMIZE, 0.978, 0.982, "0.4 points less accuracy"),
        ("f1", MAXIMIZE, 0.75, 0.5, "25 points more f1"),
        ("accuracy", MAXIMIZE, 97.8, 98.2, "0.4 points less accuracy"),
        ("rmse", MINIMIZE, 55.0, 50.0, "rmse 5 (10 %) higher"),
        ("r2", MAXIMIZE, 0.5, 0.6, "r2 0.1 (17 %) lower"),
        ("loss", MINIMIZE, 1.0, 0.0, "loss 1 higher"),
        ("loss", MINIMIZE, 1.0, 1.0, "the same loss"),
    ],
)
def test_differences_are_told_as_people_compare_them(metric, direction, value, other, words):
    assert difference(metric, direction, value, other) == words


def test_numbers_are_short_and_ascii():
    assert [number(x) for x in (0.98333, 54.123, 1e-5, 12_000.0)] == ["0.9833", "54.12", "1e-05", "12,000"]
    assert duration(5e-5) == "50 us"
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_the_margin_is_said_in_what_the_metric_is_counted_in():
    assert margin("accuracy", MAXIMIZE, 0.98, 0.02) == "0.04 points of accuracy"
    assert margin("rmse", MINIMIZE, 50.0, 0.02) == "1 of rmse"
    assert margin("r2", MAXIMIZE, 0.5, 0.02) == "0.01 of r2"
    assert margin("accuracy", MAXIMIZE, None, 0.02) == "2 % of the error"
    assert margin("accuracy", MAXIMIZE, 1.0, 0.02) == "2 % of the error"


def test_weight_decay_is_said_as_torch_takes_it_too():
    params = {"optimizer": "AdamW", "optimizer.AdamW.lr": 0.01, "optimizer.AdamW.decay_horizon": 0.5}

    assert settings(params, steps=1000) == [
        ("optimizer", "AdamW: lr 0.01, decay horizon 0.5; in torch weight_decay 0.2")
    ]
    assert settings({"optimizer": "Unheard"}, steps=1000) == [("optimizer", "Unheard")]
