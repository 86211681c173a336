"""Cached reads of a home: the studies in it, and the advice that follows from each.

What is read is frozen and shared by all visitors; `st.cache_data` would copy 2,000 trials at every click. Of
a study that grows, only what was written since is read.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import streamlit as st

from advisor.analysis.ablation import Ablation
from advisor.decide.posterior import Posterior
from advisor.decide.recommend import recommend
from advisor.decide.rulebook import apply_rules
from advisor.jobs.downloads import Downloads, downloads
from advisor.recommendation import Recommendation
from dashboard import whatif
from dashboard.charts.search_space.ablation import ablation_of
from dashboard.snapshot import Study
from dashboard.studies_table import Summary
from dashboard.studies_table import summary as summary_of
from studies.errors import StudyNotFound, did_you_mean
from studies.limits import Limits
from studies.storage.annotations import SUFFIX, StudyAnnotations, annotations_path, legible_annotations
from studies.storage.follow import Journal
from studies.storage.home import default_home, study_names

STUDIES_IN_MEMORY: Final = 16
"""Studies that are kept when several are looked at."""
ANSWERS_IN_MEMORY: Final = 64
FILES_IN_MEMORY: Final = 4
"""Studies whose scripts and models are kept: these are as large as their data."""
Stamp = tuple[int, int]
"""A journal's time of change and size: what was read under one stamp stays true until it changes."""


def chosen_home(arguments: Sequence[str]) -> Path:
    """Return the home named by `--home PATH`, else the default one."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--home", type=Path, default=default_home())
    home: Path = parser.parse_known_args(arguments)[0].home
    return home


def names(home: Path) -> tuple[str, ...]:
    """Return the studies of a home, newest first; a journal that is a link to elsewhere is none."""
    root = home.resolve()
    return tuple(name for name in study_names(home)[::-1] if _path(home, name).resolve().is_relative_to(root))


def annotations_of(home: Path, name: str) -> StudyAnnotations:
    """Return what is said of a study; a file that cannot be read says nothing."""
    path = annotations_path(home, name)
    status = path.stat() if path.exists() else None
    if status is None:
        return StudyAnnotations()
    return _annotations(str(home), name, (status.st_mtime_ns, status.st_size))


def archived(home: Path) -> frozenset[str]:
    """Return the studies of a home that are put away."""
    said = (home / "studies").glob(f"*{SUFFIX}")
    names = (path.name.removesuffix(SUFFIX) for path in said)
    return frozenset(name for name in names if annotations_of(home, name).archived)


def summary(home: Path, name: str) -> Summary:
    """Return a study in a line."""
    return _summary(str(home), name, _stamp(home, name))


def study(home: Path, name: str) -> Study:
    """Return a study as it stands now.

    Raises:
        StudyError: there is none of that name, or its journal cannot be read.
    """
    if name not in names(home):
        raise StudyNotFound(
            f"no study '{name}' in {home}{did_you_mean(name, names(home))} See the page Studies"
        )
    stamp = _stamp(home, name)
    return replace(_study(str(home), name, stamp), silent_seconds=time.time() - stamp[0] / 1e9)


def recommendation(home: Path, name: str) -> Recommendation:
    """Return the advice that a study gives now.

    Raises:
        StudyError: the study cannot be read, or nothing is feasible under its limits.
    """
    return _recommendation(str(home), name, _stamp(home, name))


def answer(home: Path, name: str, limits: Limits, goal: str) -> Recommendation:
    """Return the advice that a study would give under other limits or another goal.

    Raises:
        StudyError: the study cannot be read, or nothing is feasible under these limits.
    """
    return _answer(str(home), name, _stamp(home, name), limits, goal)


def files(home: Path, name: str) -> Downloads:
    """Return the files of a study's answer, which are made the first time that somebody asks.

    Raises:
        StudyError: nothing could be made.
    """
    return _files(str(home), name, _stamp(home, name))


def ablation(home: Path, name: str, start: str) -> Ablation:
    """Return what each change from the defaults of an optimizer to a study's answer brought.

    Raises:
        StudyError: nothing to come to, or no such optimizer in the search.
    """
    return _ablation(str(home), name, _stamp(home, name), start)


def posterior(home: Path, name: str) -> Posterior:
    """Return the posterior of each optimizer of a study.

    Raises:
        StudyError: the study cannot be read.
    """
    return _posterior(str(home), name, _stamp(home, name))


def _stamp(home: Path, name: str) -> Stamp:
    path = _path(home, name)
    status = path.stat() if path.exists() else None
    return (status.st_mtime_ns, status.st_size) if status else (0, 0)


def _path(home: Path, name: str) -> Path:
    return home / "studies" / f"{name}.journal"


@st.cache_resource(max_entries=2000, show_spinner="Reading the studies")
def _summary(home: str, name: str, stamp: Stamp) -> Summary:
    return replace(summary_of(Path(home), name), written=stamp[0] / 1e9)


@st.cache_resource(max_entries=2000, show_spinner=False)
def _annotations(home: str, name: str, stamp: Stamp) -> StudyAnnotations:  # noqa: ARG001 the stamp is the key
    return legible_annotations(Path(home), name)


@st.cache_resource(max_entries=STUDIES_IN_MEMORY, show_spinner=False)
def _journal(home: str, name: str) -> Journal:
    return Journal(Path(home), name)


@st.cache_resource(max_entries=STUDIES_IN_MEMORY, show_spinner=False)
def _study(home: str, name: str, stamp: Stamp) -> Study:  # noqa: ARG001 the stamp is the key
    return Study.read(Path(home), name, _journal(home, name))


@st.cache_resource(max_entries=STUDIES_IN_MEMORY, show_spinner="Weighing the evidence")
def _recommendation(home: str, name: str, stamp: Stamp) -> Recommendation:
    return recommend(_study(home, name, stamp).evidence)


@st.cache_resource(max_entries=ANSWERS_IN_MEMORY, show_spinner=False)
def _answer(home: str, name: str, stamp: Stamp, limits: Limits, goal: str) -> Recommendation:
    return recommend(whatif.under(_study(home, name, stamp).evidence, limits, goal))


@st.cache_resource(max_entries=FILES_IN_MEMORY, show_spinner="Making train.py and the model")
def _files(home: str, name: str, stamp: Stamp) -> Downloads:  # noqa: ARG001 the stamp is the key
    return downloads(Path(home), name)


@st.cache_resource(max_entries=ANSWERS_IN_MEMORY, show_spinner=False)
def _ablation(home: str, name: str, stamp: Stamp, start: str) -> Ablation:
    return ablation_of(_study(home, name, stamp), _recommendation(home, name, stamp).trials, start)


@st.cache_resource(max_entries=STUDIES_IN_MEMORY, show_spinner=False)
def _posterior(home: str, name: str, stamp: Stamp) -> Posterior:
    evidence = _study(home, name, stamp).evidence
    return Posterior.of(evidence, apply_rules(evidence))
