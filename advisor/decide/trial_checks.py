"""Checks of a search's trials: whole runs, what was lost and what failed, what a third of a run foretells."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from advisor.evidence import Evidence, once_for_the_records
from advisor.statements.check import Check
from advisor.statements.study_checks import Counts, EarlyRanks, EnoughTrials, FailedTrials, LostTrials
from studies.direction import Direction
from studies.plans.fairness import STRICT
from studies.record import Record
from studies.rungs import ETA
from studies.search.pruner import HALVINGS, WHOLE_RUNS, in_contention, race_size

WAITING_ROUNDS: Final = 2
"""Rounds that an optimizer may sit out in a race by seconds, since another has had fewer (judged)."""
INFEASIBLE_SHARE: Final = 0.3
"""Share of lost trials above which the ranges are wrong: lr is best found by overshooting now and then, not
every third time."""
AGREEMENT: Final = 0.6
"""Share of pairs whose order a third into the run is their last order; below, stopping early is little better
than a lot."""
PAIRS: Final = 20
"""Pairs of whole runs needed to speak of that: seven runs of one optimizer."""
REASONS: Final = 3
"""So many reasons are named, the most frequent first."""
CAUSES: Final = ("diverged", "out of memory", "cannot compress")
"""How errors begin that are knowledge about a recipe; what follows differs from trial to trial."""


def enough_trials(evidence: Evidence) -> Check:
    """Ask whether every optimizer had enough whole runs in the search; confirmation runs do not count.

    With fewer, the spread between trials is not known. Strictly compared, each needs them; else those that
    the search left behind need none, as others promised more.
    """
    whole = {name: len(evidence.complete(name)) for name in evidence.optimizers}
    few = {name: count for name, count in whole.items() if count < WHOLE_RUNS}
    left_behind = tuple(name for name in few if _is_left_behind(evidence, name))
    short = {name: count for name, count in few.items() if name not in left_behind}
    return EnoughTrials(
        subjects=tuple(short),
        left_behind=left_behind,
        wanted_runs=WHOLE_RUNS,
        runs=tuple(short.items()),
        missing_runs=sum(WHOLE_RUNS - count for count in short.values()),
        strict=evidence.fair == STRICT,
        passed=not short,
        command=_enough(evidence, short),
    )


def _is_left_behind(evidence: Evidence, optimizer: str) -> bool:
    """Tell whether a search had reason to give an optimizer no more: others were ahead of it."""
    if evidence.fair == STRICT:
        return False
    if evidence.complete(optimizer):
        return not in_contention(evidence.records, optimizer, evidence.direction)
    return any(record.state == "pruned" and not record.cut_short for record in evidence.searched(optimizer))


def _enough(evidence: Evidence, short: Mapping[str, int]) -> str:
    """Return the command that makes the runs which are missing; empty where no budget does.

    A round of the search asks ETA recipes of each optimizer in the race and, while whole runs are missing,
    takes the best of them to its end. An optimizer whose trials all came to nothing is asked for none.
    """
    stuck = any(not count and evidence.searched(name) for name, count in short.items())
    words = shlex.split(evidence.resume)
    if not short or stuck or "--budget" not in words:
        return ""
    entered = len(evidence.optimizers)
    racing = min(entered, race_size(entered, 0, fair=evidence.fair))
    untried = sum(not evidence.searched(name) for name in evidence.optimizers)
    rounds = max(WHOLE_RUNS - max(count, 1) for count in short.values())
    rounds += 0 if evidence.fair == STRICT or racing == 1 else WAITING_ROUNDS
    needed = sum(record.searched for record in evidence.records) + untried + rounds * ETA * racing
    words[words.index("--budget") + 1] = f"{_outlasting(needed, entered, racing, evidence.fair)}trials"
    return shlex.join(words)


def _outlasting(trials: int, optimizers: int, racing: int, fair: str) -> int:
    """Return the budget under which none of those in the race is left out within so many trials."""
    for halvings, share in enumerate(HALVINGS, start=1):
        if race_size(optimizers, halvings, fair=fair) < racing:
            return math.floor(trials / share) + 1
    return trials


def lost_trials(evidence: Evidence) -> Check:
    """Ask whether too many search trials diverged, ran out of memory or broke a limit."""
    ended = [record for name in evidence.optimizers for record in evidence.searched(name)]
    lost = [record for record in ended if record.state == "infeasible"]
    share = len(lost) / len(ended) if ended else 0.0
    return LostTrials(
        lost=len(lost),
        ended=len(ended),
        share=share,
        allowed_share=INFEASIBLE_SHARE,
        reasons=_frequent(map(_cause, lost))[:REASONS],
        passed=share <= INFEASIBLE_SHARE,
    )


def failed_trials(evidence: Evidence) -> Check:
    """Ask whether any trial raised an error, and which optimizers have nothing else."""
    ended = [record for record in evidence.records if record.state != "running"]
    failed = sorted((record for record in ended if record.state == "failed"), key=lambda run: run.number)
    reasons = _frequent(map(_first_line, failed))
    tried = dict.fromkeys(record.optimizer for record in failed)
    return FailedTrials(
        subjects=tuple(name for name in tried if not evidence.complete(name)),
        trials=tuple(record.number for record in failed),
        failed=len(failed),
        ended=len(ended),
        reasons=reasons[:REASONS],
        other_reasons=len(reasons[REASONS:]),
        passed=not failed,
    )


def _first_line(record: Record) -> str:
    return next(iter((record.error or "").strip().splitlines()), "no reason recorded")


def _cause(record: Record) -> str:
    """Return why a trial came to no result, without what differs from trial to trial."""
    line = _first_line(record)
    limit = "over a limit" if "limit" in line else line.split(":")[0]
    return next((cause for cause in CAUSES if line.startswith(cause)), limit)


def _frequent(reasons: Iterable[str]) -> Counts:
    """Return each reason with its count, the most frequent first, then by name."""
    counts = Counter(reasons)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@once_for_the_records
def early_ranks(evidence: Evidence) -> tuple[Check, ...]:
    """Ask whether a third of a run foretells its end in this study, which early stopping relies on.

    Pairs are of one optimizer; only whole runs have an end, so the pairs are those that early stopping let
    pass.
    """
    agreed, pairs = 0, 0
    for name in evidence.optimizers:
        agreed_here, pairs_here = _agreement(evidence.complete(name), evidence.direction)
        agreed, pairs = agreed + agreed_here, pairs + pairs_here
    if pairs < PAIRS:
        return ()
    share = agreed / pairs
    return (EarlyRanks(pairs=pairs, share=share, wanted_share=AGREEMENT, passed=share >= AGREEMENT),)


def _agreement(runs: Iterable[Record], direction: Direction) -> tuple[int, int]:
    """Return in how many pairs the run ahead after a third ended ahead, and how many pairs can tell."""
    import numpy as np

    points = [(third, run.measured_quality) for run in runs if (third := _early(run, direction)) is not None]
    early, end = np.array(points).reshape(-1, 2).T
    agreed, pairs = 0, 0
    # a row of the square of pairs at a time: thousands of runs make millions
    for first in range(len(points) - 1):
        differ = (early[first] != early[first + 1 :]) & (end[first] != end[first + 1 :])
        same = (early[first] > early[first + 1 :]) == (end[first] > end[first + 1 :])
        agreed, pairs = agreed + int((differ & same).sum()), pairs + int(differ.sum())
    return agreed, pairs


def _early(run: Record, direction: Direction) -> float | None:
    """Return the best metric of the first third of a run; None when that is all of it, or has no number."""
    third = math.ceil(run.epochs / 3)
    return best_until(run, third, direction) if third < run.epochs else None


def best_until(run: Record, epoch: int, direction: Direction) -> float | None:
    """Return the best metric of a run up to an epoch; None where there is no number."""
    values = [point.valid_metric for point in run.curve if point.epoch <= epoch]
    return direction.best(filter(math.isfinite, values))
