"""Failures: the trials that did not run to their end, counted by state and reason."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from advisor.evidence import Evidence
from advisor.statements.failures import Failures
from studies.quantities import several
from studies.record import Record, State

ORDER: Final[tuple[State, ...]] = ("failed", "infeasible", "pruned")
"""States by how much their reasons matter to whoever reads them."""
NUMBER: Final = re.compile(r"\b(nan|inf)\b|(?<![\w.])[-+]?\d+(\.\d+)?(e[-+]?\d+)?(?![\w.]*\w)", re.IGNORECASE)
PLACE: Final = re.compile(r".*?, line \d+: ")
"""The file and line of the user's own code that an error begins with, the same in every trial."""
ELIDED: Final = "..."
"""Stands for a number that differs from trial to trial."""
MOSTLY: Final = 0.5
"""Share of the trials from which on a study has mostly failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Failure: one reason why trials did not run to their end."""

    state: State
    """failed: an exception; infeasible: a divergence or a limit; pruned: stopped for others, or for time."""
    reason: str
    """In one line, numbers elided."""
    trials: tuple[int, ...]

    def __str__(self) -> str:
        return f"{several(len(self.trials), 'trial')} {self.state}: {self.reason}"


def failures(records: Iterable[Record]) -> tuple[Failure, ...]:
    """Return why trials did not run to their end: exceptions first, then the most frequent."""
    numbers: dict[tuple[State, str], list[int]] = defaultdict(list)
    for record in records:
        if record.state in ORDER:
            numbers[record.state, _reason(record)].append(record.number)
    counted = [
        Failure(state=state, reason=reason, trials=tuple(sorted(trials)))
        for (state, reason), trials in numbers.items()
    ]
    return tuple(sorted(counted, key=lambda each: (ORDER.index(each.state), -len(each.trials), each.reason)))


def failures_of(evidence: Evidence) -> Failures | None:
    """Return how many trials raised and for which reason most, as a statement; None where none did."""
    ended = [record for record in evidence.records if record.state != "running"]
    failed = [record for record in ended if record.state == "failed"]
    if not failed:
        return None
    first = failures(failed)[0]
    names = dict.fromkeys(record.optimizer for record in failed)
    return Failures(
        subjects=tuple(name for name in names if not evidence.complete(name)),
        trials=first.trials,
        failed=len(failed),
        ended=len(ended),
        reason=first.reason,
    )


def mostly_failed(records: Iterable[Record]) -> bool:
    """Tell whether half of the trials or more ended with an exception."""
    ended = [record for record in records if record.state != "running"]
    return bool(ended) and sum(record.state == "failed" for record in ended) >= MOSTLY * len(ended)


def _reason(record: Record) -> str:
    error = record.error or "no reason was written down"
    place = PLACE.match(error)
    words_from = place.end() if place else 0
    return error[:words_from] + NUMBER.sub(ELIDED, error[words_from:])
