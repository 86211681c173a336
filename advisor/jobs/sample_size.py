"""Sample size: how many training rows a search trains on, where its budget holds few whole runs on all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from studies.errors import BadValue
from studies.search.confirmation_rows import rounded_down

if TYPE_CHECKING:
    from advisor.jobs.request import Request
    from studies.facts import Facts
    from studies.plans.plan import Plan

FEWEST_RUNS: Final = 10
"""Whole runs on all rows that a budget in seconds must hold for the search to train on all of them."""
RUNS: Final = 30
"""Whole runs on the sample that it is to hold."""
SHARE: Final = 0.5
"""Of the budget for these; the rest is evaluation, proposals and the confirmation on all rows."""
SMALL: Final = 10_000
"""Training rows up to which none are left out unasked: they are soon read, and too few say little."""
SMALLEST: Final = 2_000
"""Rows of the smallest sample that is drawn unasked."""
LEAST: Final = 10
"""Rows of the smallest that may be named."""


def rows_to_search_on(request: Request, facts: Facts, epochs: int) -> int | None:
    """Return the training rows of a search trial; None for all.

    A budget in trials says nothing of time, so there a sample is drawn only if it was named.

    Args:
        request: what was asked for.
        facts: of the workload, with `steps` for a single epoch.
        epochs: of one whole run.

    Raises:
        BadValue: a number of rows that cannot be trained on.
    """
    if request.sample_rows is not None:
        rows = _named(request.sample_rows)
        return rows if rows is not None and rows < facts.rows else None
    seconds, run_seconds = request.searching.seconds, facts.run_seconds * epochs
    if seconds is None or facts.rows <= SMALL or seconds >= FEWEST_RUNS * run_seconds:
        return None
    rows = rounded_down(max(SMALLEST, facts.rows * SHARE * seconds / RUNS / run_seconds))
    return rows if rows < facts.rows else None


def _named(text: str) -> int | None:
    if text == "none":
        return None
    if not text.isdecimal() or len(text) > 18 or int(text) < LEAST:
        shown = text[:40]
        raise BadValue(
            f"sample rows '{shown}' is neither a number from {LEAST} up nor none; write 20000 or none"
        )
    return int(text)


def sample_notes(request: Request, plan: Plan, facts: Facts) -> tuple[str, ...]:
    """Return what is said of the sample before a search starts; nothing where it trains on all rows.

    Args:
        request: what was asked for.
        plan: of the search.
        facts: at the length of a whole run.
    """
    if plan.sample_rows is None:
        return ()
    seconds = request.searching.seconds
    why = "as asked" if request.sample_rows else f"as the budget holds {_runs(seconds or 0.0, facts)}"
    rows = f"{plan.sample_rows:,} of {facts.rows:,} training rows"
    later = "the best recipes are confirmed on all rows if there is time for one run"
    return (f"Search trials train on {rows}, {why}; {later}.",)


def _runs(seconds: float, facts: Facts) -> str:
    return f"about {seconds / facts.run_seconds:.2g} whole runs on all"
