"""Trials: quality against training time, each optimizer's best so far, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.charts.trials import best_so_far, quality_by_seconds
from dashboard.snapshot import Study
from dashboard.widgets.parts import chart, cost_columns, open_study
from dashboard.widgets.words import filled_columns, learning_rate
from studies.record import Record

CAPTION: Final = (
    "Each mark is a trial. Faded: cut short, or its result is unusable. Large: a finalist again with a fresh "
    "seed. The axis fits the whole runs: a double click shows all marks. Models made small are on the page "
    "Compression."
)


def show(home: Path, name: str) -> None:
    """Show the trials of a study."""
    study = open_study(home, name, "Trials")
    if study is None:
        return
    if not study.records:
        st.info("No trial has ended yet.")
        return
    _charts(study)
    st.subheader("All trials")
    every = columns(study.metric)
    rows = [_row(record, every) for record in study.records]
    shown = filled_columns(rows, every)
    st.dataframe(rows, hide_index=True, column_config=shown, column_order=tuple(shown))


def _charts(study: Study) -> None:
    if not any(record.quality is not None for record in study.records):
        st.info("No trial has a quality yet; the table says why each one ended.")
        return
    style_of = study.style_of
    figure = quality_by_seconds(study.records, style_of, metric=study.metric, direction=study.direction)
    chart(figure, "quality_by_seconds")
    st.caption(CAPTION)
    figure = best_so_far(study.records, style_of, metric=study.metric, direction=study.direction)
    chart(figure, "best_so_far")
    st.caption("Whole runs only. A mark is a trial that improved on all earlier ones of its optimizer.")


def _row(record: Record, fields: Iterable[str]) -> dict[str, Any]:
    schedule, batch_size = record.params.get("schedule"), record.params.get("batch_size")
    recipe = {"lr": learning_rate(record.params), "schedule": schedule, "batch_size": batch_size}
    rest = {field: getattr(record, field) for field in fields if field not in recipe}
    return recipe | rest | {"error": record.error or ""}


def columns(metric: str) -> dict[str, Any]:
    """Return the columns of the table, by field."""
    text, number, costs = st.column_config.TextColumn, st.column_config.NumberColumn, cost_columns()
    return {
        "number": number("trial", pinned=True),
        "optimizer": text("optimizer", pinned=True),
        "state": text("state"),
        "quality": number(f"validation {metric}", format="%.4g", help="Of a pruned trial, the best so far"),
        "train_seconds": costs["train_seconds"],
        "error": text("why it ended", width="medium"),
        "lr": number("learning rate", format="%.3g"),
        "schedule": text("schedule"),
        "batch_size": number("batch size"),
        **costs,
        "epochs": number("epochs"),
        "stage": text("stage"),
        "seed": number("seed"),
        "test_quality": number(f"test {metric}", format="%.4g"),
    }
