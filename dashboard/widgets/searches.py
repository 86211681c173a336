"""Searches as cards: what each does at this moment, how it ended, and the buttons Stop and Resume."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote

import streamlit as st

from advisor.agents import launch_process
from advisor.jobs.budget_left import BudgetLeft
from advisor.jobs.live_study import LiveStudy, how_it_ended
from dashboard import reads
from dashboard.charts.trials import best_single_run
from dashboard.launch_form import own_code
from dashboard.snapshot import Study
from dashboard.widgets.words import plain, progress
from studies.errors import StudyError
from studies.limits import Budget
from studies.storage.home import journal_path
from studies.storage.locks import check_free, worked_on

REFRESH_SECONDS: Final = 1.0
"""Between two looks at a search that runs: its clock moves every second."""
SHOWN: Final = 6
"""Studies listed below the form, newest first."""


def busy(home: Path) -> list[str]:
    """Return the studies that somebody works on, and those whose data is being read, newest first."""
    started = [name for name in launch_process.names(home)[::-1] if launch_process.running(home, name)]
    worked = [name for name in reads.names(home) if worked_on(home, name)]
    return list(dict.fromkeys((*started, *worked)))


def show_running(home: Path, launched: str, *, allow_code: bool) -> None:
    """Show the searches that run, and the one that this visitor started last, each second anew."""
    running = busy(home)
    names = list(dict.fromkeys((*running, *([launched] if _is_known(home, launched) else []))))

    def cards() -> None:
        for name in names:
            _card(home, name, allow_code=allow_code)
        if running and busy(home) != running:
            st.rerun()  # what ended is a study now, with pages of its own

    if names:
        st.fragment(cards, run_every=REFRESH_SECONDS if running else None)()


def show_earlier(home: Path, launched: str, *, allow_code: bool) -> None:
    """Show the newest studies that nobody works on."""
    shown = {*busy(home), launched}
    started = launch_process.names(home)[::-1]
    names = [name for name in dict.fromkeys((*reads.names(home), *started)) if name not in shown][:SHOWN]
    if names:
        st.header("Earlier searches")
    for name in names:
        _card(home, name, allow_code=allow_code)


def _is_known(home: Path, name: str) -> bool:
    return name in launch_process.names(home) or name in reads.names(home)


def _card(home: Path, name: str, *, allow_code: bool) -> None:
    study = _read(home, name)
    with st.container(border=True, key=f"search-{name}"):
        if worked_on(home, name) or (launch_process.running(home, name) and not _answered(home, study)):
            _running(home, name, study)
        else:
            _ended(home, name, study, allow_code=allow_code)


def _answered(home: Path, study: Study | None) -> bool:
    """Tell whether a process that was started here has answered, and writes to MLflow yet.

    The answer is the last that a search writes to its journal; one that goes on has said something since.
    """
    if study is None or not study.finished:
        return False
    return journal_path(home, study.name).stat().st_mtime >= launch_process.said_at(home, study.name)


def _read(home: Path, name: str) -> Study | None:
    try:
        return reads.study(home, name)
    except StudyError:
        return None


def _running(home: Path, name: str, study: Study | None) -> None:
    """Show the clock, the stage, what trains, the best so far and the time left of a search that runs."""
    left, right = st.columns([5, 1], vertical_alignment="center")
    right.button(
        "Stop", key=f"stop-{name}", help=STOPPING, on_click=_stop, args=(home, name), width="stretch"
    )
    if study is None:
        left.markdown(f"**{plain(name)}** :blue-badge[running] reads the data and measures the model")
        said = [line for line in launch_process.log_lines(home, name) if line.strip()]
        st.caption(plain(said[-1] if said else "It has just been started."))
        return
    live = LiveStudy.read(home, name, study.manifest, study.records)
    badge = ":orange-badge[stopping]" if live.stopping else ":blue-badge[running]"
    left.markdown(f"**{plain(name)}** {badge} {plain(live.place())}")
    st.progress(live.share, text=plain(live.clock()))
    best = best_single_run(study.records, study.metric, study.direction)
    st.markdown(plain(best))
    st.caption(plain(f"{live.now()} {live.rest()}"))


STOPPING: Final = "It ends what it must and recommends from what is there. Resume goes on with what is left."


def _stop(home: Path, name: str) -> None:
    try:
        launch_process.stop(home, name)
    except StudyError as error:
        st.toast(plain(error))


def _ended(home: Path, name: str, study: Study | None, *, allow_code: bool) -> None:
    """Show how a search ended, what it recommends, and how it goes on."""
    error = launch_process.failure(home, name)
    if study is None:
        st.markdown(f"**{plain(name)}**")
        if error:
            st.error(plain(error))
        else:
            st.success("Stopped by you before its first trial.")
        return
    interrupted = launch_process.interrupted(home, name) and not study.records
    st.markdown(
        f"**{plain(name)}**: {plain(progress(study))}. {_answer(home, study)}", unsafe_allow_html=True
    )
    words = how_it_ended(study.manifest, study.records)
    if error:
        st.error(plain(error))
    elif study.manifest.stopped or interrupted:
        st.success("Stopped by you before its first trial." if interrupted else plain(words))
    else:
        st.caption(plain(words))
    if launch_process.running(home, name):
        st.caption("Its runs are being written to MLflow; then it can go on.")
    elif study.manifest.workload is not None and not study.manifest.is_imported:
        _resume(home, study, allow_code=allow_code)


def _answer(home: Path, study: Study) -> str:
    """Return what a study recommends, as Markdown, with a link to its page."""
    if not study.finished:
        return ""
    try:
        advice = reads.recommendation(home, study.name)
    except StudyError as error:
        return plain(error)
    # in this tab, where a Markdown link would open another; the name is quoted, so that its markup is text
    link = f'<a href="./?study={quote(study.name, safe="")}" target="_self">The whole recommendation</a>'
    return f"Use **{plain(advice.optimizer)}**. {link}"


def _resume(home: Path, study: Study, *, allow_code: bool) -> None:
    code = own_code(study.manifest)
    if code and not allow_code:
        st.caption(
            plain(f"To go on with it, start the page with --allow-code: it uses {code}, which is code.")
        )
        return
    rest = BudgetLeft.of(study.manifest, study.records)
    field, button = st.columns([5, 1], vertical_alignment="bottom")
    label = (
        "To go on it needs a larger budget in all"
        if rest.spent
        else "Another budget in all, if it is to be more than what is left"
    )
    more = field.text_input(label, placeholder=_budget(study, rest), key=f"more-{study.name}").strip()
    if button.button("Resume", key=f"resume-{study.name}", disabled=rest.spent and not more, width="stretch"):
        _start_again(home, study.name, more)


def _budget(study: Study, rest: BudgetLeft) -> str:
    """Return the whole budget of a study, as it is typed."""
    budget = study.manifest.budget
    return f"now {rest.of_seconds:g}s" if rest.of_seconds else f"now {budget}" if budget else ""


def _start_again(home: Path, name: str, budget: str) -> None:
    arguments = ("resume", name, *([f"--budget={budget}"] if budget else []), f"--home={home.resolve()}")
    try:
        if budget:
            Budget.parse(budget)
        check_free(home, name)
        launch_process.start(home, name, arguments)
    except StudyError as error:
        st.error(plain(error))
    else:
        st.query_params["launched"] = name
        st.rerun()
