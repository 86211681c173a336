"""Portfolio: recipes to start from, in coordinates that mean the same on every task, and how they did.

    [recipes()[number] for number in best_first("table", range(len(recipes())), count=8)]

They were trained on recorded tasks (`benchmarks/record_portfolio.py`); which of them open a search is chosen
among those that it allows, by their regrets on all tasks, those of its own class of problems before others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Self

from advisor.published import FOLDER, table_rows
from studies import catalogue
from studies.coordinates import named, read_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from studies.plans.search_space import SearchSpace
    from studies.recipe import Recipe

RECIPES: Final = FOLDER / "starting_recipes.csv"
REGRETS: Final = FOLDER / "starting_regrets.csv"
OTHERS: Final = 0.3
"""Weight of a task of another class of problems, against 1 for one of the same class."""
CLASSES: Final[Mapping[str, str]] = {
    "linear": "linear models",
    "table": "nets on tables",
    "other": "nets on images, signals and texts",
}
"""Classes of problems that recipes are chosen for, in words: few, so that each has several recorded tasks."""


@dataclass(frozen=True, kw_only=True)
class StartingRecipe:
    """Starting recipe: where it lies in the search space of any task.

    Example:
        >>> recipe = StartingRecipe(optimizer="AdamW", schedule="Cosine", units={"optimizer.lr": 0.35})
        >>> StartingRecipe.read(recipe.written()) == recipe
        True
    """

    optimizer: str
    schedule: str
    batch_rows: int = 32
    """Rows a step, on a training set of less than 5,000 rows; on larger ones see `rows_a_step`."""
    attachments: tuple[str, ...] = ()
    """Regularizers and wrappers."""
    units: Mapping[str, float] = field(default_factory=dict)
    """Coordinates that are not at their default, -1 to 1, by name."""
    price: float = 1.0
    """Seconds of a run, against those of the middle recipe; the mean over the recorded tasks."""

    def may_open(self, schedules: Collection[str]) -> bool:
        """Tell whether it may open a search with these schedules; an optimizer's own is none of them."""
        return self.own_schedule or self.schedule in schedules

    @property
    def own_schedule(self) -> bool:
        """Tell whether its optimizer brings a schedule of its own."""
        return bool(getattr(catalogue.find("optimizer", self.optimizer), "own_schedule", False))

    @classmethod
    def read(cls, row: Mapping[str, str]) -> Self:
        """Return the recipe of a table's row."""
        pairs = (pair.split("=") for pair in row["units"].split())
        return cls(
            optimizer=row["optimizer"],
            schedule=row["schedule"],
            batch_rows=int(row["batch_rows"]),
            attachments=tuple(row["attachments"].split()),
            units={name: float(unit) for name, unit in pairs},
            price=float(row["price"]),
        )

    def written(self) -> dict[str, str]:
        """Return it as a row of a table, which `read` reads."""
        return {
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "batch_rows": str(self.batch_rows),
            "attachments": " ".join(self.attachments),
            "units": " ".join(f"{name}={unit:g}" for name, unit in self.units.items()),
            "price": f"{self.price:.3g}",
        }

    def recipe(self, space: SearchSpace) -> Recipe:
        """Return the recipe in a search space; what the space does not offer stays as in its reference.

        The optimizer's settings are those of the recorded runs. Where the rows a step cannot be those, the lr
        follows them by the rule of its family.

        Args:
            space: has the optimizer.
        """
        choice = named(space.optimizers, self.optimizer)
        point = space.point(space.reference(choice))
        if self.schedule in {schedule.name() for schedule in space.schedules}:
            point["schedule"] = self.schedule
        offered = (*space.regularizers, *space.wrappers)
        point |= {f"{other.axis}.{other.name()}": other.name() in self.attachments for other in offered}
        point |= {name: unit for name, unit in self.units.items() if name in point}
        if "batch_size" in point:
            rows = rows_a_step(self.batch_rows, space.rows)
            point["batch_size"] = space.batch_size.to_unit(min(rows, space.rows))
        plain = space.recipe(point)
        recorded = read_at(choice, point)
        lr_ratio = choice.lr_factor(plain.batch_size) / choice.lr_factor(self.batch_rows)
        recipe = replace(plain, optimizer=replace(recorded, lr=recorded.lr * lr_ratio))
        return space.recipe(space.point(recipe))


def rows_a_step(small: int, rows: int) -> int:
    """Return how many rows a step stand for so many on a training set of less than 5,000 rows.

    Twice as many up to 20,000 rows, four times up to 100,000, eight times beyond (judged).
    """
    return small * (1 if rows < 5_000 else 2 if rows < 20_000 else 4 if rows < 100_000 else 8)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedTask:
    """Recorded task: what it was, and how each recipe did on it."""

    name: str
    source: str
    """The data set: tasks of the same have one vote together."""
    problem_class: str
    regrets: tuple[float, ...]
    """By recipe: 0 for the best, 1 for the middle one and for whatever is worse or diverged."""

    @classmethod
    def read(cls, row: Mapping[str, str]) -> Self:
        """Return the task of a table's row."""
        return cls(
            name=row["task"],
            source=row["source"],
            problem_class=row["class"],
            regrets=tuple(map(float, row["regrets"].split())),
        )

    def written(self) -> dict[str, str]:
        """Return it as a row of a table, which `read` reads."""
        return {
            "task": self.name,
            "source": self.source,
            "class": self.problem_class,
            "regrets": " ".join(f"{regret:.2g}" for regret in self.regrets),
        }


def class_of(kind: str, *, linear: bool) -> str:
    """Return the class of a problem, a key of `CLASSES`."""
    return "linear" if linear else "table" if kind == "table" else "other"


@cache
def recipes() -> tuple[StartingRecipe, ...]:
    """Return the recipes that were recorded; a recipe's number is its place."""
    return tuple(map(StartingRecipe.read, table_rows(RECIPES.name)))


@cache
def tasks() -> tuple[RecordedTask, ...]:
    """Return the tasks that they were recorded on."""
    return tuple(map(RecordedTask.read, table_rows(REGRETS.name)))


def best_first(problem_class: str, among: Sequence[int], *, count: int) -> list[int]:
    """Return the numbers of the recipes to start with, best first, at most `count`.

    Args:
        problem_class: a key of `CLASSES`; it decides how much each recorded task counts.
        among: numbers of the recipes that the search allows.
        count: how many at most; fewer where no further one adds anything on any recorded task.
    """
    import numpy as np

    from advisor.published.greedy import greedy

    numbers = list(among)
    if not numbers:
        return []
    regrets = np.array([task.regrets for task in tasks()])[:, numbers]
    prices = np.array([recipes()[number].price for number in numbers])
    weights = task_weights(problem_class, tasks())
    return [numbers[place] for place in greedy(regrets, prices, weights, count=count)]


def of_optimizer(name: str, among: Iterable[int] | None = None) -> list[int]:
    """Return the numbers of an optimizer's recipes, among some or all."""
    numbers = range(len(recipes())) if among is None else among
    return [number for number in numbers if recipes()[number].optimizer == name]


def task_weights(problem_class: str, recorded: Sequence[RecordedTask]) -> NDArray[Any]:
    """Return how much each task counts for a class of problems; the weights of a data set's tasks add up."""
    import numpy as np

    votes = [sum(task.source == other.source for other in recorded) for task in recorded]
    alike = [1.0 if task.problem_class == problem_class else OTHERS for task in recorded]
    return np.asarray(np.array(alike) / np.array(votes))
