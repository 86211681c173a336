"""Search space."""

from __future__ import annotations

from pathlib import Path

import streamlit as st


def show(home: Path, name: str) -> None:  # noqa: ARG001
    """Show the page."""
    st.title("Search space")
