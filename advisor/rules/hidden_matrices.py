"""How much of the model Muon steps on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from advisor.evidence import Evidence
from advisor.report.numbers import percent, share_beside
from advisor.rules import PriorRule
from studies.facts import Facts


class HiddenMatrices(PriorRule):
    """Muon's step is for hidden weights; what it leaves to AdamW it cannot do better than AdamW.

    Where hidden weights and kernels are less than half of the model, the partner does most of the work, and
    little remains of Muon's lead; below 30 % it does not enter at all.

    Caveat: parameters are not importance: a small body between large tables may decide everything.
    Reference: Jordan et al. 2024, github.com/KellerJordan/Muon; Liu et al. 2025, arXiv 2502.16982.
    """

    grade: ClassVar[str] = "C"
    source: ClassVar[str] = "Jordan et al. 2024, github.com/KellerJordan/Muon"

    share: ClassVar[float] = 0.5
    """Share of the parameters in hidden weights and kernels below which the partner does most of the work:
    half (judged)."""
    embedding_share: ClassVar[float] = 0.5
    """Share in embeddings from which the tables are judged by the rows that a batch touches, and not here
    again."""
    when: ClassVar[str] = (
        f"less than {percent(share)} of the parameters are hidden weights or kernels, "
        f"and less than {percent(embedding_share)} embeddings"
    )
    strengths: ClassVar[Mapping[str, float]] = {"Muon": -0.4}
    """Log-odds: weak, about what its base rate is above AdamW's."""
    hurts: ClassVar[str] = "{} leaves the rest, and most of its lead, to AdamW"

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(matrix_share=0.3, convolution_share=0.1), candidates=("AdamW", "Muon")),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(matrix_share=0.6), candidates=("AdamW", "Muon")),
        Evidence(facts=Facts(matrix_share=0.1, embedding_share=0.8), candidates=("AdamW", "Muon")),
    )

    def holds(self, evidence: Evidence) -> str | None:
        """Return how small the share is."""
        facts = evidence.facts
        share = facts.matrix_share + facts.convolution_share
        if share >= self.share or facts.embedding_share >= self.embedding_share:
            return None
        few = f"(few is below {percent(self.share)})"
        return f"{share_beside(share, self.share)} of the parameters are hidden weights or kernels {few}"
