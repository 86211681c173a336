"""Optimizers: one against the other, in this study and over several."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import streamlit as st

from advisor.analysis.targets import default_target, loss_ratios, time_ratios, times_to_target
from advisor.analysis.tuning_curves import tuning_curves
from advisor.decide.scale import LossScale
from advisor.recommendation import Recommendation
from advisor.report.numbers import number
from advisor.report.optimizer_styles import styles
from dashboard import reads
from dashboard.charts import optimizers as charts
from dashboard.charts import targets, tuning
from dashboard.snapshot import Study
from dashboard.widgets import address
from dashboard.widgets.parts import chart, nothing_yet, open_study
from dashboard.widgets.words import plain, search_longer
from studies.errors import StudyError
from studies.limits import Limits
from studies.quantities import listed, several

BESTS: Final = (
    "Mean over the confirmation seeds with Student's 90 % interval for a fresh seed's mean; hollow: one run, "
    "which says nothing of the spread. Limits do not count here."
)
MATRIX: Final = (
    "Of the posterior of the mean loss gap: who is better on average when tuned with as many trials as it "
    "had, not who wins one run. A difference may be sure and still too small to matter; the recommendation "
    "asks for the tie margin as well."
)
TUNING: Final = (
    "The best of so many search trials, drawn at random from those that went to their end; a lost one counts "
    "as the worst. Bands hold the middle half of all draws. Early stopping and the sampler's learning are "
    "left out."
)
TARGET: Final = (
    "Filled: the fastest whole run; hollow: the median of those that get there. Confirmation runs count."
)
PROFILE: Final = (
    "Dolan and Moré 2002: the share of studies in which an optimizer comes within a factor of the best one "
    "there; only of optimizers that have whole runs in all of them."
)
NO_PROFILE: Final = (
    "A profile needs two studies or more with the same direction of their metrics and whole runs of two "
    "optimizers."
)
MOST_STUDIES: Final = 8
"""Studies that are compared at first: the newest."""
LOSS, TIME = "loss", "time to the target"


def show(home: Path, name: str) -> None:
    """Compare the optimizers of a study."""
    study = open_study(home, name, "Optimizers")
    if study is None:
        return
    if LossScale.of(study.evidence) is None:
        message = "No run has gone to its end yet, so there is nothing to compare. Go on with the search:"
        nothing_yet(message, search_longer(study))
        return
    try:
        advice = reads.answer(home, name, Limits(), study.evidence.goal)
    except StudyError as error:
        st.error(plain(error))
        return
    _bests(study, advice)
    _matrix(home, study)
    _tuning(study)
    _target(study, advice)
    _profiles(home, study)


def _bests(study: Study, advice: Recommendation) -> None:
    figure = charts.bests(advice, study.evidence, styles(study.optimizers))
    rows = [
        {
            "optimizer": contender.optimizer,
            "quality": contender.quality,
            "low": low,
            "high": high,
            "whole_runs": contender.completed,
            "p_best": contender.p_best,
        }
        for contender in advice.contenders
        for low, high in [contender.interval or (None, None)]
    ]
    st.header("The best of each")
    chart(figure, "optimizers", rows)
    st.caption(BESTS)


def _matrix(home: Path, study: Study) -> None:
    posterior = reads.posterior(home, study.name)
    names = charts.tried(posterior)
    if len(names) < 2:
        return
    rows = [
        {"better": row, "than": column, "probability": chance}
        for row, line in posterior.beats().items()
        for column, chance in line.items()
    ]
    st.header("Who is better than whom")
    chart(charts.matrix(posterior, names), "beats", rows)
    st.caption(MATRIX)


def _tuning(study: Study) -> None:
    curves = tuning_curves(study.evidence)
    rows = [
        {
            "optimizer": name,
            "trials": point.trials,
            "expected": point.mean,
            "lower": point.lower,
            "upper": point.upper,
        }
        for name, curve in curves.items()
        for point in curve
    ]
    st.header("What tuning promises")
    figure = tuning.tuning(curves, study.style_of, metric=study.metric, direction=study.direction)
    chart(figure, "tuning", rows)
    st.caption(TUNING)


def _target(study: Study, advice: Recommendation) -> None:
    usual = default_target(study.evidence, advice)
    if usual is None:
        return
    st.header("Time to a target")
    target, steps = _chosen_target(study, usual)
    reached = times_to_target(study.evidence, target)
    rows: list[dict[str, Any]] = [
        {
            "optimizer": reach.optimizer,
            "whole_runs": reach.runs,
            "reached": reach.reached,
            "fastest_trial": reach.fastest_trial,
            "fastest_seconds": reach.fastest_seconds,
            "median_seconds": reach.median_seconds,
            "fewest_steps": reach.fewest_steps,
            "median_steps": reach.median_steps,
        }
        for reach in reached
    ]
    figure = targets.to_target(
        reached, styles(study.optimizers), target=target, metric=study.metric, steps=steps
    )
    chart(figure, "steps-to-target" if steps else "time-to-target", rows)
    st.caption(TARGET)


def _chosen_target(study: Study, usual: float) -> tuple[float, bool]:
    """Let the user move the target and choose the unit; the address keeps both."""
    low, high = targets.span(study.evidence, usual)
    named = _number(st.query_params.get("target"))
    value = min(high, max(low, usual if named is None else named))
    units = ("seconds", "steps")
    with st.container(horizontal=True):
        about = f"At first the recommended quality less the tie margin: {number(usual)}"
        step, key = (high - low) / 100, f"target {study.name}"
        label = f"Target {study.metric}"
        target = st.slider(
            label, low, high, value=value, key=key, step=step, format="%.4f", help=about, width=420
        )
        index = int(st.query_params.get("in") == "steps")
        chosen = st.radio("Counted in", units, index=index, key="target in", horizontal=True)
    address.keep("target", f"{target:.6g}", f"{usual:.6g}")
    address.keep("in", str(chosen), "seconds")
    return float(target), chosen == "steps"


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _profiles(home: Path, study: Study) -> None:
    """Compare over several studies of the home, where their metrics are judged alike."""
    names = reads.names(home)
    if len(names) < 2:
        return
    st.header("Over several studies")
    named = [name for name in st.query_params.get("studies", "").split(",") if name in names]
    usual = list(dict.fromkeys((study.name, *names)))[:MOST_STUDIES]
    chosen = st.multiselect("Studies", names, default=named or usual, key=f"profile of {study.name}")
    of = str(st.radio("Compared by", (LOSS, TIME), key="profile of", horizontal=True))
    address.keep("studies", ",".join(chosen), ",".join(usual))
    ratios, left_out = _ratios(home, study, chosen, of)
    if left_out:
        st.caption(plain(f"Left out: {'; '.join(left_out)}."))
    if len(ratios) < 2:
        st.info(NO_PROFILE)
        return
    optimizers = [set(by_optimizer) for by_optimizer in ratios.values()]
    anywhere = set[str]().union(*optimizers)
    rows = [
        {"study": name, "optimizer": optimizer, "ratio": ratio}
        for name, by_optimizer in ratios.items()
        for optimizer, ratio in by_optimizer.items()
    ]
    chart(targets.profiles(ratios, styles(sorted(anywhere)), of=of), "profiles", rows)
    partly = sorted(anywhere.difference(optimizers[0].intersection(*optimizers)))
    st.caption(plain(PROFILE + (f" Not in all: {listed(partly)}." if partly else "")))


def _ratios(
    home: Path, study: Study, chosen: list[str], of: str
) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Return the ratios of each study that can be compared, and why the others cannot."""
    ratios: dict[str, dict[str, float]] = {}
    left_out = []
    for name in chosen:
        try:
            other = reads.study(home, name)
            if other.direction != study.direction:
                left_out.append(f"{name} ({other.metric} is to {other.direction})")
                continue
            advice = reads.answer(home, name, Limits(), other.evidence.goal)
        except StudyError as error:
            left_out.append(f"{name} ({error})")
            continue
        target = default_target(other.evidence, advice)
        by_optimizer = {}
        if of == LOSS:
            by_optimizer = loss_ratios(other.evidence, advice)
        elif target is not None:
            by_optimizer = time_ratios(other.evidence, target)
        if len(by_optimizer) < 2:
            left_out.append(f"{name} (whole runs of {several(len(by_optimizer), 'optimizer')})")
        else:
            ratios[name] = by_optimizer
    return ratios, left_out
