"""Stack of trials: those that fit one another train in lockstep, the others one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from studies.lockstep.lockstep import Ending
from studies.lockstep.together import advance_together
from studies.trials.trial import Outcome, Trial


def advance_trials(
    trials: Sequence[Trial], epochs: int, *, fewest: int, stop: Callable[[], bool]
) -> list[Outcome | None]:
    """Train trials until `epochs` epochs are done; return for each None when it got there, else why not.

    Args:
        trials: of one study, begun or not.
        epochs: where they pause, counted from the start of each.
        fewest: trials for which a stack pays.
        stop: asked before every step.
    """
    outcomes = [trial.begun() for trial in trials]
    runs = [trial.training for trial in trials if trial.training is not None]
    endings = dict(zip(map(id, runs), advance_together(runs, epochs, fewest=fewest, stop=stop), strict=True))
    return [
        outcome or _outcome(trial, endings.get(id(trial.training)), epochs, stop)
        for trial, outcome in zip(trials, outcomes, strict=True)
    ]


def _outcome(trial: Trial, ending: Ending | None, epochs: int, stop: Callable[[], bool]) -> Outcome | None:
    """Return the outcome of a trial by how its run ended in a stack; None for one that was in none."""
    if ending is None:
        return trial.advance(epochs, stop=stop)
    return trial.settled(partial(_arrived, ending))


def _arrived(ending: Ending) -> bool:
    if isinstance(ending, Exception):
        raise ending
    return ending
