"""Confirmation by halving over seeds beside confirmation in full: runs, regret and calibration.

    python -m benchmarks.confirming [--draws 20]

Each recorded task is searched as in `benchmarks.advice`; each search is confirmed twice, once as a search
does it now, once with every recorded seed for each finalist and for whoever is then preferred. Only searches
whose runs were recorded for both are counted. Runs and seconds are those of the confirmation alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles
from typing import Final

from advisor.decide.recommend import recommend
from advisor.goals import GOALS
from benchmarks.recorded_studies import Study, load
from benchmarks.replay import (
    KINDS,
    TRIALS,
    Kind,
    Outcome,
    Scheme,
    Truths,
    confirmed,
    drawn_searches,
    evidence_of,
    judge_advice,
    searched,
)
from studies.record import Record
from studies.search.confirm import SEEDS

SCHEMES: Final[tuple[Scheme, ...]] = ("in full", "halving")


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmed:
    """One search, confirmed."""

    scheme: Scheme
    kind: Kind
    outcome: Outcome
    runs: int
    seconds: float
    first_seconds: float
    """Of the finalists' search trials."""
    enough_seeds: bool
    """Whether the answer under each goal rests on the full number of seeds."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--draws", type=int, default=20)
    report(load(), parser.parse_args().draws)


def smoke() -> None:
    """Smallest form: three tasks, a few searches."""
    report(load()[:3], 3, trials=(2,))


def report(studies: Sequence[Study], draws: int, *, trials: Sequence[int] = TRIALS) -> None:
    """Print a row for each group of tasks and scheme."""
    pairs = [pair for study in studies for pair in _pairs(study, draws, trials)]
    for kind in KINDS[1:]:
        for group in ("chosen by", "held out", "unseen"):
            for scheme in SCHEMES:
                _print(
                    f"{kind}, {group}, {scheme}",
                    [
                        each
                        for pair in pairs
                        for each in pair
                        if (each.kind, each.scheme, each.outcome.group) == (kind, scheme, group)
                    ],
                )


def _pairs(study: Study, draws: int, trials: Sequence[int]) -> Iterable[tuple[Confirmed, ...]]:
    truths = study.truths()
    for _, picked in drawn_searches(study, draws=draws, seed=0, trials=trials):
        records = searched(study, picked)
        for kind in KINDS[1:]:
            ends = {scheme: confirmed(study, records, kind, scheme) for scheme in SCHEMES}
            if all(ends.values()):
                yield tuple(
                    _confirmed(study, records, end, truths, kind, scheme)
                    for scheme, end in ends.items()
                    if end
                )


def _confirmed(
    study: Study,
    before: Sequence[Record],
    records: tuple[Record, ...],
    truths: Truths,
    kind: Kind,
    scheme: Scheme,
) -> Confirmed:
    outcome = judge_advice(study, records, truths, 0.0, kind)
    answers = [recommend(evidence_of(study, records, goal)) for goal in GOALS]
    runs = [record for record in records if record.stage == "confirm"]
    sources = {run.source for run in runs if run.seed == 1}
    return Confirmed(
        scheme=scheme,
        kind=kind,
        outcome=outcome,
        runs=len(runs),
        seconds=sum(run.took_seconds for run in runs),
        first_seconds=sum(run.took_seconds for run in before if run.number in sources),
        enough_seeds=all(len(answer.seeds) >= SEEDS for answer in answers),
    )


def _print(label: str, ends: Sequence[Confirmed]) -> None:
    if not ends:
        return
    outcomes = [end.outcome for end in ends]
    stated, true = fmean(each.p_tie for each in outcomes), fmean(each.tie for each in outcomes)
    brier = fmean((each.p_tie - each.tie) ** 2 for each in outcomes)
    decided = [each.tie for each in outcomes if each.label == "decided"]
    runs = [end.runs for end in ends]
    most = quantiles(runs, n=10)[-1] if len(runs) > 1 else runs[0]
    cost = fmean(end.seconds / max(end.first_seconds, 1e-9) for end in ends)
    print(
        f"{label:<32}{len(ends):>5} searches: {fmean(end.runs for end in ends):.2f} runs (9 in 10 within "
        f"{most:.0f}), {cost:.2f} times the finalists' runs, regret "
        f"{fmean(each.true_gap for each in outcomes):.4f}, P(tie) {stated:.2f} true {true:.2f}, Brier "
        f"{brier:.3f}, decided {len(decided)} true {fmean(decided or [1]):.2f}, "
        f"all goals on {SEEDS} seeds {fmean(end.enough_seeds for end in ends):.2f}"
    )


if __name__ == "__main__":
    main()
