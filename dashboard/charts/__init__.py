"""Figures: a study in, a Plotly figure out. Pure, and light: nothing but Plotly is imported.

A module offers its figures to `advisor plot STUDY KIND` in `PLOTS`, by kind; it is found because it lies
in this folder or below it. `tests/contracts/test_chart_contract.py` draws each of them for studies that have
begun, that run, that have one trial, and that are over.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from dashboard.snapshot import Study

Needs = Literal["nothing", "a whole run", "a whole study"]
"""The least that a study must hold; a whole study ends with confirmed and compressed models."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Plot: a figure of a study, and what the study must hold for it.

    Before that the title says what is missing.
    """

    draw: Callable[[Study], go.Figure]
    needs: Needs

    def __call__(self, study: Study) -> go.Figure:
        """Draw the figure."""
        return self.draw(study)


@cache
def plots() -> dict[str, Plot]:
    """Return every figure by its kind, sorted."""
    by_kind: dict[str, Plot] = {}
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        by_kind |= getattr(importlib.import_module(module.name), "PLOTS", {})
    return dict(sorted(by_kind.items()))
