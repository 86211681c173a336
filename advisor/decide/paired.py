"""Paired qualities of two recipes: over the seeds that both ran with, compressed beside its own source."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from advisor.decide.feasible import FeasibleRecipe


@dataclass(frozen=True, kw_only=True)
class PairedQualities:
    """Paired qualities: the mean of each of two recipes over the same seeds."""

    first: float
    second: float
    seeds: int
    """Seeds that both ran with; 0 where there are none, and each mean is over its own."""


def paired_qualities(first: FeasibleRecipe, second: FeasibleRecipe) -> PairedQualities | None:
    """Return the qualities of two recipes over the seeds that both ran with; None where one was not run."""
    qualities = _by_seed(first, beside=second), _by_seed(second, beside=first)
    if not all(qualities):
        return None
    both = qualities[0].keys() & qualities[1].keys()
    left, right = (fmean(by_seed[seed] for seed in sorted(both or by_seed.keys())) for by_seed in qualities)
    return PairedQualities(first=left, second=right, seeds=len(both))


def _by_seed(recipe: FeasibleRecipe, *, beside: FeasibleRecipe) -> dict[int, float]:
    """Return a recipe's quality by seed; beside its own compressed model, that of the uncompressed files."""
    if beside.compressed is not None and beside.trained is not None and recipe.compressed is None:
        files = {run.seed: run.footprint for run in beside.measured_runs if run.source in _numbers(recipe)}
        if references := {seed: file.reference_quality for seed, file in files.items() if file}:
            return references
    return {run.seed: run.quality for run in recipe.measured_runs if run.quality is not None}


def _numbers(recipe: FeasibleRecipe) -> set[int]:
    return {run.number for run in (*recipe.runs, recipe.record) if run}
