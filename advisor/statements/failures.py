"""Failures: how many trials raised, for which reasons, and which optimizers lost every run by it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from advisor.report.numbers import listed
from advisor.statements.statement import Case, Statement
from studies.quantities import several


@dataclass(frozen=True, kw_only=True)
class Failures(Statement):
    """Failures: trials that raised an error, by reason; `subjects` have no whole run because of it."""

    failed: int
    ended: int
    """Trials that ended at all."""
    reason: str
    """The most frequent one, in one line."""
    count: int
    """Trials that failed for it."""

    def __str__(self) -> str:
        others = self.failed - self.count
        rest = f", and {several(others, 'trial')} for other reasons" if others else ""
        lost = (
            f" {listed(self.subjects)} {'has' if len(self.subjects) == 1 else 'have'} no whole run."
            if self.subjects
            else ""
        )
        share = f"{self.failed} of {several(self.ended, 'trial')} failed"
        return f"{share}: {self.reason} ({self.count}){rest}.{lost}"

    def holds(self, case: Case) -> bool:
        """So many records failed, so many of them for that reason, and the named have failures but no run."""
        ended = [run for run in case.evidence.records if run.state != "running"]
        failed = [run for run in ended if run.state == "failed"]
        reasons = Counter(run.error or "no reason recorded" for run in failed)
        whole = {name for name in case.evidence.optimizers if case.evidence.complete(name)}
        lost = {run.optimizer for run in failed} - whole
        return (
            (len(failed), len(ended)) == (self.failed, self.ended)
            and reasons[self.reason] == self.count == max(reasons.values())
            and lost == set(self.subjects)
        )
