"""Candidates: the table of all optimizers that fit, the advised one first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import streamlit as st

from advisor.contender import Contender
from advisor.recommendation import Recommendation
from advisor.report.numbers import percent, ratio
from dashboard.widgets.parts import cost_columns, in_units, number_column
from dashboard.widgets.words import Row, filled_columns


def show(advice: Recommendation) -> None:
    """Show all that fit, each with its chances, what it reached and what it costs."""
    st.header("All candidates")
    rows = candidate_rows(advice)
    shown = filled_columns(rows, columns(advice.metric, rows))
    st.dataframe(in_units(rows), hide_index=True, column_config=shown, column_order=tuple(shown))


def candidate_rows(advice: Recommendation) -> list[Row]:
    """Return a row for each optimizer that fits: the advised one first and marked, the others in order."""
    ordered = sorted(advice.contenders, key=lambda contender: contender.optimizer != advice.optimizer)
    return [_row(contender, advised=contender.optimizer == advice.optimizer) for contender in ordered]


def _row(contender: Contender, *, advised: bool) -> Row:
    return {field: getattr(contender, field) for field in columns("", ())} | {
        "optimizer": f"{contender.optimizer}, advised" if advised else contender.optimizer,
        "p_tie": percent(contender.p_tie),
        "p_best": percent(contender.p_best),
        "expected_regret": ratio(contender.expected_regret),
    }


def columns(metric: str, rows: Sequence[Row]) -> Row:
    """Return the columns of the candidates' table of these rows, by field."""
    text, numbers = st.column_config.TextColumn, st.column_config.NumberColumn
    known = {field.name for field in fields(Contender)}
    return {
        "optimizer": text("optimizer", pinned=True),
        "p_tie": text(
            "as good as the best", help="Probability that its loss is within the tie margin of the best one's"
        ),
        "p_best": text("the best", help="Probability that no other candidate is better"),
        "expected_regret": text(
            "expected extra error", help="On average, over what the best candidate would give"
        ),
        "quality": number_column(f"validation {metric}", (row["quality"] for row in rows)),
        "completed": numbers("whole runs"),
        **{field: column for field, column in cost_columns(rows).items() if field in known},
    }
