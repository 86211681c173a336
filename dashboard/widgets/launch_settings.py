"""Settings of a search on the page Launch that a first search can leave as they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from advisor.goals import GOALS, USUAL
from advisor.jobs.request import MODES
from dashboard.data_files import name_for
from studies import catalogue
from studies.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.widgets.fields import Fields

COMPRESSION: Final = {
    "off": "off: train only",
    "after": "after: the finalists, in 40 % of the budget",
    "joint": "joint: along with training",
}
TASKS: Final = ("", "classification", "regression")
LIMITS: Final = (
    ("memory", "Memory", "512MiB", "Most bytes while training"),
    ("model_size", "Model size", "1MB", "Most bytes of the trained model"),
    ("latency", "Latency", "2ms", "Most time of one forward pass of one row"),
    ("train_time", "Training time", "30s", "Most time of one whole run"),
)


def settings(
    home: Path, fields: Fields, source: str, columns: Sequence[str], *, allow_code: bool
) -> dict[str, Any]:
    """Show the settings and return the fields of a `LaunchForm` that they set."""
    return {
        **_what(fields, allow_code=allow_code),
        **_limits(fields),
        **_space(fields),
        **_run(home, fields, source),
        **(_split(fields, columns) if columns else {}),
    }


def _what(fields: Fields, *, allow_code: bool) -> dict[str, Any]:
    first, second, third, fourth = st.columns(4)
    known = [
        name
        for name, choice in catalogue.choices("model").items()
        if getattr(choice, "offered", True) and name != "Custom"
    ]
    note = " Or your own: module:name or file.py:name." if allow_code else ""
    return {
        "model": fields.choice(
            first,
            "model",
            "Model",
            ("", *known),
            format_func=lambda name: name or "the usual one for the data",
            accept_new_options=allow_code,
            help=f"What is trained.{note}",
        ),
        "metric": fields.choice(
            second,
            "metric",
            "Metric",
            ("", *METRICS),
            format_func=lambda name: name or "accuracy, or rmse of numbers",
            accept_new_options=True,
            help="What is judged by. A scikit-learn scorer may be typed, such as neg_log_loss.",
        ),
        "goal": fields.choice(
            third, "goal", "Goal", tuple(GOALS), index=list(GOALS).index(USUAL), help="What decides a tie"
        ),
        "compression": fields.choice(
            fourth, "compression", "Compression", MODES, format_func=lambda mode: COMPRESSION[mode]
        ),
    }


def _limits(fields: Fields) -> dict[str, Any]:
    st.markdown("**Limits**, each may stay empty")
    return {
        name: fields.text(column, name, label, placeholder=f"e.g. {example}", help=meaning)
        for column, (name, label, example, meaning) in zip(st.columns(4), LIMITS, strict=True)
    }


def _space(fields: Fields) -> dict[str, Any]:
    st.markdown("**What is tried**, all that suits the data unless you choose")
    first, second, third, fourth = st.columns(4)
    optimizers, schedules = (sorted(catalogue.choices(axis)) for axis in ("optimizer", "schedule"))
    return {
        "optimizers": fields.several(
            first, "optimizers", "Optimizers", optimizers, placeholder="all that suit"
        ),
        "schedules": fields.several(second, "schedules", "Schedules", schedules, placeholder="all that suit"),
        "batch_size": fields.text(
            third, "batch_size", "Batch size", placeholder="e.g. 64 or 16..256", help="64, full, or a range"
        ),
        "epochs": fields.number(
            fourth, "epochs", "Epochs", value=None, min_value=1, help="Length of one whole run"
        ),
    }


def _run(home: Path, fields: Fields, source: str) -> dict[str, Any]:
    st.markdown("**The run**")
    first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
    usual = name_for(home, source or "study")
    return {
        "study": fields.text(first, "study", "Name of the study", placeholder=usual) or usual,
        "workers": fields.text(
            second,
            "workers",
            "Workers",
            placeholder="auto",
            help="Trials that train at a time: auto for as many as the machine bears, or a number",
        ),
        "seed": fields.number(third, "seed", "Seed", value=0, min_value=0) or 0,
        "tracking": fourth.toggle("Keep the runs in MLflow too", value=True, key="tracking"),
    }


def _split(fields: Fields, columns: Sequence[str]) -> dict[str, Any]:
    st.markdown("**The data**")
    first, second, third, fourth = st.columns(4)
    options = ("", *columns)

    def words(name: str) -> str:
        return name or "none"

    return {
        "task": fields.choice(
            first, "task", "Task", TASKS, format_func=lambda name: name or "told from the target"
        ),
        "time": fields.choice(
            second, "time", "Split by time", options, format_func=words,
            help="A column of dates or numbers: train on the past, validate and test later",
        ),
        "group": fields.choice(
            third, "group", "Keep together", options, format_func=words,
            help="A column whose equal rows belong together, such as a patient: a group is in one part only",
        ),
        "split": fields.choice(
            fourth, "split", "Parts as given", options, format_func=words,
            help="A column that says train, valid or test",
        ),
    }  # fmt: skip
