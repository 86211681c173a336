"""Ablation path: from one recipe to another, one change at a time, and what each change brought.

After Fawcett and Hoos 2016: the next change is the one that is best by itself. Which one that is, a forest
over the trials foretells, as Biedenkapp et al. 2017 do; what the path brought is measured where its recipes
were run, each with the same seeds, and foretold where they were not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

from advisor.analysis.quality_forest import QualityForest
from advisor.analysis.recipe_changes import Params, RecipeChange, changes
from advisor.decide.interval import half_width
from advisor.evidence import has_quality
from studies.direction import Direction
from studies.quantities import several
from studies.record import Record

MOST_CHANGES: Final = 6
"""Changes that are told one by one; the others, which are foretold to bring least, are the last step
together."""

ENDED: Final = ("complete", "infeasible", "failed")
"""States of a run that is not made again."""

Draw = tuple[int, int | None, int | None]
"""What two runs have to share to be compared: the seed, that of the split, and the rows of a sample."""


@dataclass(frozen=True, kw_only=True)
class PathStep:
    """Path step: a recipe of the path, by what changed since the one before."""

    change: str
    """In words; of the first recipe its name."""
    params: Mapping[str, Any]
    foretold: float | None = None
    """The metric by the forest; None without one."""


@dataclass(frozen=True, kw_only=True)
class AblationStep:
    """Ablation step: a recipe of the path, what it reached, and what its change brought."""

    change: str
    """In words; of the first recipe its name."""
    quality: float | None
    """Mean metric over its runs with the seeds of the path, else what is foretold; None where neither is."""
    effect: float | None = None
    """What the change added to the metric, over seeds that both ran with; None for the first recipe."""
    reach: float | None = None
    """Half-width of the 90 % interval of the effect; None for one seed, and where it is foretold."""
    measured: bool
    """Whether the effect is measured; of the first recipe, whether its quality is."""
    trials: tuple[int, ...] = ()
    """Runs behind the quality."""
    problem: str = ""
    """Why its runs have no quality, where they were made and have none."""


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """Ablation: the path from a start to the advised recipe, and what each change on it brought."""

    study: str
    optimizer: str
    """The advised one."""
    start: str
    """Optimizer whose defaults the path begins at."""
    metric: str
    direction: Direction
    seeds: int
    """Paired seeds of the path."""
    steps: tuple[AblationStep, ...]
    """The start first, the advised recipe last."""
    measured: bool
    """Whether every effect is measured."""
    error: float | None = None
    """Of what is foretold: the forest's error on runs that it did not see; None without a forest."""
    runs: int = 0
    """Whole runs that the forest was grown from."""


def path(
    start: Params, end: Params, *, name: str, direction: Direction, forest: QualityForest | None
) -> tuple[PathStep, ...]:
    """Return the recipes from one to another, a change each, the best change first.

    Args:
        start: the first recipe.
        end: the last one.
        name: of the first recipe.
        direction: of the metric.
        forest: foretells what a recipe reaches; without one changes come as the recipe has its settings.
    """
    left = list(changes(start, end))
    steps = [path_step(name, start, forest)]
    while left and (len(steps) <= MOST_CHANGES or len(left) == 1):
        params = steps[-1].params
        change = _best(left, params, direction, forest) if forest else left[0]
        left.remove(change)
        steps.append(path_step(change.label, change.applied(params) if left else end, forest))
    if left:
        steps.append(path_step(f"the other {several(len(left), 'change')}", end, forest))
    return tuple(steps)


def path_step(change: str, params: Params, forest: QualityForest | None) -> PathStep:
    """Return a step of a path with what its recipe is foretold to reach."""
    return PathStep(change=change, params=params, foretold=forest.quality(params) if forest else None)


def _best(
    left: Sequence[RecipeChange], params: Params, direction: Direction, forest: QualityForest
) -> RecipeChange:
    foretold = forest.qualities([change.applied(params) for change in left])
    loss = [direction.loss(value) for value in foretold]
    return left[loss.index(min(loss))]


def draw_of(run: Record) -> Draw:
    """Return what a run has to share with another to be compared."""
    return run.seed, run.split_seed, run.sample_rows


def runs_of(params: Params, runs: Sequence[Record], draws: Sequence[Draw]) -> list[Record]:
    """Return the ended runs of a recipe with some draws, the first of each.

    Args:
        params: the recipe, whole; a record leaves out what its training never looked at.
        runs: ablation and confirmation runs.
        draws: seeds, splits and rows.
    """
    by_draw: dict[Draw, Record] = {}
    for run in runs:
        if run.state in ENDED and all(params.get(key) == value for key, value in run.params.items()):
            by_draw.setdefault(draw_of(run), run)
    return [by_draw[draw] for draw in draws if draw in by_draw]


def shared_draws(by_step: Sequence[Sequence[Record]], draws: Sequence[Draw]) -> tuple[Draw, ...]:
    """Return the draws that all recipes of a path with whole runs share; all draws where they share none.

    The qualities of two recipes then differ by what the change between them is said to have brought.

    Args:
        by_step: runs of each recipe of the path.
        draws: of any of them.
    """
    whole = [{draw_of(run) for run in runs if has_quality(run)} for runs in by_step]
    return tuple(draw for draw in draws if all(draw in each for each in whole if each)) or tuple(draws)


def ablation_step(
    step: PathStep,
    runs: Sequence[Record],
    before: Sequence[Record],
    foretold_before: float | None,
    *,
    first: bool = False,
) -> AblationStep:
    """Return what a step of the path brought.

    Args:
        step: of the path.
        runs: of its recipe, with the draws of the path.
        before: of the recipe before; empty for the first step.
        foretold_before: what the recipe before is foretold to reach.
        first: whether it is the start of the path, which changes nothing.
    """
    qualities = {draw_of(run): run.measured_quality for run in runs if has_quality(run)}
    earlier = {draw_of(run): run.measured_quality for run in before if has_quality(run)}
    differences = [qualities[draw] - earlier[draw] for draw in qualities if draw in earlier]
    foretold = None
    if step.foretold is not None and foretold_before is not None:
        foretold = step.foretold - foretold_before
    lost = next((run.error or run.state for run in runs if not has_quality(run)), "")
    return AblationStep(
        change=step.change,
        quality=fmean(qualities.values()) if qualities else step.foretold,
        effect=fmean(differences) if differences else foretold,
        reach=half_width(differences),
        measured=bool(qualities if first else differences),
        trials=tuple(run.number for run in runs),
        problem=lost if not qualities else "",
    )
