"""Failures: how many trials raised, for which reason most, and which optimizers lost every run by it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from advisor.statements.statement import Case, Statement
from studies.quantities import listed, several


@dataclass(frozen=True, kw_only=True)
class Failures(Statement):
    """Failures: trials that raised an error; `subjects` have no whole run because of it."""

    failed: int
    ended: int
    """Trials that ended at all."""
    reason: str
    """The most frequent one, that of the trials named, in one line with its numbers left out."""

    def __str__(self) -> str:
        others = self.failed - len(self.trials)
        rest = f", and {several(others, 'trial')} for other reasons" if others else ""
        share = f"{self.failed} of {several(self.ended, 'trial')} failed"
        return f"{share}: {self.reason} ({len(self.trials)}){rest}.{self._lost()}"

    def _lost(self) -> str:
        if not self.subjects:
            return ""
        return f" {listed(self.subjects)} {'has' if len(self.subjects) == 1 else 'have'} no whole run."

    def holds(self, case: Case) -> bool:
        """So many records failed, those named for that reason, and the subjects have failures but no run."""
        ended = [run for run in case.evidence.records if run.state != "running"]
        failed = [run for run in ended if run.state == "failed"]
        whole = {name for name in case.evidence.optimizers if case.evidence.complete(name)}
        named = [run for run in failed if run.number in self.trials]
        reasons = {_letters(run.error) for run in named if run.error}
        return (
            (len(failed), len(ended)) == (self.failed, self.ended)
            and len(named) == len(self.trials) > 0
            and reasons <= {_letters(self.reason)}
            and {run.optimizer for run in failed} - whole == set(self.subjects)
        )


def _letters(error: str) -> str:
    """Return the letters of an error's first words: numbers differ from trial to trial."""
    return "".join(re.findall("[a-z]", error.lower()))
