"""Figures: a study in, a Plotly figure out. Pure, and light: nothing but Plotly is imported.

A module offers its figures to `advisor plot STUDY KIND` in `PLOTS`, by kind; it is found because it lies in
this folder.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from dashboard.study import Study

Plot = Callable[["Study"], "go.Figure"]


@cache
def plots() -> dict[str, Plot]:
    """Return every figure by its kind, sorted."""
    found: dict[str, Plot] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        found |= getattr(importlib.import_module(module.name), "PLOTS", {})
    return dict(sorted(found.items()))
