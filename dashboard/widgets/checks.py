"""Checks: whether a study is sound; each says what is the case, and a failed one what to do."""

from __future__ import annotations

import streamlit as st

from advisor.statements.check import Check
from dashboard.widgets.words import markdown_table, plain
from studies.quantities import several


def show(checklist: tuple[Check, ...]) -> None:
    """Show the failed checks with what to do about each, and the passed ones folded below."""
    if not checklist:
        return
    failed = [check for check in checklist if not check.passed]
    passed = [check for check in checklist if check.passed]
    st.header("Is the study sound?")
    for check in failed:
        with st.container(border=True):
            st.markdown(f"**{_sentence(check.name)}** {_sentence(check.message)}")
            st.markdown(f"**To do:** {plain(check.fix)}\\.")
            if check.command:
                st.code(check.command, language="sh", wrap_lines=True)
    if not failed:
        st.markdown(f"All {several(len(passed), 'check')} passed\\.")
    if passed:
        with st.expander(plain(f"{len(passed)} of {several(len(checklist), 'check')} passed")):
            rows = [(check.name, check.message) for check in passed]
            st.markdown(markdown_table(("check", "what is the case"), rows))


def _sentence(text: str) -> str:
    return plain(f"{text[:1].upper()}{text[1:]}.")
