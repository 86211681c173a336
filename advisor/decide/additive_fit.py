"""Additive fit of confirmation runs: gap = recipe + what a seed and a split do to all recipes + noise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from advisor.decide.scale import LossScale
from advisor.evidence import has_quality
from studies.record import Record

Cell = tuple[str, int | None]
"""An optimizer and the trial of it that was confirmed."""
Draw = tuple[int, int]
"""What the runs of all recipes share: the seed and the split."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AdditiveFit:
    """Additive fit of confirmation runs."""

    levels: Mapping[Cell, float]
    """Each recipe's gap at the average seed."""
    squares: float
    """Residual sum of squares."""
    freedom: int
    """Its degrees of freedom."""

    @classmethod
    def of(cls, runs: Iterable[Record], loss_scale: LossScale) -> AdditiveFit:
        """Fit the runs, so that a recipe that missed a hard seed is not flattered; lost ones are left out."""
        import numpy as np

        gaps = {
            (cell_of(run), _draw(run), run.number): loss_scale.gap(run.measured_quality)
            for run in runs
            if has_quality(run)
        }
        if not gaps:
            return cls(levels={}, squares=0.0, freedom=0)
        keys = sorted(gaps, key=lambda key: (in_order(key[0]), key[1:]))
        cells, draws = list(dict.fromkeys(key[0] for key in keys)), sorted({key[1] for key in keys})
        design: np.ndarray = np.array(
            [[key[0] == c for c in cells] + [key[1] == d for d in draws] for key in keys], dtype=float
        )
        target = np.array([gaps[key] for key in keys])
        effects, _, rank, _ = np.linalg.lstsq(design, target, rcond=None)
        shared = float(effects[len(cells) :].mean())
        return cls(
            levels={cell: float(effect) + shared for cell, effect in zip(cells, effects, strict=False)},
            squares=float(((target - design @ effects) ** 2).sum()),
            freedom=len(keys) - int(rank),
        )


def cell_of(run: Record) -> Cell:
    """Return which recipe a confirmation run repeats."""
    return run.optimizer, run.source


def in_order(cell: Cell) -> tuple[str, int]:
    """Return what recipes are sorted by."""
    optimizer, source = cell
    return optimizer, -1 if source is None else source


def _draw(run: Record) -> Draw:
    return run.seed, -1 if run.split_seed is None else run.split_seed
