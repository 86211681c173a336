"""Advice from tables alone: is the winner of a table left out among the two advised first?

    python -m benchmarks.prior

For the recorded tasks, runs of a few hundred steps, also what it costs to tune nothing but the optimizer that
stands first, against always the same one, and how far the order of the base rates agrees with the results.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from statistics import fmean

from advisor.published import CLASSES, Comparison, comparisons, names
from advisor.published.rates import REFERENCE, class_rate
from benchmarks.recorded_studies import Study, load
from benchmarks.short_runs import class_of, tuned_losses
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

    print_first_choices(load())
    for known, (correlation, tasks) in agreements().items():
        print(f"{CLASSES[known]}: rank correlation {correlation:.2f} over {tasks} tasks, each left out")


def print_first_choices(studies: Iterable[Study]) -> None:
    """Print the mean regret of the optimizer tuned alone, by who chose it and how often it may try."""
    by_group: dict[str, list[Study]] = defaultdict(list)
    for study in studies:
        by_group["unseen" if study.group == "unseen" else "each task left out"].append(study)
    for group, members in by_group.items():
        print(f"\nshort runs, {group}: {len(members)} tasks; mean regret of tuning the first choice alone")
        for trials in (1, 5, 16):
            losses = [tuned_losses(study, trials) for study in members]
            cells = [
                f"{by} {fmean(_regret(*pair, choose) for pair in zip(members, losses, strict=True)):.3f}"
                for by, choose in CHOOSERS.items()
            ]
            agreement = fmean(_agreement(*pair) for pair in zip(members, losses, strict=True))
            print(f"  {trials:>2} trials: " + ", ".join(cells) + f"; rank correlation {agreement:.2f}")


def _first(study: Study) -> str:
    odds = _odds(study)
    return max(sorted(odds), key=lambda name: odds[name])


def _odds(study: Study) -> dict[str, float]:
    task = frozenset({study.name.partition("-")[0]})
    return {name: class_rate(class_of(study), name, without=task).log_odds for name in study.runs}


CHOOSERS: dict[str, Callable[[Study], str]] = {
    "base rates": _first,
    "ScheduleFreeAdamW": lambda study: "ScheduleFreeAdamW",
    "Muon": lambda study: "Muon",
    "AdamW": lambda study: "AdamW",
}


def _regret(study: Study, losses: Mapping[str, float], choose: Callable[[Study], str]) -> float:
    return losses[choose(study)] - min(losses.values())


def _agreement(study: Study, losses: Mapping[str, float]) -> float:
    """Return Spearman's rank correlation of the base rates and the results."""
    return _rank_correlation({name: -odds for name, odds in _odds(study).items()}, losses)


def agreements() -> dict[str, tuple[float, int]]:
    """Return for each class the mean rank correlation of base rates and results, and how many tasks.

    Each table is judged by the rates that all other tasks give.
    """
    values: dict[str, list[float]] = defaultdict(list)
    tasks: dict[str, set[str]] = defaultdict(set)
    for (known, task, _), rows in tables().items():
        ranks = {names()[row.source, row.optimizer].optimizer: float(row.rank) for row in rows}
        ranks.pop("", None)
        odds = {name: -class_rate(known, name, without=frozenset({task})).log_odds for name in ranks}
        values[known].append(_rank_correlation(odds, ranks))
        tasks[known].add(task)
    return {known: (fmean(members), len(tasks[known])) for known, members in values.items()}


def _rank_correlation(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    from scipy.stats import spearmanr

    shared = sorted(left.keys() & right.keys())
    return float(spearmanr([left[name] for name in shared], [right[name] for name in shared]).statistic)


if __name__ == "__main__":
    main()
