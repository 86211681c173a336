"""Convolutional nets with batch norm that are trained long and tuned well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from advisor.evidence import Evidence
from advisor.report.numbers import number, percent
from advisor.rules import PriorRule
from studies.facts import Facts


class LongRun(PriorRule):
    """On convolutional nets with batch norm, momentum wins in the end, for those who can pay for the tuning.

    After a thorough search the best runs of AlgoPerf's ResNet-50, U-Net and graph net were set with heavy
    ball or Nesterov, not Adam, and in its competition but one entry beat the ResNet's. With few trials or few
    steps the sign turns: see Convergence.

    Caveat: an Adam with a tuned epsilon contains momentum as a limit (Choi et al. 2019), so it is the price
    of tuning that differs.
    Reference: AlgoPerf, Dahl et al. 2023, arXiv 2306.07179, and Kasimbeg et al. 2025, arXiv 2502.15015; Choi
    et al. 2019, arXiv 1910.05446.
    """

    grade: ClassVar[str] = "A"
    source: ClassVar[str] = "AlgoPerf's targets, arXiv 2306.07179, 2502.15015"

    convolution_share: ClassVar[float] = 0.3
    """Share of the parameters in kernels from which a net is a convolutional one (judged; a ResNet-18 has
    over nine tenths)."""
    trials: ClassVar[int] = 15
    """Trials an optimizer from which tuning is thorough: the best of 15 random recipes is near the best there
    is."""
    steps: ClassVar[int] = 20_000
    """Steps from which a run is long; AlgoPerf's take tens of thousands and more."""
    when: ClassVar[str] = (
        f"over {percent(convolution_share)} of the parameters in convolutions, batch norm, "
        f"at least {trials} trials an optimizer and {steps:,} steps a run"
    )
    strengths: ClassVar[Mapping[str, float]] = {"Nesterov": 0.6, "Momentum": 0.5}
    """Log-odds: between weak and moderate, on top of their base rates for such nets."""
    helps: ClassVar[str] = "{} set the best published runs of such nets"

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(
            facts=Facts(convolution_share=0.95, has_batchnorm=True, steps=50_000),
            candidates=("AdamW", "Nesterov"),
            planned_trials=40,
        ),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(
            facts=Facts(convolution_share=0.95, has_batchnorm=True, steps=2000),
            candidates=("AdamW", "Nesterov"),
            planned_trials=40,
        ),
        Evidence(
            facts=Facts(convolution_share=0.95, has_batchnorm=True, steps=50_000),
            candidates=("AdamW", "Nesterov"),
        ),
    )

    def holds(self, evidence: Evidence) -> str | None:
        """Return how long and how often it is trained."""
        facts, each = evidence.facts, evidence.trials_each
        fits = facts.has_batchnorm and facts.convolution_share > self.convolution_share
        if not fits or each < self.trials or facts.steps < self.steps:
            return None
        effort = f"{number(each)} trials an optimizer and {facts.steps:,} steps a run"
        return f"a convolutional net with batch norm, {effort}"
