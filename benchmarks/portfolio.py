"""Portfolio on tasks left out: what its recipes reach there, against random ones and bare defaults.

    python -m benchmarks.portfolio [--write]

Reads what `benchmarks.record_portfolio` trained. Each data set in turn is left out of the choice, with all of
its tasks, and the recipes chosen from the others are looked up in the runs on it. Regrets are of the recorded
recipes: 0 for the best of them on a task, 1 for the middle one. --write puts recipes and regrets, of all
tasks, where a search reads them.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from advisor.published import portfolio
from advisor.published.greedy import greedy
from advisor.published.portfolio import RecordedTask, StartingRecipe, class_of, task_weights
from benchmarks.portfolio_pool import DESIGNED, pool
from benchmarks.record_portfolio import RUNS
from benchmarks.recorded_tasks import UNSEEN
from studies.schedules import USUAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ERRORS: Final = ("error_ninth", "error_third", "error", "test_error")
"""Columns whose mean regret a recipe is chosen by: what starts well goes on in the opening of a search, and
the mean of four says more of a recipe than one validation error of a hundred rows."""
COUNTS: Final = (4, 8, 12)
LATER: Final = "later"
"""Effect on the seconds of a run that it was timed later than those of the design."""
DRAWS: Final = 60
"""Random portfolios that stand for all."""


@dataclass(frozen=True, kw_only=True)
class Runs:
    """Recorded runs of every recipe on some tasks; arrays are (tasks, recipes)."""

    tasks: tuple[RecordedTask, ...]
    """With the regrets that recipes are chosen by."""
    regrets: Mapping[str, Array]
    """By column of errors."""
    errors: Mapping[str, Array]
    prices: Array
    """What a run of each recipe costs, (recipes,), against the middle one."""

    @property
    def chosen_by(self) -> Array:
        """Return the regrets that recipes are chosen by."""
        return np.array([task.regrets for task in self.tasks])


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """What some recipes reach on a task: regrets, and what they cost."""

    best: float
    """Validation, the best of all."""
    handed: float
    """Test, of the one that validates best."""
    opened: float
    """Validation, where the worse half stops after a ninth and after a third."""
    opened_handed: float
    """Test of that one."""
    price: float
    """Of that opening, in whole runs of the middle recipe."""


def main() -> None:
    """Print the check, or write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"{portfolio.RECIPES.name} and its regrets")
    runs = load()
    if parser.parse_args().write:
        write(runs)
    report(runs, range(len(runs.tasks)), "all tasks")
    unseen = {task.source for task in UNSEEN}
    report(runs, [i for i, task in enumerate(runs.tasks) if task.source in unseen], "unseen tasks")


def smoke() -> None:
    """Smallest form: the check with one random portfolio."""
    runs = load()
    report(runs, range(2), "two tasks", draws=1)


