"""Cached reads of a home: the studies in it, and the advice that follows from each.

What is read is frozen and shared by all visitors; `st.cache_data` would copy 2,000 trials at every click.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from advisor.evidence import Recommendation
from advisor.reading import evidence_of
from advisor.recommend import recommend
from studies.record import Record
from studies.store import default_home, open_study, plan_of, records, study_names

Stamp = tuple[int, int]
"""A journal's time of change and size: what was read under one stamp stays true until it changes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Study:
    """A study as the page shows it."""

    name: str
    plan: Mapping[str, Any]
    records: tuple[Record, ...]
    silent_seconds: float
    """Since something was last written to its journal."""

    @property
    def metric(self) -> str:
        """Return the name of the workload's metric."""
        return str(self.plan.get("metric", "quality"))

    @property
    def direction(self) -> str:
        """Return maximize or minimize."""
        return str(self.plan.get("direction", "maximize"))

    @property
    def optimizers(self) -> tuple[str, ...]:
        """Return every optimizer in question; the candidates first, so that colours stay as records come in."""
        tried = (record.optimizer for record in self.records)
        return tuple(dict.fromkeys((*self.plan.get("candidates", ()), *tried)))

    @property
    def finished(self) -> bool:
        """Tell whether the search has written its recommendation."""
        return bool(self.plan.get("recommendation"))


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
    plan, read = _study(str(home), name, _stamp(home, name))
    return Study(name=name, plan=plan, records=read, silent_seconds=time.time() - _stamp(home, name)[0] / 1e9)


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
def _study(home: str, name: str, stamp: Stamp) -> tuple[dict[str, Any], tuple[Record, ...]]:  # noqa: ARG001 the stamp is the key
    opened = open_study(Path(home), name)
    return {"direction": opened.direction.name.lower()} | plan_of(opened), records(opened)


@st.cache_resource(max_entries=8, show_spinner="Weighing the evidence")
def _recommendation(home: str, name: str, stamp: Stamp) -> Recommendation:  # noqa: ARG001 the stamp is the key
    return recommend(evidence_of(Path(home), name))
