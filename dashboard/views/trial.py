"""Trial: one trial with its recipe, its curve, what it cost and printed, its repeats, and notes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

from advisor.analysis.searched_space import steps_of
from advisor.jobs.command_lines import at_home
from advisor.report.layout import settings
from advisor.report.numbers import number
from dashboard import trial_facts
from dashboard.charts.trial import loss_curve, metric_curve
from dashboard.charts.trials import leader
from dashboard.snapshot import Study
from dashboard.widgets import address, links
from dashboard.widgets.annotating import note_and_tags
from dashboard.widgets.parts import chart, cost_columns, in_units, nothing_yet, number_column, open_study
from dashboard.widgets.words import Row, filled_columns, markdown_table, plain, resume
from studies.costs import COSTS
from studies.recipe_file import to_toml
from studies.record import Record
from studies.trials.logs import TrialLogs

COST_FIELDS: Final = tuple(cost.field for cost in COSTS)
LONGEST_LOG: Final = 400
"""Lines of a trial's output that the page shows, the last ones."""


def show(home: Path, name: str) -> None:
    """Show one trial of a study."""
    study = open_study(home, name, links.TRIAL_PAGE)
    if study is None:
        return
    if not study.records:
        message = "No trial has ended yet. Here stands all that is known of one."
        nothing_yet(message, resume(study))
        return
    record = _chosen(study)
    st.header(plain(trial_facts.heading(record)))
    st.markdown(plain(f"{trial_facts.origin(record)} {trial_facts.outcome(record, study.metric)}"))
    if record.error:
        st.markdown(plain(f"Why it ended: {record.error}"))
    _recipe_and_costs(record)
    _curves(study, record)
    _relatives(study, record)
    st.header("Note and tags")
    note_and_tags(home, name, record.number)
    _log(home, study, record)


def _chosen(study: Study) -> Record:
    """Let a reader choose a trial; one that the address names and is not there is told of."""
    by_number = {str(record.number): record for record in study.records}
    usual = leader(study.records, study.direction) or study.records[0]
    named = st.query_params.get(links.TRIAL, "")
    if named and named not in by_number:
        numbers = sorted(record.number for record in study.records)
        there = f"its trials are {numbers[0]} to {numbers[-1]}"
        st.warning(plain(f"Study {study.name} has no trial {named[: address.LONGEST_NUMBER]}; {there}."))
    chosen = address.selectbox(
        "Trial",
        [*by_number],
        links.TRIAL,
        study=study.name,
        default=str(usual.number),
        words=lambda trial: _label(by_number[trial]),
    )
    return by_number[chosen]


def _label(record: Record) -> str:
    quality = "" if record.quality is None else f", {number(record.quality)}"
    return f"{record.number}: {record.optimizer}{quality}"


def _recipe_and_costs(record: Record) -> None:
    recipe, costs = st.columns([3, 2], gap="large")
    with recipe:
        st.header("Recipe")
        st.markdown(markdown_table(("setting", "value"), settings(record.params, steps_of(record))))
        with st.expander("As a file that a search can start from"):
            st.code(to_toml(record.params, ()), language="toml", wrap_lines=True)
    with costs:
        st.header("What it cost")
        rows = [(cost.label, cost.write(value)) for cost in COSTS if (value := getattr(record, cost.field))]
        if rows:
            st.markdown(markdown_table(("cost", "measured"), rows))
        else:
            st.markdown("Nothing was measured.")


def _curves(study: Study, record: Record) -> None:
    if not record.curve:
        return
    style = study.style_of[record.optimizer]
    alike = trial_facts.repeats(study.records, record)
    left, right = st.columns(2, gap="large")
    with left:
        figure = metric_curve(record, alike, style, metric=study.metric, direction=study.direction)
        key = f"{study.name}-trial-{record.number}"
        selected = chart(figure, key, _points(record), on_select="rerun", selection_mode="points")
        if links.marked(selected) not in {None, record.number}:
            links.open_marked(study.name, selected)
    with right:
        chart(loss_curve(record, style), f"{study.name}-trial-{record.number}-losses")


def _points(record: Record) -> list[dict[str, Any]]:
    fields = ("epoch", "step", "seconds", "train_loss", "valid_loss", "valid_metric")
    return [{field: getattr(point, field) for field in fields} for point in record.curve]


def _relatives(study: Study, record: Record) -> None:
    """Show the trials that belong to this one; a click on a row opens its page."""
    if (source := trial_facts.original(study.records, record)) is not None:
        verb = "It made small the model of" if record.stage == "compress" else "It repeats"
        links.page_link(
            links.TRIAL_PAGE, study.name, f"{verb} {_label(source)}", **{links.TRIAL: str(source.number)}
        )
    if alike := trial_facts.repeats(study.records, record):
        st.header("The same recipe with other seeds")
        _table(study, alike, record, "repeats")
    if small := trial_facts.made_small(study.records, record):
        st.header("Models made small of it")
        _table(study, small, record, "small")


def _table(study: Study, records: Sequence[Record], current: Record, key: str) -> None:
    rows = [_row(record) for record in records]
    shown = filled_columns(rows, columns(study.metric, rows))
    place = links.clicked_row(in_units(rows), shown, f"{study.name}-{current.number}-{key}")
    if place is not None and records[place].number != current.number:
        links.open_trial(study.name, records[place].number)


def _row(record: Record) -> Row:
    ways = {"pruning", "quantization", "distillation", "finetuning"}
    done = (setting for axis, setting in settings(record.params) if axis in ways)
    fields = ("number", "seed", "split_seed", "state", "quality", "test_quality", *COST_FIELDS)
    row = {field: getattr(record, field) for field in fields}
    return row | {"way": "; ".join(done) if record.stage == "compress" else ""}


def columns(metric: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the columns of the tables of trials that belong to one, by field."""
    text, numbers = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "number": numbers("trial", pinned=True),
        "way": text("way"),
        "seed": numbers("seed"),
        "split_seed": numbers("rows drawn with"),
        "state": text("state"),
        "quality": number_column(f"validation {metric}", (row["quality"] for row in rows)),
        "test_quality": number_column(f"test {metric}", (row["test_quality"] for row in rows)),
        **cost_columns(rows),
    }


def _log(home: Path, study: Study, record: Record) -> None:
    printed = TrialLogs.of(home, study.name).readable(record.number) or "\n".join(record.output)
    if not printed:
        return
    lines = printed.splitlines()
    cut = f", the last {LONGEST_LOG} of {len(lines):,} lines" if len(lines) > LONGEST_LOG else ""
    with st.expander(f"What it printed{cut}", expanded=record.state == "failed"):
        st.code("\n".join(lines[-LONGEST_LOG:]), language=None, wrap_lines=True)
        st.caption(plain(f"All of it: advisor logs {study.name} {record.number}{at_home(home)}"))
