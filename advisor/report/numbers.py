"""Numbers as a person writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Final

from studies.costs import Cost
from studies.direction import Direction
from studies.quantities import exact_bytes, format_bytes, format_seconds, several

SCORES: Final = ("accuracy", "f1", "auc", "precision", "recall", "iou", "dice")
"""Metrics that people compare in points; a name that contains one of these counts."""

EXACT: Final = re.compile(r"([\d.]+)([KMG]i?B)")
"""Bytes as a command writes them, in more than bytes alone."""
DIGITS: Final = 3
"""Of a limit that a person gives in such a unit."""
WHOLE: Final = 999.95
"""Value from which numbers are written whole, with commas."""
LARGEST: Final = 1e15
"""Number from which no digits are written out."""


def number(value: float) -> str:
    """Write a metric value or a setting with four significant digits: 0.9833, 1e-05; whole from 1,000 on."""
    value += 0.0  # a zero without a sign
    return f"{value:,.0f}" if WHOLE <= abs(value) < LARGEST else f"{value:.4g}"


def rounded(value: float) -> float:
    """Return a value with no more digits than `number` writes, for tables that write it themselves."""
    if not math.isfinite(value):
        return value
    return float(round(value)) if WHOLE <= abs(value) < LARGEST else float(f"{value:.4g}")


def apart(left: float, right: float) -> tuple[str, str]:
    """Write two values with as many digits as it takes to see that they differ, at least as `number` does."""
    if left == right or number(left) != number(right):
        return number(left), number(right)
    digits = next(digits for digits in range(5, 18) if f"{left:.{digits}g}" != f"{right:.{digits}g}")
    return f"{left:.{digits}g}", f"{right:.{digits}g}"


def chance(probability: float) -> str:
    """Write a probability: 94 %, over 99 %, under 1 %; it comes from draws, so that none is ever certain."""
    if 0.01 <= probability <= 0.99:
        return f"{100 * probability:.0f} %"
    return "over 99 %" if probability > 0.5 else "under 1 %"


def percent(share: float) -> str:
    """Write a share or a ratio: 94 %, 0.4 %, under 0.1 %; never 100 % for less than that."""
    value = 100 * share
    if 0 < value < 0.1:
        return "under 0.1 %"
    if 99 < value < 100:
        return "over 99 %"
    return f"{value:.0f} %" if value >= 2 or value == 0 else f"{value:.1f} %"


def share_beside(share: float, threshold: float) -> str:
    """Write a share with the digits that tell it from a threshold: 49.96 % beside 50 %."""
    if share == threshold or percent(share) != percent(threshold):
        return percent(share)
    digits = next(digits for digits in range(1, 18) if f"{share:.{digits}%}" != f"{threshold:.{digits}%}")
    return f"{100 * share:.{digits}f} %"


def ratio(gap: float) -> str:
    """Write a log-ratio as the percentage that it adds."""
    return percent(math.expm1(gap))


def margin(metric: str, direction: Direction, quality: float | None, gap: float) -> str:
    """Write a log-ratio of losses as a difference of the metric: 0.12 points of accuracy; 1.1 of rmse."""
    if quality is None:
        return f"{ratio(gap)} of the error"
    scored = direction.maximizes and abs(quality) <= 1
    change = (1 - quality if scored else abs(quality)) * math.expm1(gap)
    if change <= 0:
        return f"{ratio(gap)} of the error"
    points = scored and any(score in metric for score in SCORES)
    return f"{100 * change:.2g} points of {metric}" if points else f"{change:.2g} of {metric}"


def size(count: float) -> str:
    """Write bytes: 64 MiB."""
    return format_bytes(count)


def duration(seconds: float) -> str:
    """Write seconds, in ASCII: 850 us, 45 s, 12.5 min."""
    return format_seconds(seconds).replace("µ", "u")


def written(cost: Cost, value: float) -> str:
    """Write a value of a cost, in ASCII: 64 MiB; 850 us."""
    return cost.write(value).replace("µ", "u")


def size_limit(count: float) -> str:
    """Write a limit on bytes, above 0, as it was given: 40 KB stays 40 KB, 64 MiB stays 64 MiB."""
    exact = EXACT.fullmatch(exact_bytes(round(count)))
    return f"{exact[1]} {exact[2]}" if exact and len(exact[1].replace(".", "")) <= DIGITS else size(count)


def written_limit(cost: Cost, value: float) -> str:
    """Write a limit on a cost: 40 KB; 2 ms."""
    return written(cost, value) if cost.in_seconds else size_limit(value)


def written_apart(cost: Cost, need: float, allowed: float) -> tuple[str, str]:
    """Write two values of a cost so that it shows which is larger: in plain bytes or seconds if need be."""
    if need == allowed or written(cost, need) != written(cost, allowed):
        return written(cost, need), written_limit(cost, allowed)
    if not cost.in_seconds:
        return f"{need:,.0f} B", f"{allowed:,.0f} B"
    left, right = apart(need, allowed)
    return f"{left} s", f"{right} s"


def trials(numbers: Iterable[int]) -> str:
    """Name trials by their numbers: trial 12; trials 12, 31-33."""
    wanted = sorted(set(numbers))
    runs: list[list[int]] = []
    for trial in wanted:
        if runs and trial == runs[-1][-1] + 1:
            runs[-1].append(trial)
        else:
            runs.append([trial])
    parts = [
        str(run[0]) if len(run) == 1 else f"{run[0]}, {run[1]}" if len(run) == 2 else f"{run[0]}-{run[-1]}"
        for run in runs
    ]
    return f"trial{'s' if len(wanted) > 1 else ''} {', '.join(parts)}"


def every(count: int, noun: str) -> str:
    """Name all of some things: both runs; all 3 runs."""
    return f"both {noun}s" if count == 2 else f"all {several(count, noun)}"


def difference(metric: str, direction: Direction, value: float, other: float) -> str:
    """Say how `value` compares with `other`: 0.4 points less accuracy; rmse 2.1 (4 %) higher."""
    change = value - other
    if math.isclose(value, other, rel_tol=1e-9):
        return f"the same {metric}"
    if direction.maximizes and any(score in metric for score in SCORES):
        points = f"{abs(change) * (100 if max(abs(value), abs(other)) <= 1 else 1):.2g}"
        return f"{points} point{'' if points == '1' else 's'} {'more' if change > 0 else 'less'} {metric}"
    share = f" ({percent(abs(change / other))})" if other else ""
    return f"{metric} {abs(change):.2g}{share} {'higher' if change > 0 else 'lower'}"


def times(factor: float) -> str:
    """Write a factor: 3.9 x, 16 x."""
    return f"{factor:.1f} x" if factor < 9.95 else f"{factor:.0f} x"


def changed(
    metric: str, direction: Direction, change: float, before: float, *, reach: float | None = None
) -> str:
    """Write a change of the metric: -0.1 +- 0.1 points of accuracy; rmse +0.12 +- 0.05 (2 % worse).

    Args:
        metric: its name; scores that are shares are written in points, others in their own units.
        direction: maximize | minimize.
        change: value less the value before.
        before: the value before.
        reach: half-width of the change's interval; None when one measurement does not tell.
    """
    score = direction.maximizes and any(score in metric for score in SCORES)
    unit = 100 if score and max(abs(before), abs(before + change)) <= 1 else 1
    signed = _signed(unit * change, None if reach is None else unit * reach)
    if not (change or reach):
        return f"the same {metric}"
    if score:
        return f"{signed} point{'' if signed in {'+1', '-1'} else 's'} of {metric}"
    if not change:
        return f"{metric} {signed}"
    word = "better" if direction.better(change, 0.0) else "worse"
    share = f"{percent(abs(change / before))} " if before else ""
    return f"{metric} {signed} ({share}{word})"


def _signed(change: float, reach: float | None) -> str:
    """Write a change with one or two digits of its reach; without a reach, two of its own."""
    largest = reach or abs(change)
    if largest == 0 or not math.isfinite(largest):
        return f"{change:+.2g}"
    digits = max(0, -math.floor(math.log10(largest / 2)) if reach else 1 - math.floor(math.log10(largest)))
    rounded = f"{change:+.{digits}f}"
    plain = rounded if any(figure in rounded for figure in "123456789") else "0"
    plain = plain.rstrip("0").rstrip(".") if "." in plain and not reach else plain
    return f"{plain} +- {reach:.{digits}f}" if reach else plain
