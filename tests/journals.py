"""Journals of a search in a home: begun, or gone on with where there is one."""

from __future__ import annotations

from pathlib import Path

import optuna

from studies.plans.plan import Plan
from studies.storage import journal
from studies.storage.home import study_names


def opened_or_new(home: Path, plan: Plan, name: str = "s", *, direction: str = "maximize") -> optuna.Study:
    """Return a study of a home, created for a plan where it is not there yet."""
    if name in study_names(home):
        return journal.open_study(home, name)
    return journal.create_study(home, name, direction=direction, manifest=plan.manifest())
