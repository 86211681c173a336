"""Paired qualities: two recipes compared on the same seeds and rows, as far as they share any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from advisor.decide.feasible_recipe import FeasibleRecipe
from advisor.evidence import has_quality
from studies.record import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Paired:
    """Paired qualities: the mean of each over the seeds that both have, each seed with a split of its own."""

    quality: float
    advised_quality: float
    trials: tuple[int, ...]
    advised_trials: tuple[int, ...]


def paired(recipe: FeasibleRecipe, advised: FeasibleRecipe) -> Paired | None:
    """Return what two recipes measured on the seeds that they share, else in one search trial of each.

    Returns:
        None where they have nothing in common: no run, or a compressed model on one side alone.
    """
    if (recipe.compressed is None) != (advised.compressed is None):
        return None
    shared = {_draw(run) for run in recipe.measured_runs} & {_draw(run) for run in advised.measured_runs}
    if shared:
        return _means(
            [run for run in recipe.measured_runs if _draw(run) in shared],
            [run for run in advised.measured_runs if _draw(run) in shared],
        )
    trials = [each.training.record for each in (recipe, advised)]
    if recipe.compressed is None and all(run is not None and _in_search(run) for run in trials):
        return _means(*([run] for run in trials if run is not None))
    return None


def _draw(run: Record) -> tuple[int, int | None]:
    """Return what two runs have to share: the seed, and the training rows where they are a sample."""
    return run.seed, run.sample_rows


def _in_search(run: Record) -> bool:
    return run.searched and has_quality(run) and run.split_seed is None


def _means(runs: Sequence[Record], advised: Sequence[Record]) -> Paired:
    return Paired(
        quality=fmean(run.measured_quality for run in runs),
        advised_quality=fmean(run.measured_quality for run in advised),
        trials=tuple(run.number for run in runs),
        advised_trials=tuple(run.number for run in advised),
    )
