"""Rest of a profile: what no trial waits for, measured in a worker while the first of them train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studies.facts import Facts
    from studies.limits import Budget
    from studies.loaded_workload import LoadedWorkload
    from studies.split_facts import SplitFacts


@dataclass(frozen=True, kw_only=True)
class RestOfProfile:
    """Rest of a profile: the plain models, the split, and memory if it is not forecast."""

    sample_rows: int | None
    """Training rows of a search trial; None for all."""
    budget: Budget
    """Of the search, of which the plain models may take a small part."""
    facts: Facts
    split: SplitFacts | None = None
    """As measured before, if it was."""

    def measure(self, workload: LoadedWorkload, stop: Callable[[], bool]) -> dict[str, Any]:
        """Return what was measured, by the entries of a study's manifest; nothing when told to stop."""
        from studies.measure.yardsticks import yardsticks
        from studies.profiling.profile import with_forecasts
        from studies.profiling.split import split_facts

        plain_models = yardsticks(workload.on_sample(self.sample_rows), self.budget, stop=stop)
        if stop():
            return {}
        return {
            "yardsticks": plain_models,
            "split_facts": self.split or split_facts(workload.dataset),
            "facts": self.facts if self.facts.forecasts else with_forecasts(workload, self.facts),
        }
