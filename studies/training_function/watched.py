"""Watched recipe: notes what a training function reads of it, to tell what a search over it would move."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from studies.recipe import Recipe

if TYPE_CHECKING:
    from studies.choice import Choice
    from studies.training_function.run import FunctionRun

WATCHED: Final = ("optimizer", "schedule")
"""Axes of which it is noted what is read of the choice itself."""
OF_ITS_KIND: Final = ("make", "name", "in_torch")
"""What is read of an optimizer by a function that makes it itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Uses:
    """Uses: what a training function did with its recipe in its first epoch."""

    axes: frozenset[str]
    """Attributes of the recipe that it read."""
    of_optimizer: frozenset[str]
    """Attributes of the optimizer that it read."""
    of_schedule: frozenset[str]
    """Attributes of the schedule that it read."""
    runs_optimizer: bool
    """Whether it stepped an optimizer that `build` made, or makes one of the kind by itself."""

    @classmethod
    def of(cls, run: FunctionRun, read: set[str]) -> Uses:
        """Return the uses in a run of a watched recipe."""
        from studies.optim.made import made_by_a_choice

        of_choice = {axis: frozenset(_below(axis, read)) for axis in WATCHED}
        stepped = any(made_by_a_choice(optimizer) for optimizer in run.optimizers.values())
        by_itself = not of_choice["optimizer"].isdisjoint(OF_ITS_KIND)
        return cls(
            axes=frozenset(name for name in read if "." not in name),
            of_optimizer=of_choice["optimizer"],
            of_schedule=of_choice["schedule"],
            runs_optimizer="optimizer" in read and (stepped or by_itself),
        )


class Watched(Recipe):
    """A recipe that notes what is read of it: axes, and `optimizer.lr` of their choices."""

    def __getattribute__(self, name: str) -> Any:
        read = object.__getattribute__(self, "__dict__").get("read")
        value = object.__getattribute__(self, name)
        if read is None:
            return value
        read.add(name)
        return _watched_choice(value, name, read) if name in WATCHED else value


def watched(recipe: Recipe) -> tuple[Watched, set[str]]:
    """Return the recipe as one that notes what is read of it, and what was read so far."""
    copy = Watched(**{f.name: getattr(recipe, f.name) for f in dataclasses.fields(recipe)})
    read: set[str] = set()
    object.__setattr__(copy, "read", read)
    return copy, read


def _watched_choice(choice: Choice, axis: str, read: set[str]) -> Choice:
    """Return a stand-in for a choice: the same in every respect, but that reading it is noted."""

    def note(_: Choice, name: str) -> Any:
        if not name.startswith("_"):
            read.add(f"{axis}.{name}")
        return getattr(choice, name)

    kind: Any = type(choice)
    watched_kind: Any = type(kind)(kind.__name__, (kind,), {"__getattribute__": note})
    stand_in: Choice = object.__new__(watched_kind)
    return stand_in


def _below(axis: str, read: set[str]) -> list[str]:
    return [name.removeprefix(f"{axis}.") for name in read if name.startswith(f"{axis}.")]
