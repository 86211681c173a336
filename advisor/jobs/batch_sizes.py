"""Batch sizes of a search: the range that is tried, and in it the reference, as fast as its noise allows.

A step has a fixed part and a part for each row, so that an epoch is the shorter the larger its batches are,
up to where the rows are all that counts. What n rows a step do is 1 / (1 + n / noise scale) of what
the rows could do one by one, since there is less and less noise to average out (McCandlish et al. 2018, arXiv
1812.06162, equation 2.11). The seconds to a target are least where both balance: at the
root of the noise scale times fixed over row seconds.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from studies.errors import BadValue, shown
from studies.limits import MOST_DIGITS
from studies.step_price import StepPrice

if TYPE_CHECKING:
    from studies.facts import Facts
    from studies.limits import Budget

USUAL_NOISE_ROWS: Final = 64.0
"""Gradient noise scale where none was measured: the median over the nets among the recorded tasks is 53, over
those that were left out 96."""
LEAST_NOISE_ROWS, MOST_NOISE_ROWS = 32.0, 512.0
"""Bounds on a measured one: it is taken after some steps, and grows many times over as a run goes on."""
EPOCH_STEPS: Final = 8
"""Steps that an epoch at the reference batch has at least, so that a short run has some hundred."""
FEWEST_STEPS: Final = 400.0
"""Steps of a whole run at least, however large its batches: 396 reached what 1,584 did (see below)."""
LARGEST_REFERENCE: Final = 512
"""Rows a step up to which the rule for the lr was seen to hold."""
LINEAR: Final = 2.0
"""Times the batch whose rows take as long as the fixed part: from there a step takes two thirds of what it
would if rows alone counted, and a larger batch gains little."""


def batch_sizes(text: str | None, rows: int) -> tuple[int, int, int]:
    """Return (smallest, reference, largest) rows a step, at most the whole set, by their number alone.

    Raises:
        BadValue: neither a number, `full`, nor a range.
    """
    if text is None:
        reference = min(rows, 32 if rows < 5_000 else 64 if rows < 20_000 else 128 if rows < 100_000 else 256)
        return max(1, reference // 2), reference, min(rows, reference * 4)
    low, dots, high = text.partition("..")
    smallest, largest = _rows(low, text, rows), _rows(high if dots else low, text, rows)
    if smallest > largest:
        raise BadValue(f"batch size {shown(text)} runs backwards; write the smaller number first")
    return smallest, round(math.sqrt(smallest * largest)), largest


def quick_batch_sizes(facts: Facts, budget: Budget) -> tuple[int, int, int]:
    """Return (smallest, reference, largest) rows a step where nobody said any, by what a step takes.

    The reference is that by the number of rows, or the quicker one above it; the largest is where the time of
    a step has come to grow with its rows, or four times the reference. At the same epochs, with the lr scaled
    (best of three, AdamW and Momentum, one seed), 128 rows a step against 32: .44 of the seconds and .95 of
    the validation loss on image_segments, digits and bananas, .46 and .97 on friedman and phishing, which
    were left out; 64 rows: .60 and 1.03, .62 and 1.01.

    Args:
        facts: profiled at any batch size.
        budget: of the search: one in trials is planned by counts, so that it is the same anywhere.
    """
    smallest, usual, _ = batch_sizes(None, facts.rows)
    price = StepPrice.of(facts, budget)
    even_rows = price.seconds(0, "AdamW") / max(price.row_seconds, 1e-12)
    most = min(LARGEST_REFERENCE, facts.rows / EPOCH_STEPS)
    reference = max(usual, _power_of_two(min(math.sqrt(even_rows * _noise_rows(facts)), most)))
    linear = _power_of_two(min(LINEAR * even_rows, 2 * most))
    return smallest, reference, min(max(4 * reference, linear), facts.rows)


def steps_needed(facts: Facts, *, usual: int) -> float:
    """Return the steps that a run needs at the batch size of the facts, of so many at the one by rows alone.

    The same epochs, as `quick_batch_sizes` was measured with, but some hundred steps in any case.

    Example:
        >>> from studies.facts import Facts
        >>> [steps_needed(Facts(rows=1000, batch_size=rows), usual=2000) for rows in (16, 32, 128, 512)]
        [2000.0, 2000.0, 500.0, 400.0]
    """
    share = min(1.0, batch_sizes(None, facts.rows)[1] / facts.batch_size)
    return max(usual * share, min(FEWEST_STEPS, usual))


def at_batch(facts: Facts, rows: int, *, steps: int) -> Facts:
    """Return the facts as they are at another batch size.

    Args:
        facts: profiled at one.
        rows: of a step.
        steps: of an epoch with so many.
    """
    adamw_seconds = facts.step_seconds * facts.optimizer_share
    step_seconds = StepPrice.measured(facts).passes_seconds(rows) + adamw_seconds
    return replace(
        facts,
        batch_size=rows,
        steps=steps,
        step_seconds=step_seconds,
        optimizer_share=adamw_seconds / step_seconds if step_seconds else 0.0,
        forecasts=tuple(
            forecast if forecast.full_batch else forecast.at(rows) for forecast in facts.forecasts
        ),
    )


def _noise_rows(facts: Facts) -> float:
    measured = USUAL_NOISE_ROWS if facts.noise_scale is None else facts.noise_scale
    return min(max(measured, LEAST_NOISE_ROWS), MOST_NOISE_ROWS)


def _power_of_two(rows: float) -> int:
    """Return the power of two that is nearest on a log scale, at least 1."""
    return int(2 ** max(0, round(math.log2(max(rows, 1.0)))))


def _rows(text: str, whole: str, rows: int) -> int:
    if text == "full":
        return rows
    if not text.isdecimal() or not set(text) - {"0"}:
        raise BadValue(
            f"batch size {shown(whole)} is not understood; "
            "write 64, full, or a range such as 16..256 or 1..full"
        )
    return min(int(text), rows) if len(text) <= MOST_DIGITS else rows
