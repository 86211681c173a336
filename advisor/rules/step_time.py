"""What an optimizer's own step adds to the time of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from advisor.evidence import Evidence, Finding
from advisor.report.numbers import duration, percent
from advisor.rules import Rule
from studies.facts import Facts


class StepTime(Rule):
    """Where the optimizer is a large part of a step, a dearer one must save steps to be worth its time.

    Measured on the model itself: seconds of one step of each optimizer, beside forward and backward. What a
    factor on the time of a run costs is known, not what it earns in quality, so it carries a strength only
    under the goal speed: a weak one for each doubling.

    Caveat: seconds on a shared machine vary by tens of per cent, so small factors go unsaid; a larger batch,
    or a fused step, shrinks the optimizer's share.
    Reference: measured; that time to a target is what counts, AlgoPerf, Dahl et al. 2023, arXiv 2306.07179.
    """

    grade: ClassVar[str] = "B"
    source: ClassVar[str] = "measured on this model and machine"

    factor: ClassVar[float] = 1.5
    """Times AdamW's step, forward and backward included, from which a difference is beyond what a shared
    machine blurs (judged)."""
    doubling: ClassVar[float] = 0.4
    """Log-odds for each doubling of the time of a step under the goal speed: weak."""
    when: ClassVar[str] = (
        f"a whole step with an optimizer takes at least {factor:g} times AdamW's, "
        f"or at most {1 / factor:.2g} of it; a strength only with the goal speed"
    )

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(
            facts=Facts(
                step_seconds=1e-3,
                optimizer_share=0.4,
                optimizer_seconds={"AdamW": 4e-4, "SOAP": 8e-3, "SGD": 1e-4},
            ),
            candidates=("AdamW", "SOAP", "SGD"),
            goal="speed",
        ),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(candidates=("AdamW", "SOAP"), goal="speed"),
        Evidence(
            facts=Facts(optimizer_seconds={"AdamW": 4e-4, "SOAP": 4e-4}),
            candidates=("AdamW", "SOAP"),
            goal="speed",
        ),
    )

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield whose step makes a run clearly longer or shorter than AdamW's."""
        facts = evidence.facts
        counts = evidence.goal == "speed"
        rest = facts.step_seconds * (1 - facts.optimizer_share)
        usual = rest + facts.optimizer_seconds.get("AdamW", facts.step_seconds * facts.optimizer_share)
        for name in evidence.optimizers:
            step = facts.optimizer_seconds.get(name)
            if step is None or not usual > 0 or not rest + step > 0:
                continue
            times = (rest + step) / usual
            if 1 / self.factor < times < self.factor:
                continue
            strength = max(-1.4, min(1.4, -self.doubling * math.log2(times))) if counts else 0.0
            because = (
                f"a step with {name} takes {duration(rest + step)}, {_factor(times)} times AdamW's "
                f"{duration(usual)}, {percent(step / (rest + step))} of it the optimizer"
            )
            yield self.finding(name, "avoid" if times > 1 else "prefer", because, strength=strength)


def _factor(times: float) -> str:
    return f"{times:,.0f}" if times >= 100 else f"{times:.2g}"
