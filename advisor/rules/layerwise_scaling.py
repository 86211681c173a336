"""LARS and LAMB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from advisor.evidence import Evidence
from advisor.rules import PriorRule
from studies.facts import Facts
from studies.quantities import several


class LayerwiseScaling(PriorRule):
    """LARS and LAMB were made for huge batches, and even there tuned Nesterov and Adam do as well.

    Huge is tens of thousands of rows. In smaller batches their scaling of a layer's step to its norm solves
    nothing and takes away a freedom.

    Caveat: on accelerators by the hundred their settings are published and others' are not; that is a reason
    too.
    Reference: Nado et al. 2021, arXiv 2102.06356; You et al. 2017, arXiv 1708.03888; You et al. 2020, arXiv
    1904.00962.
    """

    grade: ClassVar[str] = "A"
    source: ClassVar[str] = "Nado et al. 2021, arXiv 2102.06356"

    batch: ClassVar[int] = 8192
    """Rows in a batch from which the two were proposed; from there on they count as no worse than others."""
    when: ClassVar[str] = f"a batch has less than {batch:,} rows"
    strengths: ClassVar[Mapping[str, float]] = {"LARS": -0.8, "LAMB": -0.6}
    """Log-odds: moderate; they lost to tuned Nesterov and Adam where they were at home."""
    hurts: ClassVar[str] = "{} is made for larger ones, and not needed there either"

    hits: ClassVar[tuple[Evidence, ...]] = (Evidence(candidates=("AdamW", "LARS", "LAMB")),)
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(candidates=("AdamW", "Nesterov")),
        Evidence(facts=Facts(batch_size=32_768), candidates=("AdamW", "LARS")),
    )

    def holds(self, evidence: Evidence) -> str | None:
        """Return how small the batch is."""
        batch = evidence.facts.batch_size
        if batch >= self.batch:
            return None
        return f"a batch has {several(batch, 'row')} (large is from {self.batch:,})"
