"""Base rates: the log-odds of each optimizer against AdamW on a class of problems, as published.

    log-odds = ln((wins + ties / 2 + 1) / (losses + ties / 2 + 1))

They are counted from the comparisons. Each task has one vote however often it appears: a data set under five
backbones, or a language model trained for five lengths, is split among its rows. Like is compared with like:
an optimizer whose weights were averaged stands against AdamW with averaged weights, since any recipe here may
add EMA; a schedule-free one, which averages by itself, stands against both. Where there is nothing to count,
judged log-odds stand in; what a class does not know at all takes the rate over problems of all kinds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from advisor.published import CLASSES, Comparison, comparisons, judged, names, sources

if TYPE_CHECKING:
    from studies.facts import Facts

REFERENCE: Final = "AdamW"
DOUBT: Final = 0.5
"""Share of the rates over all kinds of problems that is believed where no table covers the kind at hand
(judged): what wins on one class of problems is no guide to another."""
CONVOLUTIONAL: Final = 0.3
EMBEDDED: Final = 0.5
"""Shares of the parameters from which convolutions, or embeddings, make the class."""
SHORT: Final = 1000
"""Steps below which a run is short: published tables are of thousands and more, tuned with up to 100 trials,
and their first, Muon, comes last in a few hundred steps with one or two trials."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Agreement of base rates with results on tasks that they do not count."""

    rank_correlation: float
    """Spearman's, between the order of the base rates and the result: 1 for the same, 0 for none."""
    tasks: int
    """Each left out in turn."""


AGREEMENTS: Final[Mapping[str, Agreement]] = {
    "tabular_mlp": Agreement(rank_correlation=0.21, tasks=17),
    "transformer": Agreement(rank_correlation=0.93, tasks=4),
    "short_net": Agreement(rank_correlation=0.37, tasks=9),
    "short_linear": Agreement(rank_correlation=0.68, tasks=7),
}
"""As `benchmarks.prior` measures it; classes with judged rates alone have none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """Base rate of an optimizer against AdamW."""

    log_odds: float
    basis: str
    """The counts or the judgement, with n and the source."""
    counted: bool = False
    known: bool = True
    """Whether anything was published on it."""


def problem_class(facts: Facts) -> str | None:
    """Return the class of a workload that comparisons cover, None when they cover none like it."""
    if facts.steps < SHORT and not facts.pretrained:
        return "short_linear" if facts.is_linear else "short_net"
    if facts.is_linear:
        return None
    if facts.has_attention:
        return "transformer" if facts.kind == "text" else None
    if facts.convolution_share > CONVOLUTIONAL:
        return "cnn" if facts.has_batchnorm else None
    mlp = facts.kind == "table" and facts.convolution_share == 0 and facts.embedding_share < EMBEDDED
    return "tabular_mlp" if mlp else None


def agreement(facts: Facts) -> Agreement | None:
    """Return how far base rates have foretold results on this kind of problem; None where nobody knows."""
    return AGREEMENTS.get(problem_class(facts) or "")


def rate(facts: Facts, optimizer: str) -> Rate:
    """Return the base rate of an optimizer on this kind of problem."""
    return class_rate(problem_class(facts), optimizer)


def class_rate(known: str | None, optimizer: str, *, without: frozenset[str] = frozenset()) -> Rate:
    """Return the base rate of an optimizer on a class of problems.

    Args:
        known: the class; None for problems that no table covers.
        optimizer: its name in the catalogue.
        without: tasks to leave out, to judge the rates by tasks that they do not count.
    """
    if optimizer == REFERENCE:
        return Rate(log_odds=0.0, basis="what the others are compared with")
    base = rates(known or "mixed", without).get(optimizer)
    if base is None and known is not None:
        base = rates("mixed", without).get(optimizer)
    if base is None:
        return Rate(log_odds=0.0, basis="no published comparison with AdamW", known=False)
    if known is not None:
        return base
    return Rate(
        log_odds=DOUBT * base.log_odds,
        basis=f"{base.basis}; halved, as no table covers this kind of problem",
    )


@cache
def rates(known: str, without: frozenset[str] = frozenset()) -> Mapping[str, Rate]:
    """Return the rate of every optimizer that was compared with AdamW on a class of problems.

    Counted rates go before judged ones.
    """
    rows = [row for row in comparisons() if row.problem_class == known and row.task not in without]
    compared = {names()[row.source, row.optimizer].optimizer for row in rows} - {"", REFERENCE}
    counted = {
        name: _counted([row for row in rows if names()[row.source, row.optimizer].optimizer == name])
        for name in compared
    }
    from_papers = {
        row.optimizer: Rate(
            log_odds=row.log_odds,
            basis=f"log-odds {row.log_odds:+g} judged for {CLASSES[known]} from {row.source}",
        )
        for row in judged()
        if row.problem_class == known
    }
    return from_papers | counted


def _counted(rows: Iterable[Comparison]) -> Rate:
    """Return the rate of one optimizer from its rows: each task's vote is split evenly among them."""
    rows = list(rows)
    appearances = Counter(row.task for row in rows)
    votes: Counter[str] = Counter()
    for row in rows:
        votes[row.outcome] += 1 / appearances[row.task]  # type: ignore[assignment]
    wins, ties, losses = votes["win"], votes["tie"], votes["loss"]
    flaws = [flaw for row in rows if (flaw := sources()[row.source].halved.get(row.optimizer))]
    counts = f"{wins:.3g} wins, {ties:.3g} ties, {losses:.3g} losses against AdamW"
    split = any(count > 1 for count in appearances.values())
    parts = ", a task compared in several ways voting in parts" if split else ""
    citations = "; ".join(sorted({sources()[row.source].citation for row in rows}))
    kind = CLASSES[rows[0].problem_class]
    halved = f"; halved: {flaws[0]}" if flaws else ""
    return Rate(
        log_odds=(DOUBT if flaws else 1.0) * math.log((wins + ties / 2 + 1) / (losses + ties / 2 + 1)),
        basis=f"{counts} over n = {len(appearances)} tasks{parts} of {kind}, {citations}{halved}",
        counted=True,
    )
