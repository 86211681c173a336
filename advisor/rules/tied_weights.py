"""One tensor as embedding and as output layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from advisor.evidence import Evidence, Finding
from advisor.report.numbers import percent
from advisor.rules import Rule
from studies.facts import Facts


class TiedWeights(Rule):
    """A tied table has two dimensions and looks like a hidden weight, but Muon's step is not for it.

    The advisor counts it as an embedding and hands it to AdamW. Code that picks Muon's parameters by their
    shape takes it along and orthogonalises a whole vocabulary.

    Caveat: none known.
    Reference: github.com/KellerJordan/Muon, pull request 22, on embedding weights that were taken for hidden
    ones.
    """

    grade: ClassVar[str] = "C"
    source: ClassVar[str] = "github.com/KellerJordan/Muon, pull request 22"
    when: ClassVar[str] = "one tensor serves as embedding and as output layer"
    subjects: ClassVar[tuple[str, ...]] = ("Muon",)

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(tied_weights=True, embedding_share=0.3), candidates=("AdamW", "Muon")),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(embedding_share=0.3), candidates=("AdamW", "Muon")),
    )

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield who steps on the tied table."""
        facts = evidence.facts
        if facts.tied_weights:
            because = (
                "embedding and output layer are one tensor, and "
                f"{percent(facts.embedding_share)} of the parameters are embeddings: "
                "{} leaves it to AdamW here, and so must code of your own"
            )
            yield from self.remark(evidence, self.subjects, because)
