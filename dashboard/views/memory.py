"""Memory: what training takes with each optimizer, what fits, and how true the forecasts were."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import streamlit as st

from advisor.analysis.memory_table import Need, forecast_error, needs
from advisor.jobs.command_lines import at_home
from advisor.report.optimizer_styles import styles
from dashboard.charts import memory
from dashboard.snapshot import Study
from dashboard.widgets import address
from dashboard.widgets.parts import chart, nothing_yet, open_study
from dashboard.widgets.words import filled_columns, plain
from studies.errors import BadValue
from studies.facts import Facts
from studies.quantities import format_bytes, parse_bytes

CAPTION: Final = (
    "The upright mark is the fullest moment of a step. It may hold less than the parts together, since "
    "activations go as gradients come, or more, since operations borrow memory. Diamonds: measured in trials "
    "of the same batch size. An optimizer that needs the whole training set is shown at it."
)
NO_FORECAST: Final = (
    "No memory was forecast: a training function of your own tells no model. A budget can still be held "
    "against it."
)
AGAINST_MEASURED: Final = (
    "Each mark is a trial, at its own batch size. Regularizers and weight averages take memory that no "
    "forecast holds."
)


def show(home: Path, name: str) -> None:
    """Show the memory of a study."""
    study = open_study(home, name, "Memory")
    if study is None:
        return
    facts = study.evidence.facts
    if not facts.forecasts:
        nothing_yet(NO_FORECAST, f"advisor search --help{at_home(home)}")
        return
    shown_needs = _needs(study)
    if shown_needs is None:
        return
    chart(memory.forecast_bars(shown_needs, study.records), f"{name}-memory", memory.rows(shown_needs))
    st.caption(CAPTION)
    usual = min((need.rows for need in shown_needs), default=0)
    rows = [_row(need, usual) for need in shown_needs]
    shown = filled_columns(rows, columns(facts))
    st.dataframe(rows, hide_index=True, column_config=shown, column_order=tuple(shown))
    _against_measured(study)


def _needs(study: Study) -> tuple[Need, ...] | None:
    facts = study.evidence.facts
    sizes = sorted({*(2**power for power in range(facts.rows.bit_length())), facts.batch_size, facts.rows})
    by_text = {str(size): size for size in sizes}
    limit = study.evidence.limits.train_bytes
    usual = "" if limit is None else format_bytes(limit)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = str(facts.batch_size)
        rows = address.selectbox("Batch size", [*by_text], "batch", study=study.name, default=first)
        key = address.state_key(study.name, "budget")
        budget = st.text_input(
            "Budget",
            st.query_params.get("budget", usual),
            key=key,
            placeholder="such as 512 MiB",
            width=address.PIXELS,
        )
        every = address.toggle("All optimizers", "all", study=study.name)
    address.keep("budget", budget, usual)
    try:
        limit = limit if budget == usual else parse_bytes(budget) if budget else None
    except BadValue as error:
        st.error(plain(error))
        return None
    names = tuple(forecast.optimizer for forecast in facts.forecasts) if every else study.optimizers
    return needs(facts, names, rows=by_text[rows], limit_bytes=limit)


def _against_measured(study: Study) -> None:
    facts = study.evidence.facts
    measured = [record for record in study.records if forecast_error(facts, record) is not None]
    if not measured:
        st.info("No trial has been measured yet.")
        return
    figure = memory.against_measured(facts, measured, styles(study.optimizers))
    chart(figure, f"{study.name}-memory-measured", [_measured(facts, record) for record in measured])
    st.caption(AGAINST_MEASURED)


def _measured(facts: Facts, record: Any) -> dict[str, Any]:
    return {
        "trial": record.number,
        "optimizer": record.optimizer,
        "batch_size": record.params["batch_size"],
        "measured_bytes": record.peak_bytes,
        "off_by": forecast_error(facts, record),
    }


def _row(need: Need, usual: int) -> dict[str, Any]:
    rows = need.rows if need.rows != usual else None
    shown = {"peak_bytes": format_bytes(need.peak_bytes), "state_bytes": format_bytes(need.state_bytes)}
    fits = "" if need.limit_bytes is None else "yes" if need.fits else "no"
    return {
        "optimizer": need.optimizer,
        "rows": rows,
        "fits": fits,
        "largest_batch": need.largest_batch,
    } | shown


def columns(facts: Facts) -> dict[str, Any]:
    """Return the columns of the table, by field."""
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "optimizer": text("optimizer", pinned=True),
        "peak_bytes": text("peak", help="Forecast of the fullest moment"),
        "fits": text("fits", help="Whether the peak keeps to the budget"),
        "largest_batch": number(
            "largest batch", help=f"That fits, of the {facts.rows} training rows; 0 when not one does"
        ),
        "state_bytes": text("state", help="Of the optimizer"),
        "rows": number("batch size", help="Where it needs the whole training set at once"),
    }
