"""Estimates from trials: how far each optimizer's tuned loss lies above the best one's, and how sure that is.

Which optimizer is best depends on how many trials each may have, so each is judged at the number it had
(Dodge et al. 2019, arXiv 1909.03004; Sivaprasad et al. 2020, arXiv 1910.11758) unless told otherwise.

    variance of an unconfirmed estimate = spread^2 / trials + seed variance + row variance
    variance of a confirmed one         = seed variance / seeds + row variance

The spread is that of the lower tail, by the bootstrap; the row variance is what the validation rows leave
open.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Final

from advisor.decide.scale import CAP, LossScale, best_of, variance_of_best
from advisor.evidence import Evidence, has_quality
from studies.record import Record
from studies.search.pruner import best_complete

if TYPE_CHECKING:
    import numpy as np

PSEUDO_TRIALS: Final = 3
PSEUDO_SD: Final = 0.6
"""Three imagined trials with the usual spread of random recipes, so that the pooled spread stays sane when
trials are few."""
LOST_SD: Final = CAP / 2
"""Spread that an optimizer shows whose every trial was lost: half lost and half good would have it."""
PSEUDO_SEEDS: Final = 1
SEED_SD: Final = 0.05
"""One imagined degree of freedom at 5 %: published spreads over seeds are 0.8 to 17 % of the error (HPOlib's
four networks)."""
EDGE: Final = 0.98
"""A coordinate beyond this lies on the end of its range."""

Cell = tuple[str, int | None]
"""An optimizer and the trial of it that was confirmed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """Estimate of one optimizer's tuned gap from its trials."""

    gap: float
    variance: float
    source: int | None = None
    """The trial that was confirmed; None when none was."""
    confirmed: bool = False
    at_edge: bool = False
    """Whether its best recipe has a learning rate on the end of its range: a better one may lie outside."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimates:
    """Estimates of all optimizers with trials, and the spread over seeds."""

    by_optimizer: Mapping[str, Estimate]
    seed_sd: float = SEED_SD
    """Standard deviation of a gap over seeds, what all recipes share at a seed removed; the imagined one
    counts in."""
    measured_seed_sd: float | None = None
    """The same from confirmation runs alone; None where they do not tell."""
    row_sd: float = 0.0
    """Standard deviation of a gap over validation splits of this size, which no number of seeds makes
    less."""
    resolution: float = 0.0
    """Gap that half a validation row makes at the best loss."""
    loss_scale: LossScale | None = None
    """What the gaps are measured on; None while no run is complete."""


def estimates(evidence: Evidence, *, tuning_trials: int | None = None) -> Estimates:
    """Return what the records say about each optimizer that has any.

    A confirmed optimizer is judged by its confirmation runs alone: its search trials were picked from for
    their luck and count no more (fresh, paired seeds: Bouthillier et al. 2021, arXiv 2103.03098). Any other
    is judged by its search trials. Of those, pruned ones say nothing: they were stopped for being worse than
    other trials of the same optimizer.

    Args:
        evidence: the records; their order does not matter.
        tuning_trials: the number of trials an unconfirmed optimizer is judged at; None for as many as it had.
    """
    loss_scale = LossScale.of(evidence)
    if loss_scale is None:
        return Estimates(by_optimizer={})
    fit = _confirmed(evidence, loss_scale)
    unconfirmed = (name for name in evidence.optimizers if name not in fit.by_optimizer)
    search_gaps = {name: _search_gaps(evidence, name, loss_scale) for name in unconfirmed}
    luck = _luck(evidence, fit, loss_scale)
    spread = _pooled_sd(search_gaps.values())
    noise = fit.seed_sd**2 + loss_scale.row_variance
    by_optimizer = dict(fit.by_optimizer)
    for name, gaps in search_gaps.items():
        if gaps:
            guess = _guess(gaps, spread=spread, trials=tuning_trials or len(gaps), luck=luck, noise=noise)
            best = best_complete(evidence.complete(name), name, evidence.direction)
            by_optimizer[name] = _doubled(guess) if best and at_edge(best) else guess
    return replace(
        fit,
        by_optimizer=by_optimizer,
        row_sd=math.sqrt(loss_scale.row_variance),
        resolution=loss_scale.resolution,
        loss_scale=loss_scale,
    )


def at_edge(record: Record) -> bool:
    """Tell whether a recipe's learning rate lies on the end of its range."""
    return abs(record.units.get("optimizer.lr", 0.0)) > EDGE


def _search_gaps(evidence: Evidence, optimizer: str, loss_scale: LossScale) -> list[float]:
    whole = [min(CAP, loss_scale.gap(record.measured_quality)) for record in evidence.complete(optimizer)]
    lost = sum(record.state == "infeasible" for record in evidence.searched(optimizer))
    return [*whole, *[CAP] * lost]


def _guess(gaps: Sequence[float], *, spread: float, trials: int, luck: float, noise: float) -> Estimate:
    """Estimate an unconfirmed optimizer.

    Its variance is spread^2 / n, and that of one seed and of the validation rows. Where finalists were
    confirmed, what they lost on fresh seeds was the luck of being picked as the best trial: the others were
    picked alike and are charged the same, unless the V-statistic charges them more already.
    """
    n = len(gaps)
    gap = best_of(gaps, trials, spread)
    if luck:
        gap = max(gap, min(gaps) + luck)
    return Estimate(gap=gap, variance=spread**2 / n + noise)


