"""Reliability of the advice: stated confidence against the truth, and regret, over replayed studies.

    python -m benchmarks.advice [--draws 20] [--external FOLDER]

Each task of `record_advice` is searched over and over: four of its optimizers (AdamW and three drawn), n
draws from the recipes of each. Each search is judged without confirmation, and where those runs were recorded
with three seeds for each finalist and for whoever is then advised, once on the study's own rows and once each
on a fresh split. What is advised under the goal `quality` is compared with the test rows, which it never
sees.

The truth of an optimizer is that of its recipe in hand: the log of the mean loss on the test rows, over seeds
of their own. It is a tie when it lies within the stated tie margin of the best recipe in hand. Regret is the
log-ratio of the test loss of what is advised to that of the best recipe which any of the four picked; `AdamW
alone` has the trials of all four. Constants may be chosen by two thirds of the recorded tasks; every table
shows the others apart, and those that were looked at once, last.
"""

from __future__ import annotations

import argparse
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Final

from benchmarks.external import external
from benchmarks.recorded_studies import Study, load
from benchmarks.replay import ARMS, KINDS, Outcome, replay

BINS: Final = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
GOAL: Final = 0.07
"""Most that stated and true may differ in a bin of at least 50 searches; a star marks a miss."""
ENOUGH: Final = 50


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--draws", type=int, default=20, help="searches for each task and number of trials")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--external", type=Path, default=os.environ.get("ADVICE_EXTERNAL"), help="folder of others' curves"
    )
    options = parser.parse_args()
    studies = load()
    print(
        f"{len(studies)} tasks, {options.draws} searches each of {ARMS} optimizers "
        f"for every number of trials, seed {options.seed}"
    )
    outcomes = _replayed(studies, options.draws, options.seed)
    for kind in KINDS:
        for group in ("chosen by", "held out", "unseen"):
            report(
                f"{kind}, tasks {group}",
                [outcome for outcome in outcomes if (outcome.kind, outcome.group) == (kind, group)],
            )
    if options.external is None or not Path(options.external).is_dir():
        print("\nno external tasks: name their folder by --external or ADVICE_EXTERNAL")
        return
    outcomes = _replayed(external(Path(options.external)), 3 * options.draws, options.seed)
    for family in sorted({outcome.task.split()[0] for outcome in outcomes}):
        report(f"{family}, unconfirmed", [outcome for outcome in outcomes if outcome.task.startswith(family)])


def smoke() -> None:
    """Smallest form: one task, one search for each number of trials."""
    report("smoke", _replayed(load()[:1], draws=1, seed=0))


def _replayed(studies: Iterable[Study], draws: int, seed: int) -> list[Outcome]:
    return [outcome for study in studies for outcome in replay(study, draws=draws, seed=seed)]


def report(title: str, outcomes: Sequence[Outcome]) -> None:
    """Print how reliable the stated probabilities were, and the regrets."""
    if not outcomes:
        return
    print(f"\n{title}: {len({outcome.task for outcome in outcomes})} tasks, {len(outcomes)} searches")
    print(
        f"  {'P(tie)':<12}{'searches':>9}{'tasks':>7}{'stated':>8}{'true':>7}{'se':>6}"
        f"{'P(best)':>9}{'true':>7}"
    )
    for low, high in pairwise(BINS):
        print_reliability(
            f"{low:.1f} to {min(high, 1):.1f}",
            [outcome for outcome in outcomes if low <= outcome.p_tie < high],
        )
    for label in ("open", "leaning", "decided"):
        print_reliability(label, [outcome for outcome in outcomes if outcome.label == label])
    trials = sorted({outcome.trials for outcome in outcomes})
    for count in trials:
        print_reliability(f"n = {count}", [outcome for outcome in outcomes if outcome.trials == count])
    print_reliability("all", outcomes)
    score = fmean((outcome.p_tie - outcome.tie) ** 2 for outcome in outcomes)
    print(f"  Brier score {score:.3f}")
    print_intervals(outcomes)
    names = [name for name, value in outcomes[0].regret.items() if not math.isnan(value)]
    print("  regret    n" + "".join(f"{name:>15}" for name in names) + f"{'gap stated':>13}{'true':>7}")
    for count in trials:
        print_regret(count, [outcome for outcome in outcomes if outcome.trials == count], names)


def print_reliability(label: str, outcomes: Sequence[Outcome]) -> None:
    """Print a row: what was stated, how often it was true, and the standard error with a cluster a task."""
    if not outcomes:
        return
    stated, true = fmean(outcome.p_tie for outcome in outcomes), fmean(outcome.tie for outcome in outcomes)
    best, is_best = fmean(outcome.p_best for outcome in outcomes), fmean(outcome.best for outcome in outcomes)
    tasks = len({outcome.task for outcome in outcomes})
    row = f"  {label:<12}{len(outcomes):>9}{tasks:>7}{stated:>8.2f}{true:>7.2f}"
    row += f"{_standard_error(outcomes, true):>6.2f}{best:>9.2f}{is_best:>7.2f}"
    print(row + " *" * (len(outcomes) >= ENOUGH and abs(stated - true) > GOAL))


def print_intervals(outcomes: Iterable[Outcome]) -> None:
    """Print how often the 90 % intervals hold what they are of."""
    for title, field in (
        ("the mean of fresh seeds", "over_seeds"),
        ("the test metric", "on_test"),
    ):
        holds = [value for outcome in outcomes if (value := getattr(outcome, field)) is not None]
        if holds:
            print(f"  90 % intervals of {title}: right in {fmean(holds):.2f} of {len(holds)}")


def _standard_error(outcomes: Sequence[Outcome], mean: float) -> float:
    sums: dict[str, float] = defaultdict(float)
    for outcome in outcomes:
        sums[outcome.task] += outcome.tie - mean
    return math.sqrt(math.fsum(value**2 for value in sums.values())) / len(outcomes)


def print_regret(count: int, outcomes: Sequence[Outcome], names: Sequence[str]) -> None:
    """Print a row: mean regret of each way to choose, stated and true gap of the advised optimizer."""
    cells = "".join(f"{fmean(outcome.regret[name] for outcome in outcomes):>15.3f}" for name in names)
    stated, true = (
        fmean(outcome.expected_regret for outcome in outcomes),
        fmean(outcome.true_gap for outcome in outcomes),
    )
    print(f"{count:>11}{cells}{stated:>13.3f}{true:>7.3f}")


if __name__ == "__main__":
    main()
