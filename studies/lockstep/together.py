"""Training together: runs that fit one stack train in lockstep, the others one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from studies.lockstep.fits import stacks
from studies.lockstep.lockstep import Ending, Lockstep
from studies.lockstep.unstackable import Unstackable

if TYPE_CHECKING:
    from studies.train import Training


def advance_together(
    runs: Sequence[object], epochs: int, *, fewest: int, stop: Callable[[], bool] = lambda: False
) -> list[Ending | None]:
    """Train the runs that fit stacks until `epochs` epochs are done; return how each ended.

    None for those that fit no stack of at least `fewest` runs: by themselves they go on from where they are.

    Args:
        runs: any.
        epochs: where to pause, counted from the start of the runs.
        fewest: runs of a stack for which it pays.
        stop: asked before every step.
    """
    endings: dict[int, Ending] = {}
    for group in stacks(runs):
        endings |= _advance(group, epochs, fewest, stop)
    return [endings.get(id(run)) for run in runs]


def _advance(
    group: Sequence[Training], epochs: int, fewest: int, stop: Callable[[], bool]
) -> dict[int, Ending]:
    """Train what there is of a stack once those are out of it whose numbers would be others."""
    if len(group) < fewest:
        return {}
    lockstep = Lockstep(group)
    try:
        endings = lockstep.advance(epochs, stop=stop)
    except Unstackable as why:
        over = {id(run): ending for run, ending in lockstep.endings.items()}
        rest = [run for run in group if run not in why.runs and run not in lockstep.endings]
        return over | _advance(rest, epochs, fewest, stop) if why.runs else over
    return {id(run): ending for run, ending in zip(group, endings, strict=True)}
