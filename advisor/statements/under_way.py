"""Statement on a search that is under way: who leads so far, and what is still to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from advisor.report.numbers import number
from advisor.statements.recomputed import same
from advisor.statements.statement import Case, Statement
from studies.quantities import listed, several

At = Literal["search", "confirmation", "compression"]
COMING: Final[dict[At, str]] = {
    "search": "more trials of the search",
    "confirmation": "the best recipes again with fresh seeds",
    "compression": "the finalists' models made small",
}
"""What a search does, in its order, and how it is named while it is to come."""


@dataclass(frozen=True, kw_only=True)
class UnderWay(Statement):
    """Under way: what the search has so far, and what comes before its answer is final."""

    metric: str
    quality: float | None
    """Of the subject, who leads; None before a whole run."""
    alike: bool
    """Whether all that could be advised measured the same."""
    at: At
    """What it does now."""
    whole_runs: int
    compresses: bool
    """Whether models are made small after the search."""
    left: str = ""
    """Of the budget, in words; empty when nobody knows."""

    @property
    def title(self) -> str:
        """Return who leads, in a few words."""
        if self.quality is None:
            return "No whole run yet"
        return "Nobody leads so far" if self.alike else f"{self.subjects[0]} leads so far"

    def __str__(self) -> str:
        left = f" ({self.left})" if self.left else ""
        return f"{self._so_far()} Still to come: {listed(self._coming())}{left}."

    def _so_far(self) -> str:
        if self.quality is None:
            return f"Nothing has trained to its end yet; before that {self.subjects[0]} is the first to try."
        runs = several(self.whole_runs, "whole run")
        reached = f"{self.metric} {number(self.quality)} over {runs} of the search"
        if self.alike:
            return f"All that could be advised measured the same so far, {reached}."
        return f"{self.subjects[0]} leads with {reached}."

    def _coming(self) -> list[str]:
        stages: list[At] = ["search", "confirmation", *(["compression"] if self.compresses else [])]  # type: ignore[list-item]
        later = stages[stages.index(self.at) :] if self.at in stages else []
        return [*(COMING[stage] for stage in later), "the final answer"]

    def holds(self, case: Case) -> bool:
        """Tell whether the answer so far is that, and the records show that stage."""
        runs, answer = case.evidence.records, case.answer
        searched = [
            run for run in runs if run.searched and run.state == "complete" and run.quality is not None
        ]
        begun = {run.stage for run in runs}
        at = "compression" if self.compresses and "compress" in begun else "search"
        at = "confirmation" if at == "search" and "confirm" in begun else at
        known = self.quality is not None and answer.quality is not None
        return (
            self.subjects == (answer.optimizer,)
            and (self.quality is None) == (answer.quality is None)
            and (not known or same(self.quality or 0.0, answer.quality or 0.0))
            and self.alike == (answer.label == "tied")
            and (self.whole_runs, self.at) == (len(searched), at)
            and self.compresses == (case.evidence.compression == "after")
        )
