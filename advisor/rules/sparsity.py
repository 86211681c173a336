"""Sparse inputs favour a step size for every coordinate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from advisor.evidence import Evidence, Finding
from advisor.rules import Rule
from advisor.wording import percent
from studies.facts import Facts


class Sparsity(Rule):
    """Rare columns get few gradients; an optimizer that remembers how few makes each of them count.

    With bags of words, one-hot columns or large embedding tables most entries of a gradient are zero. Adagrad divides by the root
    of what each coordinate has seen, so a rare one keeps a large step; one step size for all leaves rare columns behind, and a
    step of the same size for every coordinate (Lion, Muon) spends it on noise.

    Caveat: a table of dummies from a few categories is sparse without rare columns; there the effect is small.
    Reference: Duchi, Hazan and Singer 2011, JMLR 12; AlgoPerf's Criteo target was set by NAdamW, arXiv 2306.07179.
    """

    grade: ClassVar[str] = "A"
    source: ClassVar[str] = "Duchi et al. 2011, JMLR 12; AlgoPerf's Criteo target, arXiv 2306.07179"

    density: ClassVar[float] = 0.1
    """Non-zero share below which inputs count as sparse: bags of words and one-hot tables lie below, images and tables above."""
    embedding_share: ClassVar[float] = 0.5
    """Share of the parameters in embeddings above which their gradients dominate: half."""
    strengths: ClassVar[Mapping[str, float]] = {
        "Adagrad": 0.8, "RowwiseAdagrad": 0.8, "SparseAdam": 0.8, "Adam": 0.4, "AdamW": 0.4, "NAdamW": 0.4,
        "SGD": -0.8, "Momentum": -0.8, "Nesterov": -0.8, "Lion": -0.4, "Muon": -0.4,
    }  # fmt: skip
    """Log-odds, quantised to weak and moderate: Adagrad's regret bound and Criteo's winner for; against, the SGD family and Lion,
    worst of nine on a bag of words with Zipf-distributed classes."""

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(input_density=0.02), candidates=("AdamW", "Adagrad", "SGD")),
        Evidence(facts=Facts(embedding_share=0.9), candidates=("AdamW", "Adagrad", "SGD")),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(input_density=0.6), candidates=("AdamW", "Adagrad", "SGD")),
        Evidence(facts=Facts(input_density=0.02), candidates=("RMSprop",)),
    )

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each optimizer that sparsity helps or hurts."""
        facts = evidence.facts
        if facts.input_density < self.density:
            cause = f"{percent(facts.input_density)} of the input entries are non-zero (sparse is below {percent(self.density)})"
        elif facts.embedding_share > self.embedding_share:
            cause = f"{percent(facts.embedding_share)} of the parameters are embeddings (above {percent(self.embedding_share)})"
        else:
            return
        for name in evidence.optimizers:
            strength = self.strengths.get(name, 0.0)
            effect = "for {}, whose step for each coordinate keeps rare ones learning"
            if strength < 0:
                effect = "against {}, which leaves rare ones behind"
            yield from self.prior(name, strength, f"{cause}: this speaks {effect.format(name)}")
