"""Layers whose gradients differ in size by orders of magnitude."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from advisor.evidence import Evidence, Finding
from advisor.report.numbers import number
from advisor.rules import Rule
from studies.facts import Facts


class BlockHeterogeneity(Rule):
    """Where gradients of layers differ many times over, one step size for all layers is a compromise.

    The published predictor of SGD's gap to Adam is how unlike the Hessian spectra of blocks are; the ratio of
    gradients is a cheap stand-in. It is a warning and no more: over eight small tasks it did not rank the gap
    between Nesterov and AdamW (rank correlation -0.14), so it carries no strength.

    Caveat: a ratio at the start of training may be gone after a hundred steps.
    Reference: Zhang et al. 2024, arXiv 2402.16788.
    """

    grade: ClassVar[str] = "C"
    source: ClassVar[str] = "Zhang et al. 2024, arXiv 2402.16788"

    ratio: ClassVar[float] = 20.0
    """Largest over smallest gradient RMS of a layer: 1 to 11 on ordinary nets, 11 to 22 on a small
    transformer, 53 to 69 on an embedding bag."""
    when: ClassVar[str] = f"the largest gradient RMS of a layer is over {ratio:g} times the smallest"
    subjects: ClassVar[tuple[str, ...]] = ("SGD", "Momentum", "Nesterov", "ScheduleFreeSGD")

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(layer_gradient_ratio=69.0), candidates=("AdamW", "SGD")),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(layer_gradient_ratio=6.0), candidates=("AdamW", "SGD")),
        Evidence(candidates=("AdamW", "SGD")),
    )

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a warning on every optimizer with one step size for all layers."""
        ratio = evidence.facts.layer_gradient_ratio
        if ratio is not None and ratio > self.ratio:
            because = (
                f"gradients of the layers differ by {number(ratio)} times (over {self.ratio:g} is uneven), "
                "and {} has one step size for all: watch whether every layer learns"
            )
            yield from self.remark(evidence, self.subjects, because)
