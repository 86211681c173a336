"""Address of a page: choices that stand in it, so that a page can be shared and reloaded as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import streamlit as st

LONGEST_NUMBER: Final = 9
"""Digits of a trial's number."""
PIXELS: Final = 230
"""Three stand in a row at 1280 pixels, two at 800."""


def selectbox(
    label: str,
    options: Sequence[str],
    parameter: str,
    *,
    study: str,
    default: str = "",
    words: Callable[[str], str] = str,
) -> str:
    """Let a reader choose one of some options.

    Args:
        label: over the options.
        options: what stands in the address.
        parameter: its name in the address.
        study: whose page it is: each study keeps its own choice.
        default: the option that an address without the parameter means; the first unless given.
        words: what is shown for an option.
    """
    usual = default if default in options else options[0]
    named, key = st.query_params.get(parameter, usual), state_key(study, parameter)
    st.session_state[key] = named if named in options else usual
    written = partial(_write, key, parameter, usual)
    value = str(st.selectbox(label, options, key=key, format_func=words, width=PIXELS, on_change=written))
    keep(parameter, value, usual)
    return value


def toggle(label: str, parameter: str, *, study: str, default: bool = False) -> bool:
    """Let a reader turn something on or off."""
    usual, key = "yes" if default else "no", state_key(study, parameter)
    st.session_state[key] = st.query_params.get(parameter, usual) == "yes"
    value = st.toggle(label, key=key, on_change=partial(_write, key, parameter, usual))
    keep(parameter, "yes" if value else "no", usual)
    return bool(value)


def text(label: str, parameter: str, *, study: str, placeholder: str = "", help: str = "") -> str:  # noqa: A002
    """Let a reader write a text."""
    key = state_key(study, parameter)
    st.session_state[key] = st.query_params.get(parameter, "")
    written = partial(_write, key, parameter, "")
    st.text_input(label, key=key, placeholder=placeholder, help=help or None, on_change=written)
    return str(st.session_state[key])


def multiselect(
    label: str,
    options: Sequence[str],
    parameter: str,
    *,
    study: str,
    default: Sequence[str],
    words: Callable[[str], str] = str,
) -> tuple[str, ...]:
    """Let a reader choose some of some options; the address has them with commas between them.

    Args:
        label: over the options.
        options: what stands in the address; none has a comma.
        parameter: its name in the address.
        study: whose page it is.
        default: what an address without the parameter means, and one that names none of the options.
        words: what is shown for an option.
    """
    usual, key = ",".join(default), state_key(study, parameter)
    named = [name for name in st.query_params.get(parameter, usual).split(",") if name in options]
    st.session_state[key] = named or list(default)
    written = partial(_write, key, parameter, usual)
    st.multiselect(label, options, key=key, format_func=words, on_change=written)
    return tuple(st.session_state[key])


def _write(key: str, parameter: str, usual: str) -> None:
    """Write what a reader has just chosen into the address, which is what every run goes by."""
    value = st.session_state[key]
    if isinstance(value, bool):
        value = "yes" if value else "no"
    keep(parameter, ",".join(value) if isinstance(value, list) else str(value), usual)


def keep(parameter: str, value: str, usual: str) -> None:
    """Write a choice into the address, unless it is the usual one and the address does not name it."""
    if st.query_params.get(parameter) == value:
        return
    if value == usual:
        st.query_params.pop(parameter, None)
    else:
        st.query_params[parameter] = value


def trial_number(text: str) -> int | None:
    """Return the number that a text of an address is; None where it is none that a trial could have.

    Example:
        >>> trial_number("12"), trial_number("²"), trial_number("none")
        (12, None, None)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


def state_key(study: str, parameter: str) -> str:
    """Return the name of a choice in the visitor's session."""
    return f"{study}/{parameter}"
