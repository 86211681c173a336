"""Rows of the confirmation: on how many to run finalists again, where the search trained on a sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from studies.record import Record


def confirmation_rows(
    records: Sequence[Record],
    best: Sequence[Record],
    *,
    all_rows: int,
    sample_rows: int,
    seconds: float,
    cost_seconds: Callable[[Record, int | None], float],
) -> int | None:
    """Return the training rows to confirm on where the search trained on a sample; None for all.

    They are all where there is time for one run, else the largest sample that the two best finalists have
    time for. Once runs were confirmed on a sample the others follow there, until all rows can be afforded.

    Args:
        records: every trial so far.
        best: the finalists' trials, best first.
        all_rows: training rows there are.
        sample_rows: those of the search trials.
        seconds: what is left.
        cost_seconds: of running a trial again, by its rows.
    """
    confirmed = [run.sample_rows for run in records if run.stage == "confirm"]
    if not best or None in confirmed or cost_seconds(best[0], None) <= seconds:
        return None
    if earlier := [rows for rows in confirmed if rows is not None]:
        return max(earlier)
    low, high = (sum(cost_seconds(record, rows) for record in best[:2]) for rows in (sample_rows, None))
    share = max(seconds - low, 0.0) / (high - low) if high > low else 0.0
    return max(sample_rows, rounded_down(sample_rows + share * (all_rows - sample_rows)))


def rounded_down(rows: float) -> int:
    """Return a number of rows with two digits and zeros, as it is said."""
    unit = int(10 ** max(len(str(int(rows))) - 2, 0))
    return int(rows) // unit * unit
