"""Cached reads of a home: the studies in it, and the advice that follows from each.

What is read is frozen and shared by all visitors; `st.cache_data` would copy 2,000 trials at every click.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from advisor.evidence import Recommendation
from advisor.recommend import recommend
from dashboard.study import Study
from studies.store import default_home, study_names

Stamp = tuple[int, int]
"""A journal's time of change and size: what was read under one stamp stays true until it changes."""


def chosen_home(arguments: Sequence[str]) -> Path:
    """Return the home named by `--home PATH`, else the default one."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--home", type=Path, default=default_home())
    home: Path = parser.parse_known_args(arguments)[0].home
    return home


def names(home: Path) -> tuple[str, ...]:
    """Return the studies of a home, newest first."""
    return study_names(home)[::-1]


def study(home: Path, name: str) -> Study:
    """Return a study as it stands now.

    Raises:
        StudyError: there is none of that name, or its journal cannot be read.
    """
    stamp = _stamp(home, name)
    return replace(_study(str(home), name, stamp), silent_seconds=time.time() - stamp[0] / 1e9)


def recommendation(home: Path, name: str) -> Recommendation:
    """Return the advice that a study gives now.

    Raises:
        StudyError: the study cannot be read, or nothing is feasible under its limits.
    """
    return _recommendation(str(home), name, _stamp(home, name))


def _stamp(home: Path, name: str) -> Stamp:
    path = home / "studies" / f"{name}.journal"
    status = path.stat() if path.exists() else None
    return (status.st_mtime_ns, status.st_size) if status else (0, 0)


@st.cache_resource(max_entries=8, show_spinner=False)
def _study(home: str, name: str, stamp: Stamp) -> Study:  # noqa: ARG001 the stamp is the key
    return Study.read(Path(home), name)


@st.cache_resource(max_entries=8, show_spinner="Weighing the evidence")
def _recommendation(home: str, name: str, stamp: Stamp) -> Recommendation:
    return recommend(_study(home, name, stamp).evidence)
