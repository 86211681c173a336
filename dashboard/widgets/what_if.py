"""Limits and goal: sliders that ask a study anew, and what they changed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import streamlit as st

from advisor.goals import GOALS
from advisor.jobs import command_lines
from dashboard import reads, whatif
from dashboard.snapshot import Study
from dashboard.widgets import address
from dashboard.widgets.words import plain
from studies.errors import StudyError
from studies.limits import Limits
from studies.quantities import listed

SLIDER_PIXELS: Final = 184
GOAL_PIXELS: Final = 140
"""Four sliders and the goal stand in a row of a page 1440 pixels wide."""
PARAMETERS: Final = (*(slider.parameter for slider in whatif.SLIDERS), "goal")
"""Names of all that is asked for in the address."""
RESETS: Final = "ways back"
"""Session-state key: how often the visitor has gone back to the study's own limits."""


def sliders(study: Study) -> tuple[Limits, str]:
    """Return the limits and the goal that the sliders stand at.

    The address keeps what differs from the study's own.
    """
    evidence = study.evidence
    limits, goal = whatif.from_address(st.query_params.to_dict(), evidence)
    with st.container(border=True), st.container(horizontal=True):
        values = {
            slider.limit: _slider(study, slider, getattr(limits, slider.limit)) for slider in whatif.SLIDERS
        }
        goal = _goal(study, goal)
    limits = whatif.limits_at(values)
    written = whatif.to_address(evidence, limits, goal)
    for parameter in PARAMETERS:
        address.keep(parameter, written.get(parameter, ""), "")
    return limits, goal


def _slider(study: Study, slider: whatif.Slider, limit: float | None) -> float:
    key = _key(slider.parameter, study.name)
    value = math.inf if limit is None else float(limit)
    places = whatif.positions(study.evidence, slider, value, st.session_state.get(key))
    if len(places) == 1:
        return places[0]
    return float(
        st.select_slider(
            slider.label,
            places,
            value=value,
            format_func=lambda place: whatif.in_words(slider, place),
            key=key,
            width=SLIDER_PIXELS,
        )
    )


def _goal(study: Study, goal: str) -> str:
    about = "What decides between optimizers that the evidence cannot tell apart"
    key, goals = _key("goal", study.name), tuple(GOALS)
    return str(st.selectbox("Goal", goals, index=goals.index(goal), key=key, help=about, width=GOAL_PIXELS))


def _key(parameter: str, name: str) -> str:
    """Return a widget's key: another one after each way back, so that it stands again where it began."""
    return f"{parameter} {name} {st.session_state.get(RESETS, 0)}"


def show_changes(home: Path, study: Study, limits: Limits, goal: str) -> None:
    """Say what was asked otherwise than in the study, and offer the way back and the command."""
    changes = whatif.changes(study.evidence, limits, goal)
    if not changes:
        return
    usual = _usual_answer(home, study)
    st.info(plain(f"Asked otherwise than in the study: {listed(changes)}. {usual}"))
    st.button("Back to the study's own limits", on_click=_reset)
    options = whatif.options(study.evidence, limits, goal)
    if options:
        st.code(command_lines.recommend(home, study.name, options), language="sh", wrap_lines=True)


def _usual_answer(home: Path, study: Study) -> str:
    try:
        optimizer = reads.recommendation(home, study.name).optimizer
    except StudyError as error:
        return f"Under its own limits and goal there is no answer: {error}"
    return f"Under its own limits and goal the answer is {optimizer}."


def _reset() -> None:
    st.session_state[RESETS] = st.session_state.get(RESETS, 0) + 1
    for parameter in PARAMETERS:
        st.query_params.pop(parameter, None)
