"""Estimates from trials: how far each optimizer's recipe in hand lies above the best loss, and how sure.

The recipe in hand is what the study found: of each optimizer its best trial, or the one that was confirmed.
The best of n trials is partly luck, which its estimate is charged for.

    variance of an unconfirmed estimate = seed variance + row variance
    variance of a confirmed one         = run variance / runs + share of the row variance

The run variance is that over seeds and, where each run drew its own rows, over splits; the row variance is
what the validation rows leave open, all of it on one split and less on several.

Asked for what tuning anew with n trials promises (Dodge et al. 2019, arXiv 1909.03004; Sivaprasad et al.
2020, arXiv 1910.11758), an unconfirmed optimizer is judged by the expected best of n instead, whose variance
is spread^2 / trials more; the spread is that of the lower tail, by the bootstrap.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final

from advisor.decide.additive_fit import AdditiveFit, Cell, cell_of, in_order
from advisor.decide.scale import CAP, SEED_SD, LossScale, best_of, luck_of_best, variance_of_best
from advisor.evidence import Evidence, has_quality
from studies.record import Record
from studies.search.pruner import best_complete

PSEUDO_TRIALS: Final = 3
PSEUDO_SD: Final = 0.6
"""Three imagined trials with the usual spread of random recipes, so that the pooled spread stays sane when
trials are few."""
LOST_SD: Final = CAP / 2
"""Spread that an optimizer shows whose every trial was lost: half lost and half good would have it."""
PSEUDO_SEEDS: Final = 1
"""Degree of freedom that the spread over seeds is imagined with, see `LossScale.seed_variance`."""
LEAST_SEED_SD: Final = SEED_SD / 2
"""Least spread over seeds that is believed where the splits differ too."""
NOISE_DOUBT: Final = 0.7
"""Log of the factor by which the noise of a study may differ from the usual, one standard deviation, while
nothing was run again."""
SAMPLE_SD: Final = 0.1
"""What more rows bring to one optimizer and not to another, as a standard deviation of the gap (judged)."""
USUAL_OVERLAP: Final = 0.25
"""Validation rows over those of training and validation, 20 of 80 %."""
EDGE: Final = 0.98
"""A coordinate beyond this lies on the end of its range."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """Estimate of the gap of one optimizer's recipe in hand."""

    gap: float
    variance: float
    source: int | None = None
    """The trial that was confirmed; None when none was."""
    confirmed: bool = False
    rows_share: float = 1.0
    """Share of the row variance that is left in the mean of its runs; less than 1 where each had a split of
    its own."""
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
    run_sd: float = SEED_SD
    """Standard deviation of a gap from run to run: over seeds and, where each run had its own, over
    splits."""
    freedom: float = 0.0
    """Degrees of freedom behind it."""
    noise_doubt: float = 0.0
    """Standard deviation of the log of the factor by which all standard deviations here may be wrong."""
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
        tuning_trials: the number of trials with which an unconfirmed optimizer is tuned anew; None for the
            recipe in hand.
    """
    loss_scale = LossScale.of(evidence)
    if loss_scale is None:
        return Estimates(by_optimizer={})
    fit = _confirmed(evidence, loss_scale)
    noise = fit.seed_sd**2 + loss_scale.row_variance
    moved = _moved(evidence, fit, loss_scale)
    other_rows = moved is not None and _confirmed_on_other_rows(evidence)
    luck = max(0.0, moved or 0.0)
    unconfirmed = (name for name in evidence.optimizers if name not in fit.by_optimizer)
    search_gaps = {name: gaps for name in unconfirmed if (gaps := _search_gaps(evidence, name, loss_scale))}
    spread = _pooled_sd(search_gaps.values())
    by_optimizer = dict(fit.by_optimizer)
    for name, gaps in search_gaps.items():
        if tuning_trials is None:
            guess = _in_hand(gaps, luck=luck, noise=noise)
        else:
            guess = _tuned_anew(gaps, spread=spread, trials=tuning_trials, luck=luck, noise=noise)
        if other_rows and moved is not None:
            guess = _on_other_rows(gaps, guess, moved, spread=spread, trials=tuning_trials)
        best = best_complete(evidence.complete(name), name, evidence.direction)
        by_optimizer[name] = replace(guess, at_edge=best is not None and at_edge(best))
    return replace(
        fit,
        by_optimizer=by_optimizer,
        row_sd=math.sqrt(loss_scale.row_variance),
        resolution=loss_scale.resolution,
        loss_scale=loss_scale,
    )


def search_spread(evidence: Evidence, loss_scale: LossScale) -> float:
    """Return the spread behind the best of n trials of any optimizer, whose deviation is spread / sqrt n."""
    return _pooled_sd(_search_gaps(evidence, name, loss_scale) for name in evidence.optimizers)


def at_edge(record: Record) -> bool:
    """Tell whether a recipe's learning rate lies on the end of its range."""
    return abs(record.units.get("optimizer.lr", 0.0)) > EDGE


def _search_gaps(evidence: Evidence, optimizer: str, loss_scale: LossScale) -> list[float]:
    whole = [min(CAP, loss_scale.gap(record.measured_quality)) for record in evidence.complete(optimizer)]
    lost = sum(record.state == "infeasible" for record in evidence.searched(optimizer))
    return [*whole, *[CAP] * lost]


