"""Is the advice as good as it says? Replays of recorded studies: stated confidence against the truth, and regret.

    python -m benchmarks.advice [--draws 20] [--external FOLDER]

Each task of `record_advice` is searched over and over: four of its six optimizers (AdamW and three drawn), n
draws from the 16 recipes of each, once without confirmation and once with what `studies.search.confirm` asks for,
where those seeds were recorded. What is advised under the goal `quality` is compared with the test rows,
which it never sees.

The truth of an optimizer is what its belief is about: tuned with n trials, the expected log-loss on the test
rows of the recipe that validation picks, exact over all draws; of a confirmed one, that of the recipe
confirmed, over seeds of its own. It is a tie when it lies within the stated tie margin of the best. Regret is
what the user gets: the log-ratio of the test loss of the advised optimizer's recipe to that of the best
recipe which any of the four picked; `AdamW alone` has the trials of all four. Constants may be chosen by two
thirds of the tasks; every table shows the others apart.
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
from benchmarks.replay import ARMS, Outcome, Study, load, replay

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
    asked = parser.parse_args()
    studies = load()
    print(
        f"{len(studies)} tasks, {asked.draws} searches each of {ARMS} optimizers for every number of trials, seed {asked.seed}"
    )
    outcomes = _replayed(studies, asked.draws, asked.seed)
    for confirmed, kind in ((False, "unconfirmed"), (True, "confirmed")):
        for held_out, group in ((False, "tasks to choose by"), (True, "held-out tasks")):
            report(
                f"{kind}, {group}",
                [one for one in outcomes if (one.confirmed, one.held_out) == (confirmed, held_out)],
            )
    if asked.external is None or not Path(asked.external).is_dir():
        print("\nno external tasks: name their folder by --external or ADVICE_EXTERNAL")
        return
    outcomes = _replayed(external(Path(asked.external)), 3 * asked.draws, asked.seed)
    for family in sorted({one.task.split()[0] for one in outcomes}):
        report(f"{family}, unconfirmed", [one for one in outcomes if one.task.startswith(family)])


def _replayed(studies: Iterable[Study], draws: int, seed: int) -> list[Outcome]:
    return [outcome for study in studies for outcome in replay(study, draws=draws, seed=seed)]


def report(title: str, outcomes: Sequence[Outcome]) -> None:
    """Print how reliable the stated probabilities were, and the regrets."""
    if not outcomes:
        return
    print(f"\n{title}: {len({one.task for one in outcomes})} tasks, {len(outcomes)} searches")
    print(
        f"  {'P(tie)':<12}{'searches':>9}{'tasks':>7}{'stated':>8}{'true':>7}{'se':>6}{'P(best)':>9}{'true':>7}"
    )
    for low, high in pairwise(BINS):
        print_reliability(
            f"{low:.1f} to {min(high, 1):.1f}", [one for one in outcomes if low <= one.p_tie < high]
        )
    for label in ("open", "leaning", "decided"):
        print_reliability(label, [one for one in outcomes if one.label == label])
    trials = sorted({one.trials for one in outcomes})
    for count in trials:
        print_reliability(f"n = {count}", [one for one in outcomes if one.trials == count])
    print_reliability("all", outcomes)
    names = [name for name, value in outcomes[0].regret.items() if not math.isnan(value)]
    print("  regret    n" + "".join(f"{name:>15}" for name in names) + f"{'gap stated':>13}{'true':>7}")
    for count in trials:
        print_regret(count, [one for one in outcomes if one.trials == count], names)


def print_reliability(label: str, held: Sequence[Outcome]) -> None:
    """Print a row: what was stated, how often it was true, and the standard error of that with each task as one cluster."""
    if not held:
        return
    stated, true = fmean(one.p_tie for one in held), fmean(one.tie for one in held)
    best, is_best = fmean(one.p_best for one in held), fmean(one.best for one in held)
    row = f"  {label:<12}{len(held):>9}{len({one.task for one in held}):>7}{stated:>8.2f}{true:>7.2f}{_error(held, true):>6.2f}"
    print(row + f"{best:>9.2f}{is_best:>7.2f}" + " *" * (len(held) >= ENOUGH and abs(stated - true) > GOAL))


def _error(held: Sequence[Outcome], mean: float) -> float:
    sums: dict[str, float] = defaultdict(float)
    for one in held:
        sums[one.task] += one.tie - mean
    return math.sqrt(math.fsum(value**2 for value in sums.values())) / len(held)


def print_regret(count: int, held: Sequence[Outcome], names: Sequence[str]) -> None:
    """Print a row: the mean regret of each way to choose, and the stated and the true gap of the advised optimizer."""
    cells = "".join(f"{fmean(one.regret[name] for one in held):>15.3f}" for name in names)
    stated, true = fmean(one.expected_regret for one in held), fmean(one.true_gap for one in held)
    print(f"{count:>11}{cells}{stated:>13.3f}{true:>7.3f}")


if __name__ == "__main__":
    main()
