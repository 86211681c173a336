"""Statement on the sample that a search trained on, and on which rows its answer was confirmed."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.evidence import Evidence, has_quality
from advisor.statements.statement import Case, Statement


@dataclass(frozen=True, kw_only=True)
class TrainedOnSample(Statement):
    """Trained on a sample: how many of the rows the search saw, and the runs behind the answer."""

    sample_rows: int
    """Of the search trials."""
    rows: int
    """Training rows there are."""
    confirmed: bool
    confirmed_rows: int | None = None
    """Where the recipe was confirmed: on so many rows; None for all."""

    def __str__(self) -> str:
        search = f"The search trained on {self.sample_rows:,} of {self.rows:,} training rows"
        if not self.confirmed:
            return f"{search}; no run on more rows confirmed this recipe."
        if self.confirmed_rows is None:
            return f"{search}; this recipe was confirmed on all of them."
        return (
            f"{search}; this recipe was confirmed on {self.confirmed_rows:,}, "
            "as the budget left no time for a run on all."
        )

    def holds(self, case: Case) -> bool:
        """Compare with the rows of the search trials and of the runs behind the answer."""
        searched = {run.sample_rows for run in case.evidence.records if run.searched}
        runs = case.runs(self.trials)
        confirmed = all(run.stage == "confirm" for run in runs)
        rows = {run.sample_rows for run in runs if run.stage == "confirm"}
        return (
            searched == {self.sample_rows}
            and self.rows == case.evidence.facts.rows
            and self.confirmed == (confirmed and bool(runs))
            and rows <= {self.confirmed_rows}
        )


def sample_rows(evidence: Evidence) -> int | None:
    """Return the training rows of the search trials, where these are a sample."""
    rows = {run.sample_rows for run in evidence.records if run.searched and has_quality(run)}
    return next(iter(rows)) if len(rows) == 1 else None
