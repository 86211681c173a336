"""Training now: tells whoever listens which trials are being trained, whenever that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from studies.record import Stage
from studies.search.event import Event, Training

if TYPE_CHECKING:
    from studies.search.stacking import Entry
    from studies.trials.open_trial import OpenTrial


class HasTrial(Protocol):
    """Work on one open trial."""

    @property
    def trial(self) -> OpenTrial:
        """Return the trial."""


@dataclass(kw_only=True)
class TrainingNow:
    """Training now, as it was told last.

    Args:
        listen: told of every change; not that nothing trains, which the ends of trials say.
    """

    listen: Callable[[Event], None]
    _tasks: frozenset[int] = frozenset()

    def tell(self, tasks: Iterable[int], training: Callable[[], Iterable[tuple[Stage, Training]]]) -> None:
        """Tell what is trained unless that was told.

        Args:
            tasks: the engine's handles of what runs.
            training: returns the trials in them, each with its stage.
        """
        now = frozenset(tasks)
        if now == self._tasks:
            return
        self._tasks = now
        trials = list(training())
        if trials:
            self.listen(Event(stage=trials[0][0], training=tuple(each for _, each in trials)))


def trials_in(
    running: Mapping[int, tuple[list[Entry], Any]], rungs: Sequence[int]
) -> Iterator[tuple[Stage, Training]]:
    """Yield the trials in what a search has running, each with its stage.

    Args:
        running: by the engine's handles: trials with their groups, and the task.
        rungs: epochs at which trials are compared.
    """
    for task, (entries, _) in running.items():
        for group, trial in entries:
            name, epochs = trial.recipe.optimizer.name(), rungs[group.rung]
            yield trial.stage, Training(task=task, number=trial.number, optimizer=name, epochs=epochs)


def compressions_in(running: Mapping[int, HasTrial]) -> Iterator[tuple[Stage, Training]]:
    """Yield what is compressed at this moment, by the engine's handles."""
    for task, work in running.items():
        recipe = work.trial.recipe
        name, params = recipe.optimizer.name(), recipe.to_params()
        yield "compress", Training(task=task, number=-1, optimizer=name, epochs=0, params=params)
