"""Quality forest: what a recipe would reach, foretold from the whole runs of a study, with its error.

A random forest (Breiman 2001) over the settings of the recipes. Its error is that on runs which a tree did
not see, so that it says itself how little it may know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from advisor.analysis.recipe_changes import members
from studies.recipe import SET_AXES

FEWEST: Final = 12
"""Whole runs from which a forest is grown: of fewer a tree leaves out too few to be judged by (judged)."""
MOST: Final = 1000
"""Whole runs that are looked at, the last ones."""
TREES: Final = 100
ABSENT: Final = -1e30
"""Stands for a number that a recipe does not have: below all others, so that a tree can part it."""

Column = tuple[str, str]
"""Key of the flat recipe, and the value or the member that it asks for; empty for a number itself."""


@dataclass(frozen=True, kw_only=True)
class QualityForest:
    """Quality forest: fitted to the whole runs of a study."""

    columns: tuple[Column, ...]
    runs: int
    """That it was grown from."""
    error: float
    """Root of the mean squared error on runs that its trees did not see, in the metric."""
    _model: Any

    def quality(self, params: Mapping[str, Any]) -> float:
        """Return the metric that a recipe is foretold to reach."""
        return self.qualities([params])[0]

    def qualities(self, recipes: Sequence[Mapping[str, Any]]) -> list[float]:
        """Return what each of some recipes is foretold to reach."""
        rows = [[_cell(params, column) for column in self.columns] for params in recipes]
        return [float(value) for value in self._model.predict(rows)]


def quality_forest(recipes: Sequence[Mapping[str, Any]], qualities: Sequence[float]) -> QualityForest | None:
    """Return a forest grown from runs; None for fewer than twelve, or where nothing differs.

    Args:
        recipes: in flat form, one a run.
        qualities: the metric that each reached.
    """
    recipes, qualities = recipes[-MOST:], qualities[-MOST:]
    columns = _columns(recipes)
    if len(recipes) < FEWEST or not columns or len(set(qualities)) < 2:
        return None
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor

    x = np.array([[_cell(params, column) for column in columns] for params in recipes])
    y = np.array(qualities, dtype=float)
    model = RandomForestRegressor(n_estimators=TREES, oob_score=True, random_state=0, n_jobs=1)
    model.fit(x, y)
    unseen = model.oob_prediction_
    return QualityForest(
        columns=columns,
        runs=len(recipes),
        error=float(np.sqrt(np.mean((unseen - y) ** 2))),
        _model=model,
    )


def _columns(recipes: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Return the columns in which some of the recipes differ."""
    columns: list[Column] = []
    for key in sorted({key for params in recipes for key in params}):
        values = [params.get(key) for params in recipes]
        if key in SET_AXES:
            names = {name for params in recipes for name in members(params, key)}
            columns += [(key, name) for name in sorted(names)]
        elif any(isinstance(value, (str, bool)) for value in values):
            columns += [(key, str(value)) for value in sorted({str(v) for v in values if v is not None})]
        else:
            columns.append((key, ""))
    return tuple(column for column in columns if len({_cell(params, column) for params in recipes}) > 1)


def _cell(params: Mapping[str, Any], column: Column) -> float:
    key, asked_for = column
    value = params.get(key)
    if key in SET_AXES:
        return float(asked_for in members(params, key))
    if asked_for:
        return float(str(value) == asked_for)
    return ABSENT if value is None else max(min(float(value), 1e30), ABSENT)
