"""Training that starts from trained weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from advisor.evidence import Evidence, Finding
from advisor.rules import PriorRule
from studies.facts import Facts
from studies.quantities import several


class FineTuning(PriorRule):
    """Trained weights are best moved on by the kind of optimizer that trained them.

    For most published ones that is AdamW. Models pretrained with AdamW and fine-tuned with Muon, or the
    other way round, came out behind those that kept theirs. When it is known which optimizer trained the
    weights, that one is favoured and nothing is assumed.

    Caveat: convolutional nets with batch norm were mostly pretrained with momentum, so nothing is said of
    them unless it is known.
    Reference: Liu et al. 2025, arXiv 2502.16982, on the mismatch between pretraining and fine-tuning.
    """

    grade: ClassVar[str] = "C"
    source: ClassVar[str] = "Liu et al. 2025, arXiv 2502.16982"
    when: ClassVar[str] = (
        "training starts from trained weights, of a model other than a convolutional net with batch norm"
    )

    strengths: ClassVar[Mapping[str, float]] = {
        "AdamW": 0.4,
        "Adam": 0.4,
        "NAdamW": 0.2,
        "Muon": -0.4,
        "SGD": -0.2,
    }
    """Log-odds: weak, from one paper on language models and from custom."""
    known: ClassVar[float] = 0.6
    """And for the very optimizer that trained the weights."""
    helps: ClassVar[str] = "{} is what most published ones are trained with, or near it"
    hurts: ClassVar[str] = "{} is unlike what most published ones are trained with"

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(pretrained=True), candidates=("AdamW", "Muon")),
        Evidence(facts=Facts(pretrained=True), candidates=("AdamW", "Muon"), trained_by="Muon"),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(candidates=("AdamW", "Muon")),
        Evidence(
            facts=Facts(pretrained=True, convolution_share=0.9, has_batchnorm=True),
            candidates=("AdamW", "Muon"),
        ),
    )

    def holds(self, evidence: Evidence) -> str | None:
        """Return what the run starts from."""
        facts = evidence.facts
        convolutional = facts.has_batchnorm and facts.convolution_share > 0
        if not facts.pretrained or evidence.stage or (convolutional and not evidence.trained_by):
            return None
        by = f", trained by {evidence.trained_by}" if evidence.trained_by else " (by what is not said)"
        return f"the run starts from trained weights, {several(facts.parameters, 'parameter')}{by}"

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield the optimizer that trained the weights where that is known, else the usual ones."""
        if not evidence.trained_by:
            yield from super().__call__(evidence)
        elif evidence.trained_by in evidence.optimizers and (cause := self.holds(evidence)):
            because = f"{cause}, and going on with the same is safest"
            yield from self.prior(evidence.trained_by, self.known, because)
