"""Portfolio: recipes to start from, in coordinates that mean the same on every task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from studies.plans.search_space import SearchSpace
    from studies.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class StartingRecipe:
    """Starting recipe: where it lies in the search space of any task.

    Example:
        >>> recipe = StartingRecipe(optimizer="AdamW", schedule="Cosine", units={"optimizer.lr": 0.35})
        >>> StartingRecipe.read(**recipe.written()) == recipe
        True
    """

    optimizer: str
    schedule: str
    batch: float = 1.0
    """Rows a step, as a multiple of the reference."""
    attachments: tuple[str, ...] = ()
    """Regularizers and wrappers."""
    units: Mapping[str, float] = field(default_factory=dict)
    """Coordinates that are not at their default, -1 to 1, by name."""

    @classmethod
    def read(cls, *, optimizer: str, schedule: str, batch: str, attachments: str, units: str) -> Self:
        """Return the recipe of a table's row."""
        pairs = (pair.split("=") for pair in units.split())
        return cls(
            optimizer=optimizer,
            schedule=schedule,
            batch=float(batch),
            attachments=tuple(attachments.split()),
            units={name: float(unit) for name, unit in pairs},
        )

    def written(self) -> dict[str, str]:
        """Return it as a row of a table, which `read` reads."""
        return {
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "batch": f"{self.batch:g}",
            "attachments": " ".join(self.attachments),
            "units": " ".join(f"{name}={unit:g}" for name, unit in self.units.items()),
        }

    def recipe(self, space: SearchSpace) -> Recipe:
        """Return the recipe in a search space; what the space does not offer stays as in its reference.

        Args:
            space: has the optimizer.
        """
        optimizer = next(choice for choice in space.optimizers if choice.name() == self.optimizer)
        point: dict[str, Any] = space.point(space.reference(optimizer))
        if self.schedule in {choice.name() for choice in space.schedules}:
            point["schedule"] = self.schedule
        offered = (*space.regularizers, *space.wrappers)
        point |= {f"{choice.axis}.{choice.name()}": choice.name() in self.attachments for choice in offered}
        point |= {name: unit for name, unit in self.units.items() if name in point}
        if "batch_size" in point:
            point["batch_size"] = space.batch_size.to_unit(self.batch * space.batch_size.default)
        return space.recipe(point)
