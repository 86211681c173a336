"""More trials: the stated chance that they change the answer, and the gain, against what then happens.

    python -m benchmarks.more_trials [--draws 15]

Each recorded task is searched with n trials an optimizer, then with as many more; a change is another
optimizer that then lies below the one advised before by more than the tie margin, by the posterior means.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Final

from advisor.decide.posterior import Posterior
from advisor.decide.value_of_trials import value_of_trials
from advisor.evidence import Evidence
from benchmarks.recorded_studies import Study, load
from benchmarks.replay import draw_recipes, evidence_of, searched
from studies.search.pruner import best_complete

STEPS: Final = ((1, 1), (1, 5), (2, 2), (2, 8), (5, 5), (5, 15), (10, 10))
"""(trials of each optimizer, and how many more)."""
BINS: Final = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.01)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What was said of more trials, and what they did."""

    stated: float
    changed: bool
    stated_gain: float
    gain: float
    """By the test rows."""


def main() -> None:
    """Print a row for each number of trials, and reliability over all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--draws", type=int, default=15)
    report(load(), parser.parse_args().draws)


def smoke() -> None:
    """Smallest form: one task, one search for each step."""
    report(load()[:1], 1)


def report(studies: Sequence[Study], draws: int) -> None:
    """Print the tables."""
    everything: list[Outcome] = []
    for trials, more in STEPS:
        searches = (_outcome(study, trials, more, draw) for study in studies for draw in range(draws))
        outcomes = [outcome for outcome in searches if outcome]
        _print(f"{trials} and {more} more", outcomes)
        everything += outcomes
    for low, high in pairwise(BINS):
        _print(f"stated {low} to {min(high, 1)}", [o for o in everything if low <= o.stated < high])


def _outcome(study: Study, trials: int, more: int, draw: int) -> Outcome | None:
    chance = random.Random(f"{study.name}/{trials}/{more}/{draw}")  # noqa: S311 - a draw
    picked = draw_recipes(study, chance, trials + more)
    in_turn = {name: chance.sample(recipes, len(recipes)) for name, recipes in picked.items()}
    first = {name: recipes[:trials] for name, recipes in in_turn.items()}
    before, after = (evidence_of(study, searched(study, recipes)) for recipes in (first, in_turn))
    tried = [name for name in before.optimizers if before.complete(name)]
    if not tried:
        return None
    posterior, later = Posterior.of(before), Posterior.of(after).means()
    advised = _advised(posterior, tried)
    value = value_of_trials(before, posterior, advised, tried, more * len(picked))
    whole = [name for name in after.optimizers if after.complete(name)]
    then = min(whole, key=later.__getitem__)
    return value and Outcome(
        stated=value.changes,
        changed=later[advised] > later[then] + posterior.margin,
        stated_gain=value.gain,
        gain=_truth(study, before, advised) - _truth(study, after, then),
    )


def _advised(posterior: Posterior, names: Iterable[str]) -> str:
    means: Mapping[str, float] = posterior.means()
    return min(names, key=means.__getitem__)


def _truth(study: Study, evidence: Evidence, optimizer: str) -> float:
    best = best_complete(evidence.complete(optimizer), optimizer, evidence.direction)
    if best is None:
        raise ValueError(f"{optimizer} has no whole run")
    return study.truths()[optimizer][int(best.params["recipe"])]


def _print(label: str, outcomes: Sequence[Outcome]) -> None:
    if outcomes:
        stated, changed = fmean(o.stated for o in outcomes), fmean(o.changed for o in outcomes)
        said, gain = fmean(o.stated_gain for o in outcomes), fmean(o.gain for o in outcomes)
        print(
            f"{label:<20}{len(outcomes):>6} searches: changes stated {stated:.2f}, true {changed:.2f}; "
            f"gain stated {said:.3f}, true {gain:.3f}"
        )


if __name__ == "__main__":
    main()
