"""Sparse inputs favour a step size for every coordinate."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from advisor.evidence import Evidence
from advisor.report.numbers import percent, share_beside
from advisor.rules import Criterion, PriorRule
from studies.data.inputs import SPARSE
from studies.facts import Facts


class Sparsity(PriorRule):
    """Rare columns get few gradients; an optimizer that remembers how few makes each of them count.

    With bags of words and one-hot columns most entries of the first layer's gradient are zero. Adagrad
    divides by the root of what each coordinate has seen, so a rare one keeps a large step; one step size for
    all leaves rare columns behind, and a step of the same size for every coordinate (Lion, Muon) spends it on
    noise. A model with embeddings reads identifiers, not zeros: it is judged by the rows that a batch touches
    (SparseRows), never by both.

    Caveat: in our check on words of which 2 to 10 % stand in a row, learning rates tuned, plain descent was 0
    to 5 % behind AdamW, no more than on dense rows, and Adagrad 1 to 4 %; Lion (4 to 21 %) and Muon (13 to 19
    %, on dense rows 12 %) were clearly behind. So the published claim carries half of what the theory would
    give it. A table of dummies has no rare columns.
    Reference: Duchi, Hazan and Singer 2011, JMLR 12; AlgoPerf's Criteo target was set by NAdamW, arXiv
    2306.07179.
    """

    grade: ClassVar[str] = "B"
    source: ClassVar[str] = "Duchi et al. 2011, JMLR 12, and benchmarks/rule_checks.py"

    density: ClassVar[float] = SPARSE
    """Non-zero share below which inputs count as sparse: bags of words and one-hot tables lie below, images
    and tables above."""
    gradient_density: ClassVar[float] = 0.2
    """Non-zero share of the gradient at a batch of 16 below which it counts as sparse: on eight small
    tasks it was 0.06 with an embedding bag and 0.66 or more elsewhere; half way between on a log scale."""
    when: ClassVar[str] = (
        f"no embeddings, and less than {percent(density)} of the inputs are non-zero, "
        f"or less than {percent(gradient_density)} of the gradient's entries at a batch of 16"
    )
    strengths: ClassVar[Mapping[str, float]] = {
        "Adagrad": 0.6, "Adam": 0.4, "AdamW": 0.4, "NAdamW": 0.4,
        "SGD": -0.4, "Momentum": -0.4, "Nesterov": -0.4, "Lion": -0.6, "Signum": -0.6, "Muon": -0.4,
    }  # fmt: skip
    """Log-odds: weak, but for Adagrad, which has a regret bound to show and a low base rate to make up
    for, and for those that the check left behind."""
    helps: ClassVar[str] = "{}'s step for each coordinate keeps rare ones learning"
    hurts: ClassVar[str] = "{} leaves rare ones behind"

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(input_density=0.02), candidates=("AdamW", "Adagrad", "SGD")),
        Evidence(facts=Facts(gradient_density=0.06), candidates=("AdamW", "Adagrad", "SGD")),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(input_density=0.6), candidates=("AdamW", "Adagrad", "SGD")),
        Evidence(facts=Facts(input_density=0.02), candidates=("RMSprop",)),
        Evidence(
            facts=Facts(input_density=0.02, embedding_share=0.9), candidates=("AdamW", "Adagrad", "SGD")
        ),
    )

    def criteria(self, evidence: Evidence) -> tuple[Criterion, ...]:
        """Return the densities of inputs and gradient, which with embeddings decide nothing."""
        facts, share = evidence.facts, partial(Criterion, unit="share")
        tables = facts.embedding_share > 0
        inputs, gradient = (None, None) if tables else (self.density, self.gradient_density)
        raw = f"{_share(facts.raw_density)} of the inputs are non-zero as they came"
        density = facts.known_input_density
        scaled = f"{_share(density, self.density)} as the model reads them"
        share_of_entries = _share(facts.gradient_density, self.gradient_density)
        entries = f"{share_of_entries} of a gradient's entries are non-zero at a batch of 16"
        rows = f"{percent(facts.embedding_share)} of the parameters are embeddings, left to SparseRows"
        criteria = (
            share(figure="raw_density", words=raw, value=facts.raw_density),
            share(figure="input_density", words=scaled, value=density, threshold=inputs),
            share(figure="gradient_density", words=entries, value=facts.gradient_density, threshold=gradient),
            share(figure="embedding_share", words=rows, value=facts.embedding_share),
        )
        return criteria if tables else criteria[:-1]

    def holds(self, evidence: Evidence) -> str | None:
        """Return how few inputs, or else entries of the gradient, are not zero."""
        facts = evidence.facts
        if facts.embedding_share > 0:
            return None
        if facts.input_density < self.density:
            return (
                f"{share_beside(facts.input_density, self.density)} of the input entries are non-zero "
                f"(sparse is below {percent(self.density)})"
            )
        if facts.gradient_density is not None and facts.gradient_density < self.gradient_density:
            return (
                f"{share_beside(facts.gradient_density, self.gradient_density)} of a gradient's entries "
                f"are non-zero at a batch of 16 "
                f"(sparse is below {percent(self.gradient_density)})"
            )
        return None


def _share(share: float | None, threshold: float = 1.0) -> str:
    return "an unknown share" if share is None else share_beside(share, threshold)
