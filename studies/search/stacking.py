"""Stacking: which open trials are handed over together, to train in lockstep.

It goes by the trials alone and by the order in which they were asked for, so that the same ones share a stack
for any number of workers.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studies.search.group import Group
    from studies.trials.open_trial import OpenTrial

    Entry = tuple[Group, OpenTrial]


def fewest(most: int) -> int:
    """Return for how many trials a stack pays, where it does for `most` and for half of it."""
    return max(2, most // 2)


def stacked(entries: Iterable[Entry], most: int) -> list[list[Entry]]:
    """Return trials in the lists that are handed over: a stack, or a trial by itself.

    Args:
        entries: trials with their groups, in the order of asking.
        most: trials in a stack; 0 for no stacks.
    """
    alike: dict[Hashable, list[Entry]] = {}
    for entry in entries:
        alike.setdefault(_shape(*entry) if most else id(entry[1]), []).append(entry)
    return [part for group in alike.values() for part in _parts(group, most)]


def _parts(entries: list[Entry], most: int) -> list[list[Entry]]:
    """Return alike trials in stacks of about one size; each by itself where they are too few."""
    if len(entries) < fewest(most):
        return [[entry] for entry in entries]
    count = math.ceil(len(entries) / most)
    size = math.ceil(len(entries) / count)
    return [entries[start : start + size] for start in range(0, len(entries), size)]


def _shape(group: Group, trial: OpenTrial) -> Hashable:
    """Return what trials of one stack have in common; a trial that fits none has it for itself."""
    recipe = trial.recipe
    if recipe.optimizer.needs_closure or recipe.compresses or trial.bound:
        return id(trial)
    return (group.rung, recipe.batch_size, recipe.epochs, recipe.model, trial.sample_rows, trial.split_seed)
