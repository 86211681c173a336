"""Learning curves: who learns how fast, and what a single run looked like."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from advisor.analysis.early_ranks import early_ranks
from advisor.analysis.searched_space import steps_of
from advisor.report.layout import settings
from advisor.report.numbers import duration, number
from dashboard.charts import curves
from dashboard.charts import early_ranks as early_ranks_charts
from dashboard.charts.curve_axes import Axes
from dashboard.snapshot import Study
from dashboard.widgets import address, links
from dashboard.widgets.parts import chart, nothing_yet, open_study
from dashboard.widgets.words import bullets, plain, resume
from studies.quantities import several
from studies.record import Record

XS: Final = {"epoch": "epoch", "seconds": "training seconds"}
OVERS: Final = {"trials": "trials of the search", "seeds": "seeds of the finalists"}
EARLY: Final = (
    "Of whole runs, the rank at each rung against that at the end, with its 90 % interval: 1 where the order "
    "stays, 0 where it says nothing. Runs that were stopped have no end and are left out: those that are "
    "left are more alike, which usually makes the agreement seen here lower than that of all."
)
NONE: Final = "none"
CAPTIONS: Final = {
    "trials": "Thick: the median of an optimizer's whole runs; shaded: the middle half of them. ",
    "seeds": "Thick: the median over the fresh seeds of a finalist; shaded: from the lowest to the highest "
    "seed. ",
}
CAPTION: Final = (
    "Thin: single runs; dotted: cut short. A run that stopped early keeps its last value. Click a run to "
    "open its page, click an optimizer in the legend to hide it."
)


def show(home: Path, name: str) -> None:
    """Show the learning curves of a study."""
    study = open_study(home, name, "Learning curves")
    if study is None:
        return
    if not any(record.curve for record in study.records):
        empty = "No trial has ended yet."
        if study.records:
            empty = "No trial has trained a whole epoch; the page Trials says why."
        message = f"{empty} Here stand the learning curves of every run."
        nothing_yet(message, resume(study))
        return
    axes = _axes(study)
    figure = curves.learning_curves(
        study.records,
        study.style_of,
        axes,
        metric=study.metric,
        direction=study.direction,
    )
    key = f"{name}-curves"
    rows = curves.rows(study.records, axes)
    links.open_marked(name, chart(figure, key, rows, on_select="rerun", selection_mode="points"))
    st.caption(CAPTIONS[axes.over] + CAPTION)
    _trial(study)
    _early_ranks(study)


def _early_ranks(study: Study) -> None:
    """Show whether what was known when runs were stopped told how they would have ended."""
    correlations = early_ranks(study.records, study.direction)
    if correlations:
        st.header("Do early ranks foretell late ones?")
        figure = early_ranks_charts.correlation_lines(correlations)
        chart(figure, f"{study.name}-early-ranks", early_ranks_charts.rows(correlations))
        st.caption(plain(EARLY))


def _axes(study: Study) -> Axes:
    confirmed = any(record.stage == "confirm" and record.curve for record in study.records)
    ys = {"metric": study.metric, "valid_loss": "validation loss", "train_loss": "training loss"}
    with st.container(horizontal=True):
        over = address.selectbox(
            "Runs", [*OVERS][: 1 + confirmed], "over", study=study.name, words=OVERS.__getitem__
        )
        x = address.selectbox("Against", [*XS], "x", study=study.name, words=XS.__getitem__)
        y = address.selectbox("Shown", [*ys], "y", study=study.name, words=ys.__getitem__)
    with st.container(horizontal=True):
        log_x = address.toggle("Log time axis", "log-x", study=study.name)
        log_y = address.toggle("Log quality axis", "log-y", study=study.name)
        singles = address.toggle("Single runs", "singles", study=study.name, default=True)
    trial = address.trial_number(st.query_params.get(links.TRIAL, NONE))
    return Axes(x=x, y=y, over=over, log_x=log_x, log_y=log_y, singles=singles, trial=trial)


def _trial(study: Study) -> None:
    """Show the recipe of the trial that was clicked or picked."""
    by_number = {str(record.number): record for record in study.records if record.curve or record.error}
    chosen = address.selectbox(
        "Trial",
        [NONE, *by_number],
        links.TRIAL,
        study=study.name,
        words=lambda trial: _label(by_number[trial]) if trial in by_number else "none",
    )
    if chosen not in by_number:
        return
    record = by_number[chosen]
    st.header(plain(f"Trial {record.number}: {record.optimizer}"))
    links.page_link(links.TRIAL_PAGE, study.name, "Its costs, log and notes", **{links.TRIAL: chosen})
    best = f"Best {study.metric} {number(record.quality)}, " if record.quality is not None else ""
    seconds = duration(record.curve[-1].seconds) if record.curve else "nothing"
    st.markdown(
        plain(f"{best}{record.state} after {several(record.epochs, 'epoch')} and {seconds} of training.")
    )
    if record.error:
        st.markdown(plain(record.error))
    if record.output:
        st.caption(f"The last that it printed; all of it: `advisor logs {study.name} {record.number}`")
        st.code("\n".join(record.output), language=None, wrap_lines=True)
    recipe = settings(record.params, steps_of(record))
    st.markdown(bullets(tuple(f"{axis}: {setting}" for axis, setting in recipe)))


def _label(record: Record) -> str:
    quality = "" if record.quality is None else f", {number(record.quality)}"
    return f"{record.number}: {record.optimizer}{quality}"
