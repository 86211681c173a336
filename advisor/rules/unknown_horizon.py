"""Runs whose length is not fixed in advance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from advisor.evidence import Evidence
from advisor.rules import PriorRule
from studies.facts import Facts
from studies.quantities import several


class UnknownHorizon(PriorRule):
    """A schedule that ends with the run must know when that is; averaged weights are good at any moment.

    Linear and cosine decay are worth most at their end, so a run that may be cut, or go on, loses what they
    bring. Schedule-free methods read averaged weights instead and need no end; Adagrad decays its own steps
    as it goes.

    Caveat: a warmup, a constant rate and a short decay whenever it is time (WSD), or an average beside any
    optimizer (EMA), do much the same.
    Reference: Defazio et al. 2024, arXiv 2405.15682; Haegele et al. 2024, arXiv 2405.18392; Ajroldi et al.
    2025, arXiv 2502.06761.
    """

    grade: ClassVar[str] = "B"
    source: ClassVar[str] = "Defazio et al. 2024, arXiv 2405.15682; Haegele et al. 2024, arXiv 2405.18392"
    when: ClassVar[str] = "the length of the run is not fixed in advance"

    strengths: ClassVar[Mapping[str, float]] = {
        "ScheduleFreeAdamW": 0.8,
        "ScheduleFreeSGD": 0.4,
        "Adagrad": 0.2,
    }
    """Log-odds: moderate for the method made for it, weak for its sibling, less for what decays by itself."""
    helps: ClassVar[str] = "{} needs no end to decay towards"

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(horizon_known=False, steps=5000), candidates=("AdamW", "ScheduleFreeAdamW")),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (Evidence(candidates=("AdamW", "ScheduleFreeAdamW")),)

    def holds(self, evidence: Evidence) -> str | None:
        """Return that the end is open."""
        facts = evidence.facts
        return (
            None
            if facts.horizon_known
            else f"the end of the run is open (the {several(facts.steps, 'step')} are a plan)"
        )
