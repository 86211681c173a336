"""Titles on evidence from outside the study: what is published, and whom the rules favour."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from advisor.published import learning_rates, names
from advisor.published.rates import class_rate, problem_class
from advisor.statements.recomputed import whole_runs
from advisor.statements.statement import Case, Statement
from advisor.statements.titles_trials import NAMED, named
from studies.quantities import listed, several

CLEAR: Final = 0.4
"""Log-odds below which an optimizer is as good as AdamW: 60 to 40."""


@dataclass(frozen=True, kw_only=True)
class PublishedOdds(Statement):
    """Published odds: who beat a tuned AdamW in what is published; its subjects did."""

    problems: str
    """The class of problems in words; empty where no table covers it."""
    compared: int
    """Optimizers besides AdamW on which something is published."""

    def __str__(self) -> str:
        if not self.compared:
            return "Nothing is published on these optimizers against AdamW"
        where = f"on {self.problems}" if self.problems else "on problems of all kinds, halved"
        verb = "beats" if len(self.subjects) == 1 else "beat"
        if not self.subjects:
            return f"Published {where}: none here clearly beats AdamW"
        more = len(self.subjects) - NAMED
        first = list(self.subjects[:NAMED])
        who = f"{', '.join(first)} and {more} more" if more > 0 else listed(first)
        return f"Published {where}: {who} {verb} AdamW"

    def holds(self, case: Case) -> bool:
        """Their published log-odds are clear, and nobody else's are."""
        problems = problem_class(case.evidence.facts)
        rates = {name: class_rate(problems, name) for name in case.evidence.optimizers if name != "AdamW"}
        known = {name: rate.log_odds for name, rate in rates.items() if rate.known}
        return (
            self.compared == len(known)
            and bool(self.problems) == (problems is not None)
            and {name for name, odds in known.items() if odds >= CLEAR} == set(self.subjects)
        )


@dataclass(frozen=True, kw_only=True)
class PublishedRates(Statement):
    """Published rates: whose best search trial has a learning rate that published tuning ended at."""

    published: int
    """Optimizers with a published rate."""
    same_class: bool
    """Whether these are of the same class of problems."""
    compared: int
    """Optimizers of these whose best trial has a learning rate."""

    def __str__(self) -> str:
        if not self.published:
            return "No learning rate is published for these optimizers"
        if not self.same_class:
            return "Learning rates that tuning ended at on other classes of problems"
        if not self.compared:
            return "Learning rates that published tuning ended at; no whole run to compare with yet"
        inside = f" ({named(self.subjects, self.compared)})" if self.subjects else ""
        of = f"{len(self.subjects) or 'none'} of {several(self.compared, 'best search trial')}"
        return f"Learning rates within what published tuning ended at: {of}{inside}"

    def holds(self, case: Case) -> bool:
        """The rate of the earliest best search trial lies between the published quantiles."""
        problems = problem_class(case.evidence.facts)
        spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
        everywhere = set()
        for row in learning_rates():
            meant = names()[row.source, row.optimizer]
            if not meant.wrapper and meant.optimizer in case.evidence.optimizers:
                everywhere.add(meant.optimizer)
                if row.problem_class == problems:
                    spans[meant.optimizer].append((row.q10, row.q90))
        rates = {name: rate for name in spans if (rate := _best_rate(case, name))}
        inside = {
            name for name, rate in rates.items() if any(low <= rate <= high for low, high in spans[name])
        }
        if not spans:
            return not self.same_class and self.published == len(everywhere)
        return (
            self.same_class
            and (self.published, self.compared) == (len(spans), len(rates))
            and inside == set(self.subjects)
        )


def _best_rate(case: Case, optimizer: str) -> float | None:
    runs = sorted(whole_runs(case.evidence, optimizer), key=lambda run: run.number)
    best = case.evidence.direction.best(run.measured_quality for run in runs)
    rates = [run.params.get(f"optimizer.{optimizer}.lr") for run in runs if run.quality == best]
    return rates[0] if rates else None


@dataclass(frozen=True, kw_only=True)
class RulesFavour(Statement):
    """Rules favour: for whom the rules speak most, before any trial; nobody where they only speak against."""

    strength: float
    """Log-odds that they add in all."""
    against: int
    """Optimizers that they speak against."""
    compared: int

    def __str__(self) -> str:
        if self.subjects:
            names = named(self.subjects, self.compared)
            alike = " alike" if len(self.subjects) > 1 else ""
            return f"Before any trial, the rules favour {names} most{alike} ({self.strength:+.2f})"
        if self.against:
            against = f"{self.against} of {several(self.compared, 'optimizer')}"
            return f"No rule favours anything here; before any trial, rules speak against {against}"
        return "No rule favours anything here"

    def holds(self, case: Case) -> bool:
        """The sums of the strengths of all findings say so."""
        totals: dict[str, float] = dict.fromkeys(case.evidence.optimizers, 0.0)
        for finding in case.answer.findings:
            totals[finding.subject] = totals.get(finding.subject, 0.0) + finding.strength
        most = max(totals.values())
        near = {name for name, total in totals.items() if math.isclose(total, most, abs_tol=1e-9)}
        favoured = near if most > 1e-9 else set()
        return (
            favoured == set(self.subjects)
            and self.against == sum(total < -1e-9 for total in totals.values())
            and self.compared == len(totals)
            and math.isclose(self.strength, most if favoured else 0.0, abs_tol=1e-9)
        )
