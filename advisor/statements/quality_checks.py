"""Checks of the recommended recipe's quality: against a constant, over seeds, on the test rows, in rows."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from statistics import fmean
from typing import ClassVar

from advisor.report.numbers import apart, number, percent, trials
from advisor.statements.check import Check
from advisor.statements.recomputed import confirmations, finished, loss_of, repeats, same
from advisor.statements.statement import Case
from studies.quantities import listed, several


@dataclass(frozen=True, kw_only=True)
class BetterThanConstant(Check):
    """Better than a constant: whether the recommended recipe beats a model that answers every row alike."""

    name: ClassVar[str] = "better than a constant"
    metric: str
    quality: float
    """Mean over its runs with fresh seeds, else of its search trial."""
    constant: float
    """The metric of a model that answers every row alike."""

    @property
    def message(self) -> str:
        quality, constant = apart(self.quality, self.constant)
        if self.quality == self.constant:
            return f"{self.metric} {quality}, and a model that answers every row alike has the same"
        if self.passed:
            return f"{self.metric} {quality}, where a model that answers every row alike has {constant}"
        return f"{self.metric} {quality}, worse than the {constant} of a model that answers every row alike"

    @property
    def fix(self) -> str:
        if self.quality == self.constant:
            return "hold back more rows for validation, so that a model can show what it has learnt"
        return (
            "look at the data before the optimizer: is the target right, do the columns say anything about it"
        )

    def holds(self, case: Case) -> bool:
        """Tell whether the mean of those runs is on that side of the constant."""
        runs, evidence = repeats(case), case.evidence
        mean = fmean(run.quality or 0.0 for run in runs)
        beaten = mean > self.constant if evidence.direction == "maximize" else mean < self.constant
        return (
            (self.metric, self.constant) == (evidence.metric, evidence.baseline)
            and {*self.trials} == {run.number for run in runs}
            and same(self.quality, mean)
            and self.passed == beaten
        )


@dataclass(frozen=True, kw_only=True)
class Confirmed(Check):
    """Confirmed: what became of the recommended recipe when it was run again with fresh seeds."""

    name: ClassVar[str] = "confirmed"
    seeds: int
    """Fresh seeds on which it got to its end."""
    wanted_seeds: int
    finished: int
    """Runs, its trials, that got to their end."""
    lost: int
    """That diverged, ran out of memory or broke a limit."""
    failed: int
    """That raised an error."""
    unfinished: int
    """That were stopped, or are still running."""

    @property
    def message(self) -> str:
        if not self.trials:
            return "the recommended recipe was not run again with fresh seeds"
        if self.finished == len(self.trials):
            seeds = several(self.seeds, "fresh seed")
            return f"the recommended recipe was run again with {seeds} ({trials(self.trials)})"
        ends = {
            "finished": self.finished,
            "diverged or broke a limit": self.lost,
            "failed with an error": self.failed,
            "did not get to the end": self.unfinished,
        }
        counts = listed([f"{count} {end}" for end, count in ends.items() if count])
        runs = several(len(self.trials), "run")
        return f"of {runs} of the recommended recipe with fresh seeds ({trials(self.trials)}), {counts}"

    @property
    def fix(self) -> str:
        if self.failed:
            return "mend what raises the error, and run it again"
        if self.lost:
            return "lower its learning rate, or loosen the limit that it breaks: it fails on some seeds"
        return "run it, and its nearest rival, with more seeds"

    def holds(self, case: Case) -> bool:
        """Tell whether its runs ended like this."""
        runs = confirmations(case)
        whole = finished(runs)
        states = Counter(run.state for run in runs)
        lost = states["infeasible"] + states["complete"] - len(whole)
        seeds = len({run.seed for run in whole})
        ends = (self.seeds, self.finished, self.lost, self.failed, self.unfinished)
        return (
            ends == (seeds, len(whole), lost, states["failed"], states["running"] + states["pruned"])
            and {*self.trials} == {run.number for run in runs}
            and self.passed == (seeds >= self.wanted_seeds and not lost and not states["failed"])
        )


@dataclass(frozen=True, kw_only=True)
class HeldOut(Check):
    """Test split: whether the test rows agree with the validation rows, beyond what other rows explain."""

    name: ClassVar[str] = "test split"
    metric: str
    test_quality: float
    """Mean over the runs that were tested, its trials."""
    valid_quality: float
    """Mean over the same runs."""
    runs: int
    """Finished runs with fresh seeds, tested or not."""
    allowed_gap: float
    """Log-ratio by which the test loss may exceed the validation loss."""
    noise: float
    """What other rows explain, in units of the metric."""

    @property
    def message(self) -> str:
        test, valid = apart(self.test_quality, self.valid_quality)
        runs = several(self.runs, "run")
        tested = runs if len(self.trials) == self.runs else f"{len(self.trials)} of {runs}"
        return f"{self.metric} {test} on the test split, {valid} on validation ({tested} with fresh seeds)"

    @property
    def fix(self) -> str:
        return (
            "trust the test value; the search has fitted the validation rows, or the two splits differ: "
            "hold back more rows"
        )

    def holds(self, case: Case) -> bool:
        """Tell whether the runs that were tested have these means, and whether they are too far apart."""
        evidence, runs = case.evidence, finished(confirmations(case))
        tested = [run for run in runs if run.test_quality is not None and math.isfinite(run.test_quality)]
        test = fmean(run.test_quality or 0.0 for run in tested)
        valid = fmean(run.quality or 0.0 for run in tested)
        gap = math.log(loss_of(evidence, test) / loss_of(evidence, valid))
        far = gap > self.allowed_gap and abs(test - valid) > self.noise
        return (
            (self.metric, self.runs) == (evidence.metric, len(runs))
            and {*self.trials} == {run.number for run in tested}
            and same(self.test_quality, test)
            and same(self.valid_quality, valid)
            and self.passed == (not far)
        )


@dataclass(frozen=True, kw_only=True)
class ValidationRows(Check):
    """Validation rows: whether enough of them are wrong for a difference to mean something."""

    name: ClassVar[str] = "validation rows"
    rows: int
    wrong_rows: float
    """Mean over its trials."""
    row_share: float
    """What one row is of the wrong ones; 1 where there is none, or less than one."""
    wanted_wrong_rows: int

    @property
    def message(self) -> str:
        if not self.wrong_rows:
            return (
                f"all {self.rows} validation rows are right, so that they tell nothing apart from this recipe"
            )
        wrong = f"{number(self.wrong_rows)} of {several(self.rows, 'validation row')} wrong"
        wrong += "" if len(self.trials) == 1 else " on average"
        share = "all the difference" if self.row_share == 1 else f"{percent(self.row_share)} of that"
        return f"{wrong}, and one row more or less is {share}"

    @property
    def fix(self) -> str:
        return "hold back more rows for validation, or read differences of a few rows as ties"

    def holds(self, case: Case) -> bool:
        """Tell whether so many rows are wrong on average."""
        runs, rows = repeats(case), case.evidence.valid_rows
        best = max(run.quality or 0.0 for run in finished(case.evidence.records) if run.stage != "compress")
        ceiling = 1.0 if best <= 1 else 100.0
        wrong = sum(ceiling - (run.quality or 0.0) for run in runs) / ceiling * (rows or 0) / len(runs)
        return (
            self.rows == rows
            and {*self.trials} == {run.number for run in runs}
            and abs(self.wrong_rows - wrong) < 1e-6
            and same(self.row_share, 1.0 if wrong <= 1 else 1 / self.wrong_rows)
            and self.passed == (self.wrong_rows >= self.wanted_wrong_rows)
        )
