"""The checklist: every question is asked of a sound study and of one with just that fault."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.decide.checklist import checks
from advisor.decide.run_checks import overfitting
from advisor.decide.scale import LossScale
from advisor.evidence import Evidence
from studies.rungs import measured_epochs

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


def checked(best=SOUND[0], *, records=SOUND, confirmed=RUNS, **fields):
    """Return every check by name; `best` takes the place of the record with its number."""
    known = (best, *(run for run in records if run.number != best.number), *confirmed)
    evidence = Evidence(records=known, **{"valid_rows": 1000} | fields)
    return {check.name: check for check in checks(evidence, best, LossScale.of(evidence))}


def failed(*arguments, **fields):
    return {name: check for name, check in checked(*arguments, **fields).items() if not check.passed}


def curve(best, **columns):
    points = [
        replace(point, **{name: values[index] for name, values in columns.items()})
        for index, point in enumerate(best.curve[: len(next(iter(columns.values())))])
    ]
    return replace(best, curve=tuple(points))


def test_where_every_row_is_right_the_rows_are_said_to_tell_nothing_apart():
    best = replace(SOUND[0], quality=1.0)
    rows = failed(best, valid_rows=50, confirmed=())["validation rows"]

    assert str(rows) == (
        "validation rows: all 50 validation rows are right, so that they tell nothing apart from this "
        "recipe. To do: hold back more rows for validation, or read differences of a few rows as ties."
    )


def test_less_than_one_wrong_row_on_average_is_not_called_none():
    runs = confirmations(6, "AdamW", [1.0, 1.0, 0.98], source=0)
    message = failed(valid_rows=50, confirmed=runs)["validation rows"].message

    assert (
        message
        == "0.3333 of 50 validation rows wrong on average, and one row more or less is all the difference"
    )


def test_a_constant_that_gets_every_row_right_is_neither_better_nor_worse():
    best = replace(SOUND[0], quality=1.0)
    check = failed(best, confirmed=(), baseline=1.0)["better than a constant"]

    assert check.message == "accuracy 1, and a model that answers every row alike has the same"
    assert "hold back more rows" in check.fix


def test_values_that_differ_are_written_so_that_it_shows():
    check = failed(confirmed=(), baseline=0.900001)["better than a constant"]

    assert check.message == "accuracy 0.9, worse than the 0.900001 of a model that answers every row alike"


def test_a_fix_comes_with_its_command_where_there_is_one():
    late_best = curve(SOUND[0], valid_metric=[0.5, 0.6, 0.9])
    assert (
        failed(late_best, command="advisor search digits")["still improving"].command
        == "advisor search digits --epochs 6"
    )


FIVE = {name: [0.8] for name in ("AdamW", "SGD", "Adam", "Lion", "Muon")}


@pytest.mark.parametrize(
    ("qualities", "fair", "trials"),
    [
        pytest.param({"AdamW": [0.9, 0.8, 0.7], "SGD": [0.9, 0.7]}, "strict", 11, id="one run missing"),
        pytest.param({"AdamW": [0.9], "SGD": [0.8], "Adam": [0.8]}, "strict", 64, id="left out later"),
        pytest.param({"AdamW": [0.9, 0.8, 0.7], "SGD": [0.9, 0.7]}, "contention", 23, id="a race of two"),
        pytest.param(FIVE, "contention", 62, id="a race of three out of five"),
        pytest.param(FIVE, "strict", 106, id="a strict race of five"),
    ],
)
def test_the_missing_runs_come_with_a_budget_that_makes_them(qualities, fair, trials):
    resume = "advisor resume digits-1 --budget 120s --home 'a b'"
    short = failed(records=study(qualities), resume=resume, fair=fair)["whole runs"]

    assert short.command == f"advisor resume digits-1 --budget {trials}trials --home 'a b'"


def test_only_a_strict_comparison_asks_for_runs_of_one_that_is_left_behind():
    records = study({"AdamW": [0.9, 0.8, 0.7], "SGD": [0.1]})
    behind = checked(records=records)["whole runs"]
    strict = failed(records=records, fair="strict")["whole runs"]

    assert behind.message == "every optimizer had 3 whole runs or more, but for SGD, left behind"
    assert strict.message == "SGD (1) had fewer than 3 whole runs, which --fair strict is to give each"


def test_no_budget_is_named_where_none_makes_the_missing_runs():
    """An optimizer whose trials all came to nothing is asked for no more."""
    lost = record(10, "Adam", state="infeasible")
    short = failed(records=(*SOUND, lost), resume="advisor resume digits-1 --budget 120s")["whole runs"]

    assert not short.command
    assert short.fix == (
        "see first why Adam came to no whole run; then make 3 more whole runs, or compare fewer optimizers"
    )


def test_few_runs_are_told_in_a_sentence():
    records = study({"AdamW": [0.9, 0.8, 0.7], "SGD": [0.8]})
    short = failed(records=records, candidates=("AdamW", "SGD", "Adam"))["whole runs"]

    assert short.message == "SGD (1) and Adam (none) had fewer than 3 whole runs, too few to be judged by"


def test_failed_trials_are_counted_by_error_the_most_frequent_first():
    errors = [
        "KeyError: 'lr'",
        *["ValueError: bad\nin layer 3"] * 3,
        "OSError: disk",
        "ValueError: no",
        None,
    ]
    broken = [record(10 + index, "Adam", state="failed", error=error) for index, error in enumerate(errors)]
    check = failed(records=(*SOUND, *broken))["failed trials"]

    assert check.message == (
        "7 of 16 trials failed with an error: ValueError: bad (3), KeyError: 'lr' (1), OSError: disk (1) "
        "and 2 other errors; there is no whole run of Adam"
    )
    assert not failed().get("failed trials")


def test_what_failed_is_told_though_nothing_is_left_to_recommend():
    records = (record(0, "AdamW", state="failed"), record(1, "SGD", state="infeasible"))
    told = {check.name: check.message for check in checks(Evidence(records=records), None, None)}

    assert told["failed trials"] == (
        "1 of 2 trials failed with an error: RuntimeError: boom (1); there is no whole run of AdamW"
    )
    assert told["lost trials"] == "1 of 2 search trials (50 %) came to no result: diverged (1)"


def test_reasons_are_counted_whatever_epoch_or_size_they_name():
    errors = [
        "diverged in epoch 3: the loss became nan",
        "diverged in epoch 1: the loss became inf",
        "needs 200 bytes to train, the limit is 100",
        "needs 300 bytes to train, the limit is 100",
        "needs 400 bytes to train, the limit is 100",
    ]
    lost = [record(10 + index, "SGD", state="infeasible", error=error) for index, error in enumerate(errors)]

    assert failed(records=(*SOUND, *lost))["lost trials"].reasons == (("over a limit", 3), ("diverged", 2))


def test_overfitting_is_never_answered_by_fewer_epochs():
    best = curve(
        SOUND[0], valid_loss=[0.5, 0.3, 0.4], train_loss=[0.5, 0.3, 0.1], valid_metric=[0.8, 0.9, 0.9]
    )
    check = failed(best, command="advisor search digits")["overfitting"]

    assert not check.command
    assert "to stop earlier gains nothing" in check.fix


@given(st.integers(1, 90), st.integers(0, 30), st.data())
def test_overfitting_looks_at_the_last_third_of_the_epochs_however_seldom_a_run_was_measured(
    epochs, most, data
):
    measured = sorted(measured_epochs(epochs, most))
    run = record(0, epochs=epochs)
    losses = st.floats(0.1, 0.9)
    points = [replace(run.curve[epoch - 1], valid_loss=data.draw(losses)) for epoch in measured]
    check = overfitting(replace(run, curve=tuple(points)))
    late = [point.valid_loss for point in points if point.epoch > epochs - max(1, epochs // 3)]

    assert check.late_loss == median(late)
    assert (check.late_points, check.late_epochs) == (len(late), max(1, epochs // 3))


@pytest.mark.parametrize(
    ("most", "late"),
    [
        (0, "the median over its last 6 epochs"),
        (6, "the median of 3 measurements in its last 6 epochs"),
        (1, "its last value"),
    ],
)
def test_overfitting_names_epochs_and_measurements_where_these_differ(most, late):
    run = record(0, epochs=18)
    measured = measured_epochs(18, most)
    seldom = replace(run, curve=tuple(point for point in run.curve if point.epoch in measured))

    assert f", and {late} was 0." in overfitting(seldom).message


def test_a_run_of_one_epoch_does_not_tell_whether_more_would_help():
    best = record(0, quality=0.9, epochs=1)
    check = failed(best, command="advisor search digits --memory 3MB")["still improving"]

    assert check.message == "trial 0 was trained for 1 epoch, which does not show whether more would help"
    assert check.command == "advisor search digits --memory 3MB --epochs 2"


def test_after_one_epoch_a_third_of_a_run_foretells_nothing():
    runs = [record(number, quality=0.5 + number / 20, epochs=1) for number in range(9)]

    assert "early ranks" not in checked(runs[-1], records=runs)


def test_holes_in_a_curve_are_passed_over():
    nan, inf = float("nan"), float("inf")
    best = curve(
        record(0, epochs=3),
        valid_metric=[0.5, 0.9, nan],
        valid_loss=[0.5, 0.4, inf],
        train_loss=[1, nan, nan],
    )
    points = checked(best)

    assert points["still improving"].message == "trial 0 was best at epoch 2 of 3"
    assert points["overfitting"].message == (
        "the validation loss of trial 0 was lowest at epoch 2 (0.4), and its last value was 0.4"
    )


@pytest.mark.parametrize(
    ("runs", "words", "command"),
    [
        pytest.param((), "was not run again with fresh seeds", True, id="never"),
        pytest.param([0.9], "was run again with 1 fresh seed (trial 6)", True, id="once"),
        pytest.param(
            [0.9, None], "(trials 6, 7), 1 finished and 1 diverged or broke a limit", False, id="lost"
        ),
        pytest.param([None], "of 1 run of the recommended recipe", False, id="all lost"),
    ],
)
def test_confirmation_tells_what_became_of_each_run(runs, words, command):
    confirmed = confirmations(6, "AdamW", runs, source=0)
    check = failed(confirmed=confirmed, resume="advisor resume digits-1 --budget 120s")["confirmed"]

    assert words in check.message
    assert bool(check.command) == command


def test_a_confirmation_that_was_cut_short_is_no_fault_of_the_recipe():
    half = (*confirmations(6, "AdamW", [0.9], source=0), *confirmations(7, "AdamW", [0.9], source=0))
    running = replace(half[1], state="running", quality=None, seed=1001)
    check = failed(confirmed=(half[0], running), resume="advisor resume digits-1 --budget 120s")["confirmed"]

    assert "(trials 6, 7), 1 finished and 1 did not get to the end" in check.message
    assert check.fix == "run it, and its nearest rival, with more seeds"
    assert check.command


def test_two_runs_with_the_same_seed_are_one_fresh_seed():
    twice = [replace(run, seed=1000) for run in RUNS[:2]]

    assert "with 1 fresh seed" in failed(confirmed=twice)["confirmed"].message


def test_the_test_split_is_held_against_the_runs_that_were_tested():
    runs = [replace(RUNS[0], quality=0.5, test_quality=None), *RUNS[1:]]
    check = checked(confirmed=runs)["test split"]

    assert check.message == "accuracy 0.9 on the test split, 0.9 on validation (2 of 3 runs with fresh seeds)"


@pytest.mark.parametrize("scale", [1e9, 1e-9, -1.0])
def test_a_minimized_metric_of_any_size_is_judged_alike(scale):
    """Far worse on the test rows is told, whatever the unit."""
    lower = confirmations(6, "AdamW", [scale] * 3, source=0, direction="minimize")
    apart = [replace(run, test_quality=scale + 3 * abs(scale)) for run in lower]
    best = record(0, quality=scale, direction="minimize")
    failures = failed(best, records=[best], confirmed=apart, direction="minimize", metric="rmse")

    assert "test split" in failures


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
        pytest.param({"records": SOUND[:5]}, "whole runs", "SGD (2)", id="too few whole runs"),
        pytest.param(
            {"best": curve(SOUND[0], valid_metric=[0.5, 0.6, 0.9])},
            "still improving",
            "epoch 3 of 3, its last",
            id="best at the end",
        ),
        pytest.param(
            {"records": (*SOUND, *(record(10 + i, "SGD", state="infeasible") for i in range(3)))},
            "lost trials",
            "3 of 9 search trials (33 %) came to no result: diverged (3)",
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
            "rose from 0.3 at epoch 2 to 0.4, its last value, while the training loss fell from 0.3 to 0.1",
            id="overfitting",
        ),
        pytest.param({"confirmed": ()}, "confirmed", "not run again", id="not confirmed"),
        pytest.param(
            {"confirmed": confirmations(6, "AdamW", [0.9, None, 0.91], source=0)},
            "confirmed",
            "2 finished and 1 diverged",
            id="unstable",
        ),
        pytest.param(
            {"valid_rows": 50},
            "validation rows",
            "5 of 50 validation rows wrong on average",
            id="too few validation rows",
        ),
        pytest.param(
            {"baseline": 0.95},
            "better than a constant",
            "worse than the 0.95 of a model",
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
            {
                "best": late(0, 0.5, 0.8),
                "records": [late(number, 0.5 + number / 20, 0.8 - number / 20) for number in range(7)],
            },
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


def test_a_check_that_is_passed_asks_for_nothing():
    sound = checked()["whole runs"]

    assert str(sound) == "whole runs: every optimizer had 3 whole runs or more."
    assert (sound.to_dict()["fix"], sound.to_dict()["command"]) == ("", "")


def test_json_gives_the_figures_of_a_check_beside_its_words():
    values = failed(confirmed=())["confirmed"].to_dict()

    assert values["kind"] == "confirmed"
    assert values["figures"]["wanted_seeds"] == 2
    assert (values["name"], values["passed"], values["message"]) == (
        "confirmed",
        False,
        "the recommended recipe was not run again with fresh seeds",
    )
