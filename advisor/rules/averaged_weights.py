"""Schedule-free optimizers beside batch norm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from advisor.evidence import Evidence, Finding
from advisor.rules import Rule
from studies.facts import Facts


class AveragedWeights(Rule):
    """Batch norm keeps statistics of weights that a schedule-free optimizer then replaces by their average.

    The advisor takes the statistics anew before each evaluation, so its numbers hold; a training loop of your
    own has to do the same, or the averaged weights look far worse than they are.

    Caveat: none for nets without batch norm, whose other norms keep no statistics.
    Reference: Defazio et al. 2024, arXiv 2405.15682, and the notes of
    github.com/facebookresearch/schedule_free.
    """

    grade: ClassVar[str] = "C"
    source: ClassVar[str] = "github.com/facebookresearch/schedule_free"

    passes: ClassVar[str] = "20 to 50"
    """Forward passes in training mode that its authors advise before an evaluation."""
    when: ClassVar[str] = "the model has batch norm"
    subjects: ClassVar[tuple[str, ...]] = ("ScheduleFreeAdamW", "ScheduleFreeSGD")

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(has_batchnorm=True), candidates=("AdamW", "ScheduleFreeAdamW")),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(candidates=("AdamW", "ScheduleFreeAdamW")),
        Evidence(facts=Facts(has_batchnorm=True), candidates=("AdamW",)),
    )

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield how to evaluate."""
        if evidence.facts.has_batchnorm:
            because = (
                f"the model has batch norm: in a loop of your own run {self.passes} forward passes in "
                "training mode before you evaluate what {} averaged (the advisor does)"
            )
            yield from self.remark(evidence, self.subjects, because)
