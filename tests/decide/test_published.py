"""The published tables and the base rates counted from them."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.decide.posterior import TOTAL_CLIP, base_rate
from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from advisor.explanations.explanation import explanation
from advisor.published import CLASSES, FOLDER, comparisons, judged, learning_rates, names, ranks, sources
from advisor.published.rates import (
    AGREEMENTS,
    DOUBT,
    SHORT,
    agreement,
    class_rate,
    problem_class,
    rate,
    rates,
)
from advisor.published.shown import measured
from benchmarks.prior import agreements
from benchmarks.prior import tables as prior_tables
from benchmarks.short_runs import counted
from studies import catalogue
from studies.facts import Facts

ROWS = (*comparisons(), *ranks(), *learning_rates())
ALL = tuple(name for name in catalogue.choices("optimizer"))

TABLE = Facts()
TEXT = Facts(kind="text", has_attention=True)
IMAGE = Facts(kind="image", convolution_share=0.9, has_batchnorm=True)
UNKNOWN = {
    "a linear model": Facts(is_linear=True),
    "attention on tables": Facts(has_attention=True),
    "a CNN without batch norm": Facts(kind="image", convolution_share=0.9),
    "mostly embeddings": Facts(embedding_share=0.9),
    "an MLP on images": Facts(kind="image"),
}


def test_every_optimizer_named_in_a_table_is_in_the_catalogue_or_said_not_to_be():
    for row in ROWS:
        known = names()[row.source, row.optimizer]
        assert known.optimizer in ALL or (known.optimizer == "" and known.remark)
    assert {row.wrapper for row in names().values()} - {""} <= set(catalogue.choices("wrappers"))
    assert {row.optimizer for row in judged()} <= set(ALL)


def test_every_row_has_a_source_with_a_licence_and_a_class_in_words():
    assert {row.source for row in ROWS} == set(sources())
    assert {row.problem_class for row in (*ROWS, *judged())} <= set(CLASSES)
    assert all(row.citation and row.repository and row.licence for row in sources().values())
    assert all(row.source for row in judged())


def test_adapted_rows_under_share_alike_are_attributed():
    assert sources()["opda"].licence == "CC-BY-SA-4.0"
    assert "OPDA by Nicholas Lourie" in (FOLDER / "README.md").read_text()
    assert {path.name for path in FOLDER.glob("*.csv")} <= set(
        (FOLDER / "README.md").read_text().replace("`", " ").split()
    )


def test_quantiles_are_in_order_and_ranks_possible():
    assert all(0 < row.q10 <= row.median <= row.q90 for row in learning_rates())
    assert all(1 <= row.rank <= row.compared for row in comparisons())
    assert all(1 <= row.mean_rank <= row.compared for row in ranks())


def test_the_table_of_plain_mlps_counts_what_its_paper_says():
    plain = [r for r in comparisons() if r.setting == "plain MLP" and r.optimizer == "muon"]
    count = {outcome: sum(r.outcome == outcome for r in plain) for outcome in ("win", "tie", "loss")}

    assert count == {"win": 12, "tie": 3, "loss": 2}
    assert sum(r.rank for r in plain) / len(plain) == pytest.approx(5.12, abs=0.01)


def test_a_task_has_one_vote_however_often_it_appears():
    rate = rates("transformer")["Muon"]  # 18 cells, all won, of 4 sizes

    assert rate.log_odds == pytest.approx(math.log(4 + 1))
    assert "n = 4 tasks" in rate.basis


def test_a_flawed_measurement_counts_half_and_says_so():
    rate = rates("tabular_mlp")["Momentum"]  # 2 wins, 3 ties, 12 losses

    assert rate.log_odds == pytest.approx(0.5 * math.log(4.5 / 14.5))
    assert "weight-decay range" in rate.basis


def test_nothing_is_judged_that_can_be_counted():
    for row in judged():
        assert not any(
            names()[r.source, r.optimizer].optimizer == row.optimizer
            for r in comparisons()
            if r.problem_class == row.problem_class
        )


def test_averaged_weights_are_compared_with_averaged_weights():
    against = {r.against for r in comparisons() if r.optimizer == "muon-ema"}

    assert against == {"adamw-ema"}
    assert {r.against for r in comparisons() if r.optimizer == "schedulefree"} == {"adamw", "adamw-ema"}


@pytest.mark.parametrize(
    ("facts", "expected"), [(TABLE, "tabular_mlp"), (TEXT, "transformer"), (IMAGE, "cnn")]
)
def test_the_class_is_told_from_the_facts(facts, expected):
    assert problem_class(facts) == expected


@pytest.mark.parametrize("facts", UNKNOWN.values(), ids=UNKNOWN)
def test_a_class_that_no_table_covers_is_not_guessed_and_believed_half(facts):
    assert problem_class(facts) is None
    assert base_rate(facts, "SGD") == pytest.approx(DOUBT * class_rate("mixed", "SGD").log_odds)
    assert "no table covers this kind" in rate(facts, "SGD").basis


def test_what_a_class_has_no_figure_for_takes_the_one_over_all_kinds():
    assert "RMSprop" not in rates("tabular_mlp")
    assert base_rate(TABLE, "RMSprop") == class_rate("mixed", "RMSprop").log_odds
    assert base_rate(TABLE, "Mine") == 0


@given(
    st.sampled_from((*ALL, "Mine")), st.sampled_from(("table", "image", "text", "signal")), st.booleans(),
    st.booleans(), st.booleans(), st.floats(0, 1), st.floats(0, 1),
)  # fmt: skip
def test_every_base_rate_is_finite_and_clipped(
    optimizer, kind, attention, batchnorm, linear, convolutions, embeddings
):
    facts = Facts(
        kind=kind,
        has_attention=attention,
        has_batchnorm=batchnorm,
        is_linear=linear,
        convolution_share=convolutions,
        embedding_share=embeddings,
    )

    assert abs(base_rate(facts, optimizer)) <= TOTAL_CLIP
    assert base_rate(facts, "AdamW") == 0


def test_leaving_a_task_out_leaves_out_all_its_rows():
    left = rates("tabular_mlp", frozenset({"adult"}))["Muon"]

    assert "n = 16 tasks" in left.basis
    assert left.log_odds != rates("tabular_mlp")["Muon"].log_odds


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            TABLE,
            [
                "of an MLP on tables apply",
                "Muon: 10.5 wins, 4.83 ties, 1.67 losses against AdamW over n = 17 tasks",
            ],
        ),
        (UNKNOWN["a linear model"], ["cover no problem of this kind", "at half their weight"]),
    ],
    ids=("a class with a table", "a class with none"),
)
def test_advice_before_any_trial_says_which_comparisons_it_rests_on(facts, said):
    advice = recommend(Evidence(facts=facts, candidates=("AdamW", "Muon", "SGD"), planned_trials=30))

    assert all(any(part in str(reason) for reason in advice.reasons) for part in said)


def test_explain_shows_counts_rates_n_and_source_where_there_are_any():
    muon, nothing = explanation("Muon"), explanation("Prodigy")

    assert re.search(
        r"plain MLP +Muon: 12 won, 3 tied, 2 lost against AdamW; "
        r"mean rank 5.1 of 16 +17 +Gorishniy et al. 2026",
        muon,
    )
    assert re.search(
        r"17 tables, MLP +lr 0.000458, q10 to q90 0.000129 to 0.00848.* 17 +Gorishniy et al. 2026", muon
    )
    assert nothing.endswith("Published: no published measurement")
    assert "AdamW with EMA: 12 won, 4 tied, 1 lost against AdamW" in explanation("EMA")
    # what the others are compared with has no counts
    assert "AdamW; mean rank 9.6 of 16" in explanation("AdamW")


def test_every_line_that_explain_prints_ends_with_a_source():
    for name in ALL:
        lines = measured(name)[2:]
        assert all(line.endswith(tuple(source.citation for source in sources().values())) for line in lines)


def test_advice_from_the_other_tables_holds_the_winner_more_often_than_the_usual_two():
    command = [sys.executable, "-m", "benchmarks.prior"]
    total = subprocess.run(
        command, cwd=FOLDER.parent.parent, check=True, capture_output=True, text=True
    ).stdout
    ours, tables, _, usual = map(
        int,
        re.search(r"^all tables: .* in (\d+) of (\d+),.* (\d+); in .* (\d+);", total, re.MULTILINE).groups(),
    )

    assert tables == len(prior_tables())
    assert ours > 2 * usual


def test_a_built_wheel_contains_the_tables_and_their_licences(tmp_path):
    pytest.importorskip("setuptools", minversion="77")
    root = FOLDER.parent.parent
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / file, tmp_path)
    shutil.copytree(FOLDER.parent, tmp_path / "advisor", ignore=shutil.ignore_patterns("__pycache__"))
    build = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", build], cwd=tmp_path, check=True, capture_output=True
    )
    files = set(zipfile.ZipFile(next((tmp_path / "dist").glob("*.whl"))).namelist())

    shipped = {path.name for path in FOLDER.iterdir() if path.suffix in {".csv", ".toml", ".md"}}
    assert len(shipped) >= 7
    assert {f"advisor/published/{name}" for name in shipped} <= files


@pytest.mark.parametrize(
    ("facts", "known"),
    [
        (Facts(steps=SHORT - 1), "short_net"),
        (Facts(steps=SHORT - 1, is_linear=True), "short_linear"),
        (Facts(steps=SHORT - 1, kind="text", has_attention=True), "short_net"),
        (Facts(steps=SHORT), "tabular_mlp"),
        (Facts(steps=SHORT - 1, pretrained=True), "tabular_mlp"),
    ],
)
def test_runs_of_a_few_hundred_steps_are_a_class_of_their_own(facts, known):
    assert problem_class(facts) == known


def test_in_a_short_run_schedule_free_stands_before_muon_and_in_a_long_one_muon_before_it():
    short, long = (
        {name: base_rate(Facts(steps=steps), name) for name in ("Muon", "ScheduleFreeAdamW")}
        for steps in (300, 3000)
    )

    assert short["ScheduleFreeAdamW"] > short["Muon"]
    assert long["Muon"] > long["ScheduleFreeAdamW"]


def test_what_is_counted_of_short_runs_is_what_was_recorded():
    shipped = [
        (row.source, row.problem_class, row.setting, row.task, row.optimizer, row.against, row.outcome)
        for row in comparisons()
        if row.source == "recorded"
    ]

    assert shipped == [row[:7] for row in counted()]


def test_how_far_base_rates_agree_with_results_is_as_measured_and_told_by_class():
    measured_now = agreements()

    assert set(measured_now) == set(AGREEMENTS)
    for known, told in AGREEMENTS.items():
        assert (told.rank_correlation, told.tasks) == (
            pytest.approx(measured_now[known][0], abs=0.005),
            measured_now[known][1],
        )
    assert agreement(Facts(steps=SHORT - 1)) == AGREEMENTS["short_net"]
    assert agreement(UNKNOWN["attention on tables"]) is None
