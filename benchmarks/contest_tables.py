"""Tables of the contest: medians with their spread, and how many times our time each contestant takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Final

from benchmarks.contest_rows import OURS, TARGETS, Row
from benchmarks.contest_space import chance_of
from benchmarks.contest_workloads import BY_NAME

DRAWS: Final = 2000
SHARE: Final = 0.9
"""Of the draws that lie in an interval."""
FIGURES: Final = {"processor": "processor seconds", "wall": "seconds by the clock", "runs": "whole runs"}

Quotients = Mapping[str, Sequence[float]]
"""Of a contestant: theirs over ours by workload, one a seed."""


def lines(rows: Iterable[Row]) -> list[str]:
    """Return all tables of what was measured."""
    rows = list(rows)
    goals = [goal for goal in TARGETS if any(row.goal == goal for row in rows)]
    later = sorted({row.goal for row in rows} - set(TARGETS), key=lambda goal: float(goal.split()[0]))
    text: list[str] = []
    for goal in goals:
        of_goal = [row for row in rows if row.goal == goal]
        for figure, words in FIGURES.items():
            text += ["", f"{words} until the {goal} random whole runs is reached: median (least to most)"]
            text += medians(of_goal, figure)
        text += ["", f"times ours, to the {goal}: geometric mean ({SHARE:.0%} interval), least workload"]
        text += ratios(of_goal)
    for goal in later:
        text += ["", f"test metric of what is handed over after {goal}: median (least to most)"]
        text += medians([row for row in rows if row.goal == goal], "test")
    return text


def medians(rows: Sequence[Row], figure: str) -> list[str]:
    """Return a line for each contestant, a column for each workload; `>` where a run ended without."""
    workloads = _in_order({row.workload for row in rows})
    head = f"{'':<12}" + "".join(f"{_title(name):>24}" for name in workloads)
    table = [head]
    for contestant in _contestants(rows):
        cells = [
            _cell([row for row in rows if (row.contestant, row.workload) == (contestant, name)], figure)
            for name in workloads
        ]
        table.append(f"{contestant:<12}" + "".join(f"{cell:>24}" for cell in cells))
    return table


def ratios(rows: Sequence[Row]) -> list[str]:
    """Return a line for each contestant: its figures over ours."""
    table = [f"{'':<12}" + "".join(f"{words:>32}" for words in FIGURES.values()) + f"{'missed':>14}"]
    for contestant in _contestants(rows):
        if contestant == OURS:
            continue
        cells = []
        for figure in FIGURES:
            quotients = quotients_of(rows, contestant, figure)
            if not quotients:
                cells.append("-")
                continue
            low, high = interval(quotients)
            least = min(geometric_mean(each) for each in quotients.values())
            cells.append(f"{mean_of(quotients):.2f} ({low:.2f} to {high:.2f}), {least:.2f}")
        missed = " / ".join(
            str(sum(not row.reached for row in rows if row.contestant == name)) for name in (contestant, OURS)
        )
        table.append(f"{contestant:<12}" + "".join(f"{cell:>32}" for cell in cells) + f"{missed:>14}")
    return [*table, "missed: cells that ended without the target, theirs / ours, counted as their end"]


def quotients_of(rows: Sequence[Row], contestant: str, figure: str) -> dict[str, list[float]]:
    """Return theirs over ours by workload, for the seeds that both have run."""
    ours = {(row.workload, row.seed): row for row in rows if row.contestant == OURS}
    quotients: dict[str, list[float]] = {}
    for row in rows:
        other = ours.get((row.workload, row.seed))
        if row.contestant != contestant or other is None:
            continue
        if row.figure(figure) > 0 and other.figure(figure) > 0:
            quotients.setdefault(row.workload, []).append(row.figure(figure) / other.figure(figure))
    return quotients


def geometric_mean(values: Sequence[float]) -> float:
    """Return the geometric mean."""
    return math.exp(sum(map(math.log, values)) / len(values))


def mean_of(quotients: Quotients) -> float:
    """Return the geometric mean over workloads, each the geometric mean of its seeds."""
    return geometric_mean([geometric_mean(values) for values in quotients.values()])


def interval(quotients: Quotients, draws: int = DRAWS) -> tuple[float, float]:
    """Return where the mean lies when workloads, and seeds of each, are drawn anew."""
    chance = chance_of(0)
    names = list(quotients)
    means = sorted(
        geometric_mean(
            [
                geometric_mean(chance.choices(quotients[name], k=len(quotients[name])))
                for name in chance.choices(names, k=len(names))
            ]
        )
        for _ in range(draws)
    )
    tail = (1 - SHARE) / 2
    return means[int(tail * draws)], means[min(draws - 1, int((1 - tail) * draws))]


def _cell(rows: Sequence[Row], figure: str) -> str:
    if not rows:
        return "-"
    values = sorted(row.figure(figure) for row in rows if figure != "test" or row.test is not None)
    if not values:
        return "nothing"
    missed = ">" if any(not row.reached for row in rows) and figure != "test" else ""
    decimals = 4 if figure == "test" else 1
    middle, least, most = (f"{value:.{decimals}f}" for value in (median(values), values[0], values[-1]))
    return f"{missed}{middle} ({least} to {most})"


def _contestants(rows: Iterable[Row]) -> list[str]:
    names = dict.fromkeys(row.contestant for row in rows)
    return sorted(names, key=lambda name: name != OURS)


def _in_order(names: set[str]) -> list[str]:
    return [name for name in BY_NAME if name in names]


def _title(name: str) -> str:
    return f"{name} (unseen)" if BY_NAME[name].unseen else name
