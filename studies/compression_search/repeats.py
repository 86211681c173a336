"""Repeats of a compression: what the recipes that may be advised miss, on the models of other seeds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from studies.compression.candidates import control
from studies.recipe import Recipe
from studies.record import Record

REPEATS_SHARE: Final = 0.2
"""Of the budget, reserved for repeats (judged)."""
MOST_RESERVED: Final = 0.4
"""Of the budget, reserved for them when one trial takes long (judged)."""
REPEATS_OF_LONGEST: Final = 2.2
"""Times of the longest trial that are reserved: two more seeds of it."""
Tried = tuple[int | None, Any]
"""The run whose model was compressed, and the recipe in flat form."""


def next_repeats(
    wanted: Iterable[Mapping[str, Any]], records: Sequence[Record], tried: Collection[Tried]
) -> list[tuple[Record, Recipe]]:
    """Return what is missing of the first wanted recipe that misses anything: other seeds, else controls.

    Controls come when the seeds are there: by then it may no longer be wanted first.

    Args:
        wanted: recipes in flat form, the likeliest to be advised first.
        records: every run whose trained model can be had.
        tried: what is not tried again.
    """
    for recipe in map(Recipe.from_params, wanted):
        runs = _trained_with(recipe, records)
        controls = [control(recipe, Recipe.from_params(run.params)) for run in runs]
        seeds = [(run, recipe) for run in runs]
        for ways in (seeds, [(run, way) for run, way in zip(runs, controls, strict=True) if way]):
            if missing := [(run, way) for run, way in ways if (run.number, way.to_params()) not in tried]:
                return missing
    return []


def reserve_seconds(budget_seconds: float, longest_seconds: float) -> float:
    """Return the seconds to reserve for repeats: a share of the budget, or what they take, if more."""
    wanted_seconds = max(REPEATS_SHARE * budget_seconds, REPEATS_OF_LONGEST * longest_seconds)
    return min(wanted_seconds, MOST_RESERVED * budget_seconds)


def _trained_with(recipe: Recipe, records: Sequence[Record]) -> list[Record]:
    """Return the confirmation runs that trained with a recipe, whatever it does to the model afterwards."""
    runs = [run for run in records if run.stage == "confirm" and run.state == "complete"]
    return [run for run in runs if _training(Recipe.from_params(run.params), recipe) == recipe.uncompressed]


def _training(trained: Recipe, recipe: Recipe) -> Recipe:
    """Return the training of a run, with a student in the place of its model where the recipe has one."""
    return replace(trained.uncompressed, model=recipe.model)
