"""Trade-offs: what quality costs, and the recipe behind a point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

from advisor.report.layout import settings
from advisor.report.numbers import number
from dashboard import whatif
from dashboard.charts import tradeoffs as charts
from dashboard.snapshot import Study
from dashboard.widgets import address, links
from dashboard.widgets.parts import chart, cost_columns, in_units, nothing_yet, number_column, open_study
from dashboard.widgets.words import Row, filled_columns, plain, search_longer
from studies.costs import COSTS
from studies.record import Record

CAPTION: Final = (
    "Each mark is a whole run; large: a finalist again with a fresh seed; hollow: a model made small after "
    "training. {line}What lies beyond a limit is shaded. "
    "Click a mark to open its page, twice beside the marks to see all of them."
)
LINE: Final = "The line, the front, joins what nothing beats in both. "


def show(home: Path, name: str) -> None:
    """Show quality against a cost."""
    study = open_study(home, name, "Trade-offs")
    if study is None:
        return
    chosen = _cost(name)
    cost = charts.BY_NAME[chosen]
    records = charts.measured(study.records, cost)
    if not records:
        message = f"No run that went to its end has a {cost.label} yet. Go on with the search:"
        nothing_yet(message, search_longer(study))
        return
    rows = charts.rows(study.records, cost, study.direction)
    limits, _ = whatif.from_address(st.query_params.to_dict(), study.evidence)
    figure = charts.drawn(study, chosen, limits=limits)
    key = f"quality-by-{chosen}"
    selected = chart(figure, key, rows, on_select="rerun", selection_mode="points")
    is_front = charts.is_front(charts.front(records, cost, study.direction), cost)
    st.caption(CAPTION.format(line=LINE if is_front else ""))
    links.open_marked(name, selected)
    _recipe(study, records, default=rows[0]["trial"])
    _table(study, rows, is_front=is_front)


def _cost(study: str) -> str:
    """Let the user pick a cost; the address keeps it."""
    return address.selectbox(
        "Quality against",
        list(charts.BY_NAME),
        "cost",
        study=study,
        words=lambda name: charts.BY_NAME[name].label.capitalize(),
    )


def _recipe(study: Study, records: Sequence[Record], *, default: int) -> None:
    """Show the recipe of the trial in the address, else of the cheapest that nothing beats in both."""
    by_number = {record.number: record for record in records}
    named = address.trial_number(st.query_params.get(links.TRIAL, ""))
    record = by_number.get(default if named is None else named, by_number[default])
    steps = record.curve[-1].step if record.curve else None
    st.header(f"Trial {record.number}")
    links.page_link(
        links.TRIAL_PAGE, study.name, "Its curve, log and notes", **{links.TRIAL: str(record.number)}
    )
    measured = [f"{study.metric} {number(record.measured_quality)}"]
    measured += [
        f"{cost.label} {cost.write(value)}" for cost in COSTS if (value := getattr(record, cost.field))
    ]
    st.markdown(plain(f"{record.optimizer}: {', '.join(measured)}."))
    lines = [f"{axis:<13} {setting}" for axis, setting in settings(record.params, steps)]
    st.code("\n".join(lines), language=None, wrap_lines=True)


def _table(study: Study, rows: list[dict[str, Any]], *, is_front: bool) -> None:
    st.header("All of them, the front first" if is_front else "All of them, the best in both first")
    shown = filled_columns(rows, columns(study.metric, rows, is_front=is_front))
    st.dataframe(in_units(rows), hide_index=True, column_config=shown, column_order=tuple(shown))


def columns(metric: str, rows: Sequence[Row], *, is_front: bool = True) -> dict[str, Any]:
    """Return the columns of the table of these rows, by field."""
    best = "on the front" if is_front else "best in both"
    number = st.column_config.NumberColumn
    return {
        "front": st.column_config.CheckboxColumn(best, pinned=True),
        "trial": number("trial", pinned=True),
        "optimizer": st.column_config.TextColumn("optimizer", pinned=True),
        "quality": number_column(f"validation {metric}", (row["quality"] for row in rows)),
        **cost_columns(rows),
        "stage": st.column_config.TextColumn("stage"),
    }
