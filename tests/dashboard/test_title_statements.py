"""Titles: whatever a study left behind, each title of a chart is true of it and agrees with the answer."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from advisor.analysis.importances import importances as shares_of
from advisor.analysis.memory_table import needs
from advisor.analysis.searched_space import edges, numbers, options, searched
from advisor.analysis.targets import default_target, times_to_target
from advisor.analysis.tuning_curves import tuning_curves
from advisor.decide.posterior import Posterior
from advisor.decide.recommend import recommend
from advisor.decide.rulebook import apply_rules
from advisor.evidence import Evidence, Finding, has_quality
from advisor.published.rates import class_rate, problem_class
from advisor.statements.statement import Case, Statement
from advisor.study_report.quality_chart import quality_chart
from dashboard.charts import (
    answer,
    curves,
    evidence,
    memory,
    optimizers,
    sensitivity,
    targets,
    timeline,
    tradeoffs,
    trials,
    tuning,
)
from dashboard.charts.curve_axes import Axes
from dashboard.charts.evidence import Published
from dashboard.charts.search_space import contour, importances, parallel, slices
from dashboard.snapshot import Study
from studies.costs import COSTS
from studies.direction import Direction
from studies.limits import Limits
from studies.record import Record
from studies.storage.manifest import StudyManifest
from studies.storage.manifest_entries import Layer

from made_studies import answered, case_of, evidences
from pages import fill, page, words
from records import confirmations, equals, record
from statement_words import wrong

FEW = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=5000)
UNLIKE: Final[Mapping[str, str]] = {
    "best_trial": r"single run|whole run",
    "search_leader": r"search",
    "best_settings": r"search trial|whole runs",
    "best_share": r"whole run",
    "range_end": r"trial \d+",
    "curves_reach": r"median|whole run|seed",
    "front_ends": r"\bruns?\b|costs",
    "likely_better": r"Tuned again|Before any trial",
    "tuning_promise": r"expected",
    "first_at_target": r"fastest run",
    "published_odds": r"Published",
    "published_rates": r"search trial",
    "rules_favour": r"Before any trial",
    "settings_matter": r"matter|stands out|too few",
    "memory_needs": r"forecast",
}
"""By kind, the words by which a title says that those it names are another thing than the answer."""
CHECKED: Final[Mapping[str, tuple[str, ...]]] = {
    "best_trial": ("quality", "train_seconds", "whole_runs", "optimizers"),
    "search_leader": ("quality", "optimizers"),
    "best_settings": ("quality", "whole_runs"),
    "best_share": ("whole_runs",),
    "curves_reach": ("value", "curves", "compared"),
    "front_ends": ("runs", "over", "optimizers"),
    "quality_for_cost": ("quality", "value", "others", "better", "cheaper"),
    "measured_best": ("compared", "alike", "limits_lifted"),
    "tuning_promise": ("early_quality", "late_quality", "shared", "compared", "early", "late"),
    "first_at_target": ("seconds", "steps", "reached", "compared"),
    "memory_needs": ("least_bytes", "most_bytes", "fitting", "compared", "least", "most"),
    "forecast_errors": ("typical_share", "worst_share"),
    "published_odds": ("compared",),
    "published_rates": ("published",),
    "rules_favour": ("against", "compared"),
}
"""By kind, figures of which any other value is false."""
AXES: Final = (
    Axes(),
    Axes(over="seeds"),
    Axes(y="valid_loss", x="seconds"),
    Axes(y="train_loss", log_y=True),
    Axes(log_y=True, over="seeds"),
)


def titles(case: Case) -> Iterator[Statement]:
    """Yield the title of every chart of a study."""
    study, runs = case.evidence, case.evidence.records
    metric, direction = study.metric, study.direction
    yield trials.best_single_run(runs, metric, direction)
    yield trials.search_leader(runs, metric, direction)
    yield timeline.workers_busy(runs)
    for axes in AXES:
        yield curves.curves_reach(runs, axes, metric, direction)
    for cost in COSTS:
        limit = getattr(study.limits, cost.limit) if cost.limit else None
        yield tradeoffs.front_ends(runs, cost, metric, direction, limit)
    yield answer.quality_for_cost(study, case.answer, quality_chart(study, case.answer))
    yield from compared(study)
    yield from explained(study)
    shared = [run for run in runs if run.searched]
    yield slices.best_settings(shared, slices.shared_panels(shared), metric, direction)
    for name in sorted({run.optimizer for run in shared if run.state != "running"}):
        yield from about(study, name)
    yield from edges(study)


def compared(study: Evidence) -> Iterator[Statement]:
    """Yield the titles that compare optimizers."""
    free = recommend(replace(study, limits=Limits()))
    posterior = Posterior.of(study, apply_rules(study))
    means = posterior.means()
    order = sorted(optimizers.tried(posterior), key=lambda name: (means[name], name))
    tried = bool(posterior.estimates.by_optimizer)
    yield optimizers.measured_best(free, study)
    yield optimizers.likely_better(posterior.beats(), order, tried=tried)
    yield tuning.tuning_promise(tuning_curves(study), study.metric, study.direction)
    target = default_target(study, free)
    if target is not None:
        for steps in (False, True):
            times = times_to_target(study, target)
            yield targets.first_at_target(times, target, study.metric, steps=steps)


def explained(study: Evidence) -> Iterator[Statement]:
    """Yield the titles on what is known besides the trials."""
    facts, names = study.facts, study.optimizers
    for rows in (facts.batch_size, 1):
        yield memory.memory_needs(needs(facts, names, rows=rows, limit_bytes=study.limits.train_bytes))
    yield memory.forecast_errors(facts, study.records)
    problems = problem_class(facts)
    published = [Published(optimizer=name, rate=class_rate(problems, name)) for name in names]
    known = [entry for entry in published if entry.rate.known]
    yield evidence.published_odds(known, "the class" if problems else "")
    yield evidence.rules_favour(apply_rules(study), names)
    snapshot = snapshot_of(study)
    yield evidence.published_rates(evidence.rates(snapshot), evidence.best_rates(snapshot, names))


def snapshot_of(study: Evidence) -> Study:
    """Return the snapshot that a page reads where a study has left this evidence."""
    manifest = StudyManifest(candidates=study.candidates, metric=study.metric)
    snapshot = Study(
        home=Path(), name=study.study, direction=study.direction, manifest=manifest, records=study.records
    )
    vars(snapshot)["evidence"] = study
    return snapshot


def about(study: Evidence, name: str) -> Iterator[Statement]:
    """Yield the titles on the settings of one optimizer."""
    runs, numeric = searched(study.records, name), numbers(study.records, name)
    panels = slices.panels_of(numeric)
    yield slices.best_settings(runs, panels, study.metric, study.direction)
    yield parallel.best_share(runs, study.metric, study.direction)
    pair = contour.pair_of(study.records, name)
    yield contour.best_pair(runs, pair, study.metric, study.direction)
    qualities = {run.number: run.measured_quality for run in runs if has_quality(run)}
    values = {setting.label: setting.values for setting in numeric}
    choices = {setting.label: setting.values for setting in options(study.records, name)}
    yield importances.settings_matter(shares_of(qualities, values, choices), name)


def check(study: Evidence) -> None:
    case = case_of(study)
    assume(case is not None)
    assert case is not None
    advised = {case.answer.optimizer}
    free = answered(replace(study, limits=Limits()))
    for title in titles(case):
        says = str(title)
        assert title.holds(case), f"{title.kind}: {says}"
        assert title.to_dict()["says"] == says
        assert not re.search(r"\b(nan|inf|None)\b|\b1 (optimizers|runs|trials|others|seeds|steps)\b", says)
        if title.subjects and not advised & set(title.subjects) and not nothing_said(title):
            without = free is not None and says.startswith(f"Without limits, {free.optimizer} is advised")
            assert without or re.search(UNLIKE.get(title.kind, "$^"), says), says


def nothing_said(title: Statement) -> bool:
    """Tell whether a title says that there is nothing to say."""
    return str(title).startswith(("No ", "Nothing "))


@st.composite
def varied(draw: DrawFn) -> Evidence:
    """Return evidence whose search trials differ in their settings, as far as the draw wants them to."""
    study = draw(evidences())
    step = {name: draw(st.integers(0, 5)) for name in ("lr", "decay_horizon", "batch_size", "schedule")}
    values: dict[str, tuple[Any, ...]] = {
        "lr": (1e-4, 1e-3, 0.3, 1e-3),
        "decay_horizon": (0.3, 3.0, 30.0, 100.0),
        "batch_size": (32, 16, 64),
        "schedule": ("Cosine", "Linear", "Constant"),
    }
    records = []
    for run in study.records:
        chosen = {name: of[run.number * step[name] % len(of)] for name, of in values.items()}
        params = {
            f"optimizer.{run.optimizer}.{name}" if name in {"lr", "decay_horizon"} else name: value
            for name, value in chosen.items()
            if name != "decay_horizon" or run.optimizer == "AdamW"
        }
        records.append(replace(run, params=dict(run.params) | params) if run.searched else run)
    return replace(study, records=tuple(records))


@FEW
@given(evidences() | varied())
def test_every_title_is_true_of_the_study_and_agrees_with_the_answer(study):
    check(study)


@pytest.mark.slow
@MANY
@given(evidences() | varied())
def test_every_title_is_true_of_thousands_of_studies(study):
    check(study)


@settings(FEW, max_examples=60)
@given(evidences() | varied())
def test_a_title_with_another_figure_is_seen_through(study):
    case = case_of(study)
    assume(case is not None)
    assert case is not None
    for title in titles(case):
        for name, value in title.figures.items():
            if name in CHECKED.get(title.kind, ()) and value is not None and not nothing_said(title):
                assert not replace(title, **{name: wrong(value)}).holds(case), f"{name} of {title.kind}"


def said(*runs: Record, **fields: Any) -> dict[str, str]:
    """Return the titles of a study by kind, the last of each."""
    study = Evidence(records=runs, candidates=tuple({run.optimizer: None for run in runs}), **fields)
    case = case_of(study)
    assert case is not None
    assert all(title.holds(case) for title in titles(case))
    return {title.kind: str(title) for title in titles(case)}


def test_of_equals_none_is_called_the_best():
    words = said(*equals(7, 1.0))
    assert words["best_trial"] == "All 7 whole runs reach accuracy 1 (all 7 optimizers)"
    assert words["search_leader"].startswith("All 7 optimizers reach accuracy 1 in the search, SGD first")
    assert words["measured_best"].endswith("accuracy 1, as all 7 optimizers reach: that tells nothing apart")
    assert words["tuning_promise"] == "With one trial each, all 7 optimizers are expected to be equally good"
    assert words["curves_reach"].startswith("All 7 optimizers do equally well: median training loss")
    two = said(*equals(2, 1.0))
    assert two["measured_best"].endswith("as both optimizers reach: that tells nothing apart")
    assert two["best_trial"] == "Both whole runs reach accuracy 1 (SGD and Momentum)"


def test_one_trial_is_compared_with_none():
    words = said(record(0, "SGD", 0.9, stage="reference"))
    assert words["best_trial"] == "The only whole run: SGD, accuracy 0.9 after 1.8 s of training"
    assert words["measured_best"] == "SGD is advised: accuracy 0.9 (not confirmed)"
    assert words["likely_better"] == "Nothing to compare SGD with"
    assert words["front_ends"] == "The only run, of SGD: accuracy 0.9 at 100 µs"
    assert words["best_share"] == "SGD: its only whole run, setting by setting"


def test_a_better_run_that_is_not_confirmed_is_told_apart_from_the_advised_one():
    fresh = confirmations(2, "SGD", (0.90, 0.91, 0.89), source=0)
    words = said(record(0, "SGD", 0.90, stage="reference"), record(1, "Adam", 0.95), *fresh)
    assert words["measured_best"] == (
        "SGD is advised: accuracy 0.9 (mean of 3 seeds); Adam measured better, 0.95 (not confirmed)"
    )
    assert words["best_trial"].startswith("Best single run: Adam, accuracy 0.95")
    assert words["search_leader"] == "Best search trial: Adam, accuracy 0.95, since trial 1"


def test_overlapping_intervals_are_counted():
    first = confirmations(2, "SGD", (0.90, 0.92, 0.91), source=0)
    other = confirmations(5, "Adam", (0.89, 0.91, 0.90), source=1)
    words = said(record(0, "SGD", 0.91, stage="reference"), record(1, "Adam", 0.90), *first, *other)
    overlap = "none measured better, but the interval of 1 other overlaps with its own"
    assert words["measured_best"] == f"SGD is advised: accuracy 0.91 (mean of 3 seeds); {overlap}"


@pytest.mark.parametrize(
    ("best", "written"), [(3.7e10, "37,000,000,000"), (14340.2, "14,340"), (4e-9, "4e-09"), (-2.5, "-2.5")]
)
def test_huge_tiny_and_negative_metrics_are_written_as_people_do(best, written):
    runs = [record(place, name, best, direction="minimize") for place, name in enumerate(("SGD", "SGD"))]
    assert f"rmse {written} " in said(*runs, metric="rmse", direction="minimize")["best_trial"]


def test_no_loss_left_has_no_sign_and_no_share():
    words = said(*equals(2, -0.0), metric="rmse", direction="minimize")
    assert "rmse 0 (" in words["best_trial"]
    assert "rmse 0," in words["first_at_target"]


def test_settings_no_better_than_chance_are_not_said_to_matter():
    weak = importances.Importance(label="lr", share=0.2, chance=0.3, runs=40)
    strong = importances.Importance(label="momentum", share=0.4, chance=0.3, runs=40)
    assert str(importances.settings_matter((weak,), "SGD")) == "SGD: no setting stands out from chance"
    assert str(importances.settings_matter((strong, weak), "SGD")) == "SGD: momentum matters most"


def test_rules_that_only_speak_against_favour_nobody():
    against = [
        Finding(rule="R", subject="SGD", verdict="avoid", strength=-0.4, because="slow", source="a paper")
    ]
    words = str(evidence.rules_favour(against, ("SGD",)))
    assert words == "No rule favours anything here; before any trial, rules speak against 1 of 1 optimizer"
    two = [replace(against[0], subject=name, strength=0.4) for name in ("SGD", "Adam")]
    assert "favour SGD and Adam most alike (+0.40)" in str(evidence.rules_favour(two, ("SGD", "Adam")))


def test_studies_without_a_single_winner_name_none():
    won = {"a": {"SGD": 1.0, "Adam": 1.2}, "b": {"SGD": 1.3, "Adam": 1.0}}
    assert str(targets.most_often(won, "loss")) == "Adam and SGD have the least loss each in 1 of 2 studies"
    lost = {"a": {"SGD": 2.0, "Lion": 1.0}, "b": {"SGD": 1.5, "Muon": 1.0}}
    words = "None of those tried in all 2 studies has the least loss in any"
    assert str(targets.most_often(lost, "loss")) == words
    apart = {"a": {"Lion": 1.0}, "b": {"Muon": 1.0}}
    assert str(targets.most_often(apart, "loss")) == "No optimizer was tried in all 2 studies"


def test_layers_that_bear_the_same_are_not_ranked():
    layers = [Layer(name=name, size=64, before=0.2, levels=(0.5,), losses=(0.3,)) for name in ("0", "1")]
    words = "Without 50 % of any of 2 layers the loss changes by +0.1"
    assert str(sensitivity.layers_bear(layers)) == words
    lost = [layers[0], replace(layers[1], losses=(math.inf,))]
    assert str(sensitivity.layers_bear(lost)).startswith("1 bears least, 0 bears most: not finite and +0.1")


def test_a_limit_is_told_with_the_run_that_breaks_it():
    slow = record(1, "Adam", 0.95, epochs=90)
    words = str(
        tradeoffs.front_ends(
            (record(0, "SGD", 0.9), slow), tradeoffs.BY_NAME["time"], "accuracy", Direction.MAXIMIZE, 2.0
        )
    )
    assert words.endswith("(Adam, over the limit); 1 of 2 runs breaks the limit of 2 s")


def test_a_study_whose_optimizers_are_equal_has_pages_like_any_other(tmp_path):
    home = fill(tmp_path, {"equals": equals(2, 1.0)})
    shown = page("recommendation", home, "equals").run()
    assert not shown.exception
    assert "Tied means: every optimizer that could be advised measured the same" in words(shown)
    assert not page("optimizers", home, "equals").run().exception