def _in_hand(gaps: Sequence[float], *, luck: float, noise: float) -> Estimate:
    """Estimate the best recipe of an unconfirmed optimizer.

    The best of n trials was lucky too: by as much as the winner of the same trials would be with this noise,
    or, where finalists were confirmed, by what they lost on fresh seeds if that is more.
    """
    expected = luck_of_best(gaps, math.sqrt(noise))
    return Estimate(gap=min(gaps) + max(expected, luck), variance=noise)


def _tuned_anew(gaps: Sequence[float], *, spread: float, trials: int, luck: float, noise: float) -> Estimate:
    """Estimate what an unconfirmed optimizer reaches when tuned with so many trials.

    Its variance is spread^2 / n, and that of one seed and of the validation rows. Where finalists were
    confirmed, what they lost on fresh seeds was the luck of being picked as the best trial: the others were
    picked alike and are charged the same, unless the V-statistic charges them more already.
    """
    gap = best_of(gaps, trials, spread)
    if luck:
        gap = max(gap, min(gaps) + luck)
    return Estimate(gap=gap, variance=spread**2 / len(gaps) + noise)


def _on_other_rows(
    gaps: Sequence[float], guess: Estimate, moved: float, *, spread: float, trials: int | None
) -> Estimate:
    """Return an unconfirmed estimate where the search trained on a sample and the finalists on more rows.

    It is moved by what the finalists gained or lost on average from the one to the other, luck included: so
    no trial on few rows is held against a run on many.
    """
    gap = min(gaps) if trials is None else best_of(gaps, trials, spread)
    return replace(guess, gap=gap + moved, variance=guess.variance + SAMPLE_SD**2)


def _confirmed_on_other_rows(evidence: Evidence) -> bool:
    """Tell whether finalists were confirmed on more training rows than the search trained on."""
    confirmed = {run.sample_rows for name in evidence.optimizers for run in evidence.confirmations(name)}
    searched = {run.sample_rows for name in evidence.optimizers for run in evidence.searched(name)}
    return bool(confirmed) and not confirmed <= searched


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
    fit, overlap = AdditiveFit.of(runs, loss_scale), _overlap(evidence)
    fresh = any(run.split_seed is not None for run in runs)
    of_rows = (1 - overlap) * loss_scale.row_variance if fresh else 0.0
    variance = _run_variance(fit, loss_scale.seed_variance + of_rows)
    lost = max([CAP, *fit.levels.values()])
    by_optimizer: dict[str, Estimate] = {}
    for cell, repeats in _by_cell(runs).items():
        share = sum(map(has_quality, repeats)) / len(repeats)
        rows_share = _rows_share(repeats, overlap)
        estimate = Estimate(
            gap=share * fit.levels.get(cell, lost) + (1 - share) * lost,
            variance=variance / len(repeats) + rows_share * loss_scale.row_variance,
            source=cell[1],
            confirmed=True,
            rows_share=rows_share,
            at_edge=_source_at_edge(evidence, cell),
        )
        if cell[0] not in by_optimizer or estimate.gap < by_optimizer[cell[0]].gap:
            by_optimizer[cell[0]] = estimate
    measured = math.sqrt(max(0.0, fit.squares / fit.freedom - of_rows)) if fit.freedom else None
    return Estimates(
        by_optimizer=by_optimizer,
        seed_sd=math.sqrt(max(LEAST_SEED_SD**2, variance - of_rows)),
        measured_seed_sd=measured,
        run_sd=math.sqrt(variance),
        freedom=PSEUDO_SEEDS + fit.freedom,
        noise_doubt=NOISE_DOUBT / math.sqrt(1 + fit.freedom),
    )


def _run_variance(fit: AdditiveFit, expected: float) -> float:
    """Return the variance from run to run: what was measured, with a few imagined runs as expected."""
    return (PSEUDO_SEEDS * expected + fit.squares) / (PSEUDO_SEEDS + fit.freedom)


def _overlap(evidence: Evidence) -> float:
    """Return the share of its validation rows that a fresh split has in common with another."""
    rows, valid_rows = evidence.facts.rows, evidence.valid_rows
    return valid_rows / (valid_rows + rows) if rows and valid_rows else USUAL_OVERLAP


def _rows_share(runs: Sequence[Record], overlap: float) -> float:
    """Return the share of the row variance that the mean of the runs keeps, beside what their spread shows.

    All of it on one split; on a split of its own for each, what any two splits have in common.
    """
    splits = len({run.split_seed for run in runs})
    repeated = (len(runs) - splits) / (len(runs) - 1) if len(runs) > 1 else 1.0
    return overlap + (1 - overlap) * repeated


def _by_cell(runs: Iterable[Record]) -> dict[Cell, list[Record]]:
    tried: dict[Cell, list[Record]] = defaultdict(list)
    for run in runs:
        tried[cell_of(run)].append(run)
    return {cell: tried[cell] for cell in sorted(tried, key=in_order)}


def _source_at_edge(evidence: Evidence, cell: Cell) -> bool:
    return any(record.number == cell[1] and at_edge(record) for record in evidence.searched(cell[0]))


def _moved(evidence: Evidence, fit: Estimates, loss_scale: LossScale) -> float | None:
    """Return by how much the finalists' confirmed gaps exceed those of their search trials, on average.

    On the same rows that is the luck of being picked; on more rows what these bring besides. None where
    nothing was confirmed.
    """
    lost = []
    for name, estimate in fit.by_optimizer.items():
        picked = [record for record in evidence.complete(name) if record.number == estimate.source]
        lost += [estimate.gap - loss_scale.gap(record.measured_quality) for record in picked]
    return fmean(lost) if lost else None