def load(file: Path = RUNS) -> Runs:
    """Return the recorded runs of the tasks on which every recipe was trained."""
    rows: dict[str, list[dict[str, str]]] = {}
    with gzip.open(file, "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            rows.setdefault(row["task"], []).append(row)
    whole = {name: sorted(of, key=lambda row: int(row["recipe"])) for name, of in rows.items()}
    whole = {name: of for name, of in whole.items() if len(of) == len(pool())}
    errors = {name: _column(whole.values(), name) for name in (*ERRORS, "valid_loss")}
    regrets = {name: normalised(errors[name]) for name in ERRORS}
    means = np.mean([regrets[name] for name in ERRORS], axis=0)
    return Runs(
        tasks=tuple(
            RecordedTask(
                name=name,
                source=of[0]["source"],
                problem_class=class_of(of[0]["kind"], linear="-Linear-" in name),
                regrets=tuple(regret.tolist()),
            )
            for (name, of), regret in zip(whole.items(), means, strict=True)
        ),
        regrets=regrets,
        errors=errors,
        prices=fitted_prices(_column(whole.values(), "seconds")),
    )


def _column(tasks: Iterable[Sequence[Mapping[str, str]]], name: str) -> Array:
    return np.array([[float(row[name] or "inf") for row in of] for of in tasks])


def fitted_prices(seconds: Array) -> Array:
    """Return what a run of each recipe costs, (recipes,), by its optimizer, rows a step and attachments.

    A fit to the logarithms: a task's runs were timed in two goes, and the machine was not equally busy.

    Args:
        seconds: (tasks, recipes).
    """
    parts = [
        [recipe.optimizer, f"{recipe.batch_rows} rows", *recipe.attachments, *[LATER] * (number >= DESIGNED)]
        for number, recipe in enumerate(pool())
    ]
    names = sorted({name for of in parts for name in of} - {LATER})
    design = np.array([[name in of for name in (*names, LATER)] for of in parts], float)
    effects = np.linalg.lstsq(design, np.log(np.maximum(seconds, 1e-3)).mean(axis=0))[0]
    prices = np.exp(design[:, :-1] @ effects[:-1])
    return np.asarray(prices / np.median(prices))


def normalised(errors: Array) -> Array:
    """Return errors as regrets: 0 for the best of a task, 1 for the middle one and for all that are worse.

    Args:
        errors: (tasks, recipes); infinite for a run that diverged.
    """
    best = errors.min(axis=1, keepdims=True)
    middle = np.median(errors, axis=1, keepdims=True)
    return np.asarray(np.clip((errors - best) / np.maximum(middle - best, 1e-9), 0, 1))


def chosen_without(runs: Runs, left_out: RecordedTask, *, count: int) -> list[int]:
    """Return the recipes that are chosen for a task by the tasks on other data, of those allowed unasked."""
    others = [i for i, task in enumerate(runs.tasks) if task.source != left_out.source]
    weights = task_weights(left_out.problem_class, [runs.tasks[i] for i in others])
    allowed = usually_allowed()
    places = greedy(runs.chosen_by[others][:, allowed], runs.prices[allowed], weights, count=count)
    return [allowed[place] for place in places]


def usually_allowed() -> list[int]:
    """Return the recipes that a search allows which names no schedules."""
    return [number for number, recipe in enumerate(pool()) if recipe.may_open(USUAL)]


def reached(runs: Runs, task: int, recipes: Iterable[int]) -> Reached:
    """Return what recipes reach on a task, all of them whole and in the opening of a search."""
    recipes = list(recipes)
    price, left = 0.0, recipes
    for rung, share in (("error_ninth", 1 / 9), ("error_third", 2 / 9)):
        price += share * runs.prices[left].sum()
        left = sorted(left, key=lambda recipe: _rank(runs, task, recipe, rung))[: (len(left) + 1) // 2]
    price += 6 / 9 * runs.prices[left].sum()
    first, opened = _best(runs, task, recipes), _best(runs, task, left)
    valid, test = runs.regrets["error"][task], runs.regrets["test_error"][task]
    return Reached(
        best=valid[first], handed=test[first], opened=valid[opened], opened_handed=test[opened], price=price
    )


def _best(runs: Runs, task: int, recipes: Iterable[int]) -> int:
    return min(recipes, key=lambda recipe: _rank(runs, task, recipe, "error"))


def _rank(runs: Runs, task: int, recipe: int, column: str) -> tuple[float, float]:
    return runs.errors[column][task, recipe], runs.errors["valid_loss"][task, recipe]


def report(runs: Runs, tasks: Sequence[int], title: str, *, draws: int = DRAWS) -> None:
    """Print what portfolios, random recipes and the defaults reach on some tasks, each left out."""
    print(f"{title} (n = {len(tasks)})")
    print("                      best   handed  opened  handed  price")
    defaults = [i for i, recipe in enumerate(pool()) if recipe == _default(recipe)]
    _line("defaults", len(defaults), [reached(runs, task, defaults) for task in tasks])
    for count in COUNTS:
        chance = np.random.default_rng(count)
        drawn = [chance.choice(usually_allowed(), count, replace=False) for _ in range(draws)]
        _line("random", count, [reached(runs, task, recipes) for task in tasks for recipes in drawn])
    for count in COUNTS:
        chosen = {task: chosen_without(runs, runs.tasks[task], count=count) for task in tasks}
        _line("portfolio", count, [reached(runs, task, recipes) for task, recipes in chosen.items()])


def _default(recipe: StartingRecipe) -> StartingRecipe:
    return StartingRecipe(optimizer=recipe.optimizer, schedule="Cosine")


def _line(name: str, count: int, outcomes: Sequence[Reached]) -> None:
    means = [
        np.mean([getattr(outcome, name) for outcome in outcomes])
        for name in ("best", "handed", "opened", "opened_handed", "price")
    ]
    print(f"{name:>12} of {count:2d}   " + "  ".join(f"{mean:6.3f}" for mean in means))


def write(runs: Runs) -> None:
    """Write the recipes with their prices, and how each did on every task."""
    recipes = (
        replace(recipe, price=price) for recipe, price in zip(pool(), runs.prices.tolist(), strict=True)
    )
    _write(portfolio.RECIPES, [recipe.written() for recipe in recipes])
    _write(portfolio.REGRETS, [task.written() for task in runs.tasks])


def _write(file: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
