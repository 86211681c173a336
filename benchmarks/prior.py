"""Advice from published tables alone: is the winner of a table left out among the two advised first?

python -m benchmarks.prior
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from advisor.published import CLASSES, Comparison, comparisons, names
from advisor.published.rates import REFERENCE, class_rate
from studies import catalogue

USUAL = (REFERENCE, "Momentum")
"""What a user would try without advice."""
FEWEST = 3
"""Optimizers that a table must compare: of two, any two contain the winner."""


def tables() -> dict[tuple[str, str, str], list[Comparison]]:
    """Return the rows of each table: a class of problems, a task and a setting."""
    rows_of: dict[tuple[str, str, str], list[Comparison]] = defaultdict(list)
    for row in comparisons():
        rows_of[row.problem_class, row.task, row.setting].append(row)
    return {key: rows for key, rows in rows_of.items() if len(entered(rows)) >= FEWEST}


def entered(rows: Iterable[Comparison]) -> tuple[str, ...]:
    """Return the optimizers of the catalogue that a table compares, by name."""
    return tuple(sorted({names()[row.source, row.optimizer].optimizer for row in rows} - {""}))


def winner(rows: Iterable[Comparison]) -> str:
    """Return the optimizer that ranks first, wrapped or not; empty when it is not in the catalogue."""
    first = min(rows, key=lambda row: row.rank)
    return names()[first.source, first.optimizer].optimizer


def advised(problem_class: str, choices: Iterable[str], task: str) -> tuple[str, ...]:
    """Return the two optimizers that stand highest by what all other tasks say; ties go by name."""
    odds = {name: class_rate(problem_class, name, without=frozenset({task})).log_odds for name in choices}
    return tuple(sorted(odds, key=lambda name: (-round(odds[name], 9), name))[:2])


def smoke() -> None:
    """Smallest form: the whole, which takes a fraction of a second."""
    main()


def main() -> None:
    """Print a row for each table and the totals of each class and of all."""
    totals: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    searched = {name for name, choice in catalogue.choices("optimizer").items() if choice.offered}
    for (known, task, setting), rows in tables().items():
        best, there = winner(rows), entered(rows)
        ours = advised(known, there, task)
        offered = advised(known, [name for name in there if name in searched], task)
        hits = (best in ours, best in offered, best in USUAL, 2 / len(there))
        for group in (CLASSES[known], "all tables"):
            totals[group].append(hits)
        print(
            f"{task:<20} {setting:<10} won by {best or 'another':<18} "
            f"advised {' + '.join(ours):<26} {'hit' if hits[0] else '-'}"
        )
    for group, hits in totals.items():
        ours, offered, usual, chance = (sum(column) for column in zip(*hits, strict=True))
        print(
            f"{group}: the winner is among the two advised in {ours} of {len(hits)}, "
            f"with advice from the optimizers offered by default {offered}; "
            f"in {' + '.join(USUAL)} {usual}; in two drawn by chance {chance:.1f}"
        )


if __name__ == "__main__":
    main()