def _doubled(estimate: Estimate) -> Estimate:
    """Return it half as sure: a better recipe may lie beyond the end of the range."""
    return replace(estimate, variance=2 * estimate.variance, at_edge=True)


def _pooled_sd(groups: Iterable[Sequence[float]]) -> float:
    """Return the spread behind the best of n trials, pooled over optimizers and imagined trials.

    The variance of the best of n is spread^2 / n; that of each best comes from the bootstrap, which looks at
    the lower tail alone: it is shorter than the upper one, as loss has a bottom. An optimizer that lost every
    trial shows no spread, though the recipes that work must be far from these.
    """
    squares, freedom = [PSEUDO_TRIALS * PSEUDO_SD**2], PSEUDO_TRIALS
    for gaps in filter(None, groups):
        n = len(gaps)
        lost = min(gaps) >= CAP
        squares.append(LOST_SD**2 if lost else (n - 1) * n * variance_of_best(gaps))
        freedom += 1 if lost else n - 1
    return math.sqrt(math.fsum(squares) / freedom)


def _confirmed(evidence: Evidence, loss_scale: LossScale) -> Estimates:
    """Judge each confirmed optimizer by its best confirmed recipe.

    A run that diverged counts as the worst of all, or the cap.
    """
    runs = [run for name in evidence.optimizers for run in evidence.confirmations(name)]
    levels, noise, freedom = _additive(
        {
            (_cell(run), run.seed, run.number): loss_scale.gap(run.measured_quality)
            for run in runs
            if has_quality(run)
        }
    )
    variance = (PSEUDO_SEEDS * SEED_SD**2 + noise) / (PSEUDO_SEEDS + freedom)
    lost = max([CAP, *levels.values()])
    by_optimizer: dict[str, Estimate] = {}
    for cell, repeats in _by_cell(runs).items():
        share = sum(map(has_quality, repeats)) / len(repeats)
        gap = share * levels.get(cell, lost) + (1 - share) * lost
        doubt = variance / len(repeats) + loss_scale.row_variance
        estimate = Estimate(gap=gap, variance=doubt, source=cell[1], confirmed=True)
        if cell[0] not in by_optimizer or gap < by_optimizer[cell[0]].gap:
            by_optimizer[cell[0]] = _doubled(estimate) if _source_at_edge(evidence, cell) else estimate
    measured = math.sqrt(noise / freedom) if freedom else None
    return Estimates(by_optimizer=by_optimizer, seed_sd=math.sqrt(variance), measured_seed_sd=measured)


def _by_cell(runs: Iterable[Record]) -> dict[Cell, list[Record]]:
    tried: dict[Cell, list[Record]] = defaultdict(list)
    for run in runs:
        tried[_cell(run)].append(run)
    return dict(sorted(tried.items(), key=_order))


def _cell(run: Record) -> Cell:
    return run.optimizer, run.source


def _order(item: tuple[Cell, object]) -> tuple[str, int]:
    (optimizer, source), _ = item
    return optimizer, -1 if source is None else source


def _source_at_edge(evidence: Evidence, cell: Cell) -> bool:
    return any(record.number == cell[1] and at_edge(record) for record in evidence.searched(cell[0]))


def _luck(evidence: Evidence, fit: Estimates, loss_scale: LossScale) -> float:
    """Return by how much the finalists' confirmed gaps exceed those of their search trials.

    On average, and at least 0.
    """
    lost = []
    for name, estimate in fit.by_optimizer.items():
        picked = [record for record in evidence.complete(name) if record.number == estimate.source]
        lost += [estimate.gap - loss_scale.gap(record.measured_quality) for record in picked]
    return max(0.0, fmean(lost)) if lost else 0.0


def _additive(gaps: Mapping[tuple[Cell, int, int], float]) -> tuple[dict[Cell, float], float, int]:
    """Fit gap = recipe + seed + noise, so that a recipe that missed a hard seed is not flattered.

    Returns:
        Each recipe's level at the average seed, the residual sum of squares, and its degrees of freedom.
    """
    import numpy as np

    if not gaps:
        return {}, 0.0, 0
    keys = sorted(gaps, key=lambda key: (_order((key[0], None)), key[1:]))
    cells, seeds = list(dict.fromkeys(key[0] for key in keys)), sorted({key[1] for key in keys})
    design: np.ndarray = np.array(
        [[key[0] == c for c in cells] + [key[1] == s for s in seeds] for key in keys], dtype=float
    )
    target = np.array([gaps[key] for key in keys])
    effects, _, rank, _ = np.linalg.lstsq(design, target, rcond=None)
    shared = float(effects[len(cells) :].mean())
    levels = {cell: float(effect) + shared for cell, effect in zip(cells, effects, strict=False)}
    return levels, float(((target - design @ effects) ** 2).sum()), len(keys) - int(rank)
