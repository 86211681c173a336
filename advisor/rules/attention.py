"""Attention needs a step size for each block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from advisor.evidence import Evidence
from advisor.rules import PriorRule
from studies.facts import Facts
from studies.quantities import several


class Attention(PriorRule):
    """The blocks of a transformer differ in curvature by orders of magnitude: one step size fits none.

    Query, key and value, feed-forward and norm blocks have Hessians of unlike spectra; where they are alike,
    as in convolutional nets, SGD keeps up with Adam, and where they are not it falls behind. With a handful
    of rows in a batch the gap closes, and SGD with its empty state comes within reach. For transformers on
    text the published base rates hold the first already, so there only small batches are spoken of.

    Caveat: part of the gap comes from rare words, which Imbalance and SparseRows speak of.
    Reference: Zhang et al. 2024, arXiv 2402.16788; AlgoPerf's ViT, Conformer and WMT targets, arXiv
    2306.07179, all set by the Adam family; on batches of a few rows Marek et al. 2025, arXiv 2507.07101.
    """

    grade: ClassVar[str] = "A"
    source: ClassVar[str] = (
        "Zhang et al. 2024, arXiv 2402.16788; AlgoPerf's transformer targets, arXiv 2306.07179"
    )

    small_batch: ClassVar[int] = 8
    """Rows in a batch up to which SGD is within reach: near AdamW at 1, behind from tens on (Marek et
    al.)."""
    when: ClassVar[str] = (
        "the model has attention and no text for input; "
        f"or a batch of at most {small_batch} rows, where SGD gains"
    )
    strengths: ClassVar[Mapping[str, float]] = {
        "AdamW": 0.4, "Adam": 0.4, "NAdamW": 0.4, "Muon": 0.4, "SOAP": 0.4, "ScheduleFreeAdamW": 0.4,
        "SGD": -1.2, "Momentum": -1.0, "Nesterov": -1.0, "ScheduleFreeSGD": -1.0,
    }  # fmt: skip
    """Log-odds: the Adam family set every transformer target, so the gap to descent is strong, within the
    family there is none."""
    tiny: ClassVar[Mapping[str, float]] = {"SGD": 0.4, "Adafactor": 0.4}
    """And in batches of a few rows: weak, from language models alone."""
    tiny_text: ClassVar[Mapping[str, float]] = {"SGD": 1.2, "Adafactor": 0.4}
    """The same on text, where it takes back half of what the base rates hold against SGD: those are of large
    batches."""
    hurts: ClassVar[str] = "{} has one step size for all of them"

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(has_attention=True, batch_size=64), candidates=("AdamW", "SGD")),
        Evidence(facts=Facts(has_attention=True, batch_size=2), candidates=("AdamW", "SGD")),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(batch_size=64), candidates=("AdamW", "SGD")),
        Evidence(facts=Facts(has_attention=True, kind="text", batch_size=64), candidates=("AdamW", "SGD")),
    )

    def holds(self, evidence: Evidence) -> str | None:
        """Return that there is attention, and how large the batch is."""
        facts = evidence.facts
        if not facts.has_attention:
            return None
        if facts.batch_size > self.small_batch and facts.kind == "text":
            return None
        rows = several(facts.batch_size, "row")
        if facts.batch_size <= self.small_batch:
            return f"the model has attention, but a batch has only {rows}, where little state is enough"
        return f"the model has attention, whose blocks want steps of their own, in batches of {rows}"

    def table(self, evidence: Evidence) -> Mapping[str, float]:
        """Return the side that the batch lies on."""
        if evidence.facts.batch_size > self.small_batch:
            return self.strengths
        return self.tiny_text if evidence.facts.kind == "text" else self.tiny
