"""Learning-rate range test: the lr at which a rising ramp diverges.

It is a first guess at the right lr, to centre a search and never to replace it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from studies import catalogue
from studies.optimizers import OptimizerChoice
from studies.profiling.probes.bench import Bench, Question, Unsuited

STEPS: Final = 85
FEWEST: Final = 40
"""Steps before which hardly a ramp diverges."""
DECADES: Final = (-1.0, 4.0)
"""From a tenth of an optimizer's usual lr to ten thousand times it."""
SMOOTHING: Final = 0.9
EXPLODED: Final = 4.0
"""Times the lowest smoothed loss so far, and above the first: there the ramp has diverged (Smith 2017, arXiv
1506.01186)."""
MARGIN: Final = {"SGD": 1.3, "Nesterov": 3.2, "AdamW": 1.5, "Muon": 2.9}
"""The tuned lr is where the ramp diverged over ten times this, in the mean of eight small tasks, and off by a
factor of two."""


def ask(bench: Bench) -> dict[str, float]:
    """Return the lr that a ramp suggests for a few representative optimizers.

    Those that did not diverge in time are left out.
    """
    bench.check_time(FEWEST * bench.facts.batch_size)
    lrs = {}
    for name, margin in MARGIN.items():
        choice = catalogue.find("optimizer", name)
        if not issubclass(choice, OptimizerChoice) or choice.misfit(bench.facts):
            continue
        if (lr := _ramp(choice.from_fields({}), bench)) is not None:
            lrs[name] = lr / (10 * margin)
    if not lrs:
        raise Unsuited("no ramp diverged in the time there was")
    return lrs


def _ramp(choice: OptimizerChoice, bench: Bench) -> float | None:
    model = bench.model()
    optimizer = choice.build(model, STEPS)
    usual = [float(group["lr"]) for group in optimizer.param_groups]

    def step(factor: float) -> float:
        for group, lr in zip(optimizer.param_groups, usual, strict=True):
            group["lr"] = factor * lr
        loss = bench.backward(model, bench.batch(bench.facts.batch_size))
        optimizer.step()
        return loss

    factor = divergence(step, until=lambda: not bench.has_time_for(bench.facts.batch_size))
    return None if factor is None else factor * choice.lr


def divergence(step: Callable[[float], float], *, until: Callable[[], bool] = lambda: False) -> float | None:
    """Return the factor on the lr at which the loss exploded, None when it did not.

    Args:
        step: trains one step at this factor on the usual lr and returns the loss before it.
        until: asked before every step; no answer is given once it says yes.
    """
    low, high = DECADES
    lowest, smooth, first = math.inf, 0.0, None
    for number in range(STEPS):
        if until():
            return None
        factor = 10 ** (low + (high - low) * number / (STEPS - 1))
        loss = step(factor)
        first = loss if first is None else first
        smooth = SMOOTHING * smooth + (1 - SMOOTHING) * loss
        level = smooth / (1 - SMOOTHING ** (number + 1))
        if not math.isfinite(level) or level > max(EXPLODED * lowest, first):
            return factor
        lowest = min(lowest, level)
    return None


PROBE = Question(how=f"up to {STEPS} steps each with a rising lr, until the loss exploded", ask=ask)
