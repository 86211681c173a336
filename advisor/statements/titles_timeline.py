"""Title on the timeline: how many workers were busy, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.report.numbers import duration
from advisor.statements.recomputed import same
from advisor.statements.statement import Case, Statement
from studies.quantities import several
from studies.trials.timeline import lanes, use


@dataclass(frozen=True, kw_only=True)
class WorkersBusy(Statement):
    """Workers busy: how many had a trial on average, and at most, from the first to the last."""

    runs: int
    """Trials whose times are known; 0 for none."""
    seconds: float = 0.0
    busy: float = 0.0
    most: int = 0

    def __str__(self) -> str:
        if not self.runs:
            return "No trial says when a worker had it"
        trials, workers = several(self.runs, "trial"), several(self.most, "worker")
        return f"{trials} in {duration(self.seconds)}: {self.busy:.1f} of {workers} busy on average"

    def holds(self, case: Case) -> bool:
        """The figures are those of the stints of all trials."""
        records = [record for record in case.evidence.records if record.stints]
        now = use(lanes(records))
        if now is None:
            return self.runs == 0
        return (
            self.runs == len(records)
            and self.most == now.most
            and same(self.seconds, now.seconds)
            and same(self.busy, now.busy)
        )
