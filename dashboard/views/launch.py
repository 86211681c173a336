"""Launch: ask for a search, start it, watch it, stop it, go on with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import quote

import streamlit as st

from advisor.agents import launch_process
from advisor.goals import GOALS, USUAL
from advisor.jobs.budget_left import BudgetLeft
from advisor.jobs.request import MODES
from dashboard import reads, studies_table
from dashboard.charts.trials import best_single_run
from dashboard.launch_form import LaunchForm, check, files, keep_upload, name_for, own_code
from dashboard.snapshot import Study
from dashboard.widgets.words import plain, progress
from studies import catalogue
from studies.data.opening import built_ins
from studies.datasets.files import PACKINGS, endings, needs_target
from studies.errors import StudyError
from studies.limits import Budget
from studies.quantities import format_seconds
from studies.storage.locks import check_free

REFRESH_SECONDS: Final = 2.0
SHOWN: Final = 6
"""Studies listed below the form, newest first."""
ELAPSED: Final = re.compile(r"\[\s*([\d.]+)s\]")
"""How the command line begins a line about what just ended."""
COMPRESSION: Final = {
    "off": "off: train only",
    "after": "after: the finalists, in 40 % of the budget",
    "joint": "joint: along with training",
}
FORMS: Final = ", ".join(ending.removeprefix(".") for ending in endings())


def show(home: Path, *, allow_code: bool = False) -> None:
    """Show the form, and what was started."""
    st.title("Launch")
    st.caption("A search is a process of its own: it goes on when this page or the browser is closed.")
    form = _form(home, allow_code=allow_code)
    problem = _problem(form, home, allow_code=allow_code)
    arguments = form.arguments(home)
    st.code(launch_process.command(arguments), language="sh", wrap_lines=True)
    if problem:
        st.info(plain(problem))
    if st.button("Start", type="primary", disabled=bool(problem), key="start"):
        try:
            launch_process.start(home, form.study, arguments)
        except StudyError as error:
            st.error(plain(error))
        else:
            st.query_params["launched"] = form.study
            st.rerun()
    _searches(home, allow_code=allow_code)


def _form(home: Path, *, allow_code: bool) -> LaunchForm:
    source, target = _data(home)
    left, right = st.columns(2)
    model = _model(left, allow_code=allow_code)
    name = right.text_input(
        "Name of the study", placeholder=name_for(home, source or "study"), key="name"
    ).strip()
    limits = dict(zip(("memory", "model_size", "latency", "train_time"), _limits(), strict=True))
    first, second, third = st.columns(3)
    budget = first.text_input(
        "Budget", value="60s", help="Of the whole search: 60s, 10m, 2h or 200trials", key="budget"
    )
    goal = second.selectbox(
        "Goal", tuple(GOALS), index=list(GOALS).index(USUAL), help="What decides a tie", key="goal"
    )
    mode = third.selectbox(
        "Compression", MODES, format_func=lambda mode: COMPRESSION[mode], key="compression"
    )
    tracking = st.toggle("Keep the runs in MLflow too", value=True, key="tracking")
    study = name or name_for(home, source or "study")
    return LaunchForm(
        source=source,
        study=study,
        target=target,
        model=model,
        budget=budget.strip(),
        goal=goal,
        compression=mode,
        tracking=tracking,
        **limits,
    )


def _data(home: Path) -> tuple[str, str]:
    """Return what to train on, and the column to predict."""
    ways = ("Built in", "Upload", "File in the home")
    way = st.radio("Data", ways, horizontal=True, key="data")
    if way == "Built in":
        names = sorted(choice.name() for choice in built_ins().values())
        first = names.index("digits") if "digits" in names else 0
        return st.selectbox("Dataset", names, index=first, key="dataset"), ""
    source = _uploaded(home) if way == "Upload" else _in_home(home)
    if not needs_target(source):
        return source, ""
    return source, st.text_input("Target", help="The column to predict", key="target").strip()


def _uploaded(home: Path) -> str:
    types = [ending.removeprefix(".") for ending in (*endings(), *PACKINGS)]
    file = st.file_uploader(f"A table or arrays ({FORMS})", type=types, key="upload")
    if file is None:
        return ""
    try:
        return str(keep_upload(home, file.name, file.getvalue()))
    except (StudyError, OSError) as error:
        st.error(plain(error))
        return ""


def _in_home(home: Path) -> str:
    path = st.selectbox(
        f"Path from {plain(home.resolve())}",
        files(home),
        index=None,
        accept_new_options=True,
        placeholder="Choose a file, or type its path",
        key="path",
    )
    return str(home.resolve() / path) if path else ""


def _model(column: st.delta_generator.DeltaGenerator, *, allow_code: bool) -> str:
    known = [
        name
        for name, choice in catalogue.choices("model").items()
        if getattr(choice, "offered", True) and name != "Custom"
    ]
    note = " Or your own: module:name or file.py:name." if allow_code else ""
    model = column.selectbox(
        "Model",
        ("", *known),
        format_func=lambda name: name or "the usual one for the data",
        accept_new_options=allow_code,
        help=f"What is trained.{note}",
        key="model",
    )
    return str(model or "")


def _limits() -> list[str]:
    st.markdown("**Limits**, each may stay empty")
    fields = (
        ("Memory", "512MiB", "Most bytes while training"),
        ("Model size", "1MB", "Most bytes of the trained model"),
        ("Latency", "2ms", "Most time of one forward pass of one row"),
        ("Training time", "30s", "Most time of one whole run"),
    )
    return [
        column.text_input(label, placeholder=f"e.g. {example}", help=meaning, key=f"limit-{label}").strip()
        for column, (label, example, meaning) in zip(st.columns(4), fields, strict=True)
    ]


def _problem(form: LaunchForm, home: Path, *, allow_code: bool) -> str:
    try:
        check(form, home, allow_code=allow_code)
    except StudyError as error:
        return str(error)
    return ""


def _searches(home: Path, *, allow_code: bool) -> None:
    launched = st.query_params.get("launched", "")
    started = launch_process.names(home)
    busy = [name for name in started if launch_process.running(home, name)]
    newest = [name for name in started if name == launched]
    ordered = dict.fromkeys((*busy, *newest, *reads.names(home), *started[::-1]))
    names = list(ordered)[: max(SHOWN, len(busy))]
    if not names:
        return
    st.subheader("Searches")
    follow = REFRESH_SECONDS if busy else None

    def searches() -> None:
        for name in names:
            _search(home, name, allow_code=allow_code)
        if busy and not any(launch_process.running(home, name) for name in busy):
            st.rerun()  # what ended is a study now, with pages of its own

    st.fragment(searches, run_every=follow)()


def _search(home: Path, name: str, *, allow_code: bool) -> None:
    """Show how one search stands, with what can be done about it."""
    running, study = launch_process.running(home, name), _read(home, name)
    with st.container(border=True):
        state = (
            "running"
            if running
            else studies_table.state(home, name, finished=study is not None and study.finished)
        )
        if study is None:
            state = "running" if running else "not begun"
        st.markdown(f"**{plain(name)}**: {plain(_status(home, name, study, state))}")
        if running:
            _running_search(home, name, study)
        elif error := launch_process.failure(home, name):
            st.error(plain(error))
        if study is not None:
            _answer(home, study)
            if state != "running":
                _resume(home, study, allow_code=allow_code)


def _read(home: Path, name: str) -> Study | None:
    try:
        return reads.study(home, name)
    except StudyError:
        return None


def _status(home: Path, name: str, study: Study | None, state: str) -> str:
    if study is None:
        return (
            "looking at the data and the model"
            if launch_process.running(home, name)
            else "ended before its first trial"
        )
    return f"{state}, {progress(study)}. {best_single_run(study.records, study.metric, study.direction)}"


def _running_search(home: Path, name: str, study: Study | None) -> None:
    lines = [line for line in launch_process.log_lines(home, name) if line.strip()]
    total = _budget_seconds(study)
    seconds = next((float(match[1]) for line in reversed(lines) if (match := ELAPSED.match(line))), 0.0)
    if total:
        elapsed = f"{format_seconds(max(seconds, 0.1))} of {format_seconds(total)}"
        st.progress(min(1.0, seconds / total), text=plain(elapsed))
    if lines:
        st.code("\n".join(lines[-3:]), language=None, wrap_lines=True)
    if st.button(
        "Stop",
        help="It ends soon and recommends from what is there; Resume goes on with what is left.",
        key=f"stop-{name}",
    ):
        try:
            launch_process.stop(home, name)
        except StudyError as error:
            st.error(plain(error))
        else:
            st.toast(plain(f"{name} is asked to stop"))


def _budget_seconds(study: Study | None) -> float | None:
    """Return the seconds of a search and its compression in all; None without a budget in seconds."""
    budget = study.manifest.budget if study else None
    if study is None or budget is None or not budget.seconds:
        return None
    compressing = study.manifest.compression_study
    return budget.seconds + ((compressing.budget.seconds or 0.0) if compressing else 0.0)


def _answer(home: Path, study: Study) -> None:
    if not study.finished:
        return
    try:
        advice = reads.recommendation(home, study.name)
    except StudyError as error:
        st.warning(plain(error))
        return
    # in this tab, where a Markdown link would open another; the name is quoted, so that its markup is text
    link = f'<a href="./?study={quote(study.name, safe="")}" target="_self">The whole recommendation</a>'
    st.markdown(f"Use **{plain(advice.optimizer)}**. {link}", unsafe_allow_html=True)


def _resume(home: Path, study: Study, *, allow_code: bool) -> None:
    code = own_code(study.manifest)
    if code and not allow_code:
        st.caption(
            plain(f"To go on with it, start the page with --allow-code: it uses {code}, which is code.")
        )
        return
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    seconds, rest = _budget_seconds(study), BudgetLeft.of(study.manifest, study.records)
    before = f"{seconds:g}s" if seconds else str(study.manifest.budget or "")
    label = "New budget in all" if rest.spent else f"{rest}; another budget in all"
    more = left.text_input(label, placeholder=f"now {before}", key=f"more-{study.name}").strip()
    arguments = ("resume", study.name, *([f"--budget={more}"] if more else []), f"--home={home.resolve()}")
    if right.button(
        "Resume", key=f"resume-{study.name}", disabled=rest.spent and study.finished and not more
    ):
        try:
            if more:
                Budget.parse(more)
            check_free(home, study.name)
            launch_process.start(home, study.name, arguments)
        except StudyError as error:
            st.error(plain(error))
        else:
            st.query_params["launched"] = study.name
            st.rerun()
