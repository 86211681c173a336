"""The checklist: every question is asked of a sound study and of one with just that fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.decide.checklist import checks
from advisor.decide.scale import LossScale
from advisor.evidence import Evidence

from records import confirmations, record, study

SOUND = study({"AdamW": [0.9, 0.8, 0.7], "SGD": [0.8, 0.7, 0.6]})
RUNS = confirmations(6, "AdamW", [0.9, 0.91, 0.89], source=0)


def whole(quality):
    return record(0, quality=quality, epochs=12)


def late(number, early, final):
    """Return a whole run that stood at `early` after a third and ended at `final`."""
    run = record(number, quality=final, epochs=9)
    points = [replace(point, valid_metric=early if point.epoch <= 3 else final) for point in run.curve]
    return replace(run, curve=(*points[:3], *[replace(point, valid_metric=final) for point in points[3:]]))


def failed(best=SOUND[0], *, records=SOUND, confirmed=RUNS, **fields):
    evidence = Evidence(records=tuple(records), **{"valid_rows": 1000} | fields)
    return {
        check.name: check
        for check in checks(evidence, best, LossScale.of(evidence), confirmed=confirmed)
        if not check.passed
    }


def curve(best, **columns):
    points = [
        replace(point, **{name: values[index] for name, values in columns.items()})
        for index, point in enumerate(best.curve[: len(next(iter(columns.values())))])
    ]
    return replace(best, curve=tuple(points))


def test_no_wrong_row_is_said_in_words():
    best = replace(SOUND[0], quality=1.0)
    assert (
        "none of 50 validation rows wrong"
        in failed(best, valid_rows=50, confirmed=())["validation rows"].message
    )


def test_a_fix_comes_with_its_command_where_there_is_one():
    failures = failed(SOUND[0], records=SOUND[:5], resume="advisor resume digits-1 --budget 120s")
    assert failures["enough trials"].command == "advisor resume digits-1 --budget 120s"
    late_best = curve(SOUND[0], valid_metric=[0.5, 0.6, 0.9])
    assert (
        failed(late_best, command="advisor search digits")["still improving"].command
        == "advisor search digits --epochs 6"
    )


def test_a_test_split_that_differs_by_chance_passes():
    few = [replace(run, test_quality=0.8) for run in RUNS]
    assert not failed(valid_rows=30, confirmed=few).keys() & {"test split"}
    assert "test split" in failed(valid_rows=3000, confirmed=few)


def test_a_sound_study_passes_every_check():
    assert not failed()


def test_nothing_is_asked_before_the_first_whole_run():
    assert checks(Evidence(), None, None) == ()


@pytest.mark.parametrize(
    ("fault", "name", "words"),
    [
        pytest.param(
            {"best": replace(SOUND[0], units={"optimizer.lr": -0.99, "batch_size": 0.2})},
            "range edges",
            "trial 0 has optimizer.lr on the lower end",
            id="a setting on the end of its range",
        ),
        pytest.param({"records": SOUND[:5]}, "enough trials", "SGD 2", id="too few whole runs"),
        pytest.param(
            {"best": curve(SOUND[0], valid_metric=[0.5, 0.6, 0.9])},
            "still improving",
            "epoch 3 of 3, its last",
            id="best at the end",
        ),
        pytest.param(
            {"records": (*SOUND, *(record(10 + i, "SGD", state="infeasible") for i in range(3)))},
            "lost trials",
            "3 of 9 trials (33 %) were lost (diverged)",
            id="too many lost",
        ),
        pytest.param(
            {
                "best": curve(
                    SOUND[0],
                    valid_loss=[0.5, 0.3, 0.4],
                    train_loss=[0.5, 0.3, 0.1],
                    valid_metric=[0.8, 0.9, 0.9],
                )
            },
            "overfitting",
            "rose from 0.3 at epoch 2 to 0.4",
            id="overfitting",
        ),
        pytest.param({"confirmed": ()}, "confirmed", "one seed only", id="not confirmed"),
        pytest.param(
            {"confirmed": confirmations(6, "AdamW", [0.9, None, 0.9], source=0)},
            "confirmed",
            "1 of them diverged",
            id="unstable",
        ),
        pytest.param(
            {"valid_rows": 50},
            "validation rows",
            "about 5 of 50 validation rows wrong",
            id="too few validation rows",
        ),
        pytest.param(
            {"baseline": 0.95},
            "better than a constant",
            "every row alike has 0.95",
            id="no better than a constant",
        ),
        pytest.param(
            {
                "best": curve(
                    whole(0.9), valid_metric=[0.7, 0.8, 0.9, 0.8, 0.9, 0.8, 0.9, 0.8, 0.9, 0.8, 0.9, 0.85]
                )
            },
            "late variance",
            "changed by",
            id="a metric that jumps about",
        ),
        pytest.param(
            {"confirmed": [replace(run, test_quality=0.7) for run in RUNS]},
            "test split",
            "0.7 on the test split",
            id="another test",
        ),
        pytest.param(
            {"records": [late(number, 0.5 + number / 20, 0.8 - number / 20) for number in range(7)]},
            "early ranks",
            "ended ahead in 0 % of 21 pairs",
            id="early ranks that mislead",
        ),
    ],
)
def test_a_fault_fails_its_own_check_and_no_other(fault, name, words):
    failures = failed(**fault)

    assert set(failures) == {name}
    assert words in failures[name].message
    assert failures[name].fix


def test_a_minimized_metric_is_best_where_it_is_lowest():
    best = curve(record(0, quality=1.0, direction="minimize"), valid_metric=[3.0, 2.0, 1.0])

    assert "still improving" in failed(best, direction="minimize", metric="rmse")


def test_rows_are_only_counted_where_the_metric_counts_rows():
    assert not failed(valid_rows=50, metric="roc_auc")


def test_a_run_without_a_curve_is_given_the_benefit_of_the_doubt():
    assert not failed(replace(SOUND[0], curve=()))
