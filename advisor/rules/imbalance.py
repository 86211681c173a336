"""Many classes, most of them rare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from advisor.evidence import Evidence
from advisor.report.numbers import number
from advisor.rules import PriorRule
from studies.facts import Facts


class Imbalance(PriorRule):
    """With a heavy tail of rare classes, gradient descent learns these hardly at all.

    It learns the frequent ones first. Under gradient flow the loss of a class falls at a rate proportional to
    its share of the rows; under sign descent, and with it under Adam, the rate does not depend on that share.
    Seen with language models, convolutional nets and linear models alike. On Gaussian clouds with
    Zipf-distributed classes, each optimizer at the best of nine learning rates, AdamW came first and
    Nesterov's loss was 3 to 10 % higher; with equal classes the two were level. Lion, though a sign method,
    came last there and gets nothing.

    Caveat: weaker when the metric ignores rare classes, and absent with few classes, where the rare ones are
    a small part of the loss; class weights remove the cause.
    Reference: Kunstner et al. 2024, arXiv 2402.19449.
    """

    grade: ClassVar[str] = "A"
    source: ClassVar[str] = "Kunstner et al. 2024, arXiv 2402.19449, and benchmarks/rule_checks.py"

    imbalance: ClassVar[float] = 100.0
    """Rows of the largest class over those of the smallest from which the tail is heavy: the check had 100
    and 250."""
    entropy: ClassVar[float] = 0.85
    """Label entropy over log(classes) below which most rows lie in few classes: 0.80 and 0.73 in the
    check."""
    classes: ClassVar[int] = 20
    """Classes from which there is a tail: with 100 and 150 Nesterov's loss was 3 to 10 % above AdamW's,
    with ten 2 %, with two and three nothing beyond noise."""
    when: ClassVar[str] = (
        f"{classes} classes or more, the largest at least {imbalance:g} times the smallest, "
        f"label entropy below {entropy:g} of 1"
    )
    strengths: ClassVar[Mapping[str, float]] = {
        "AdamW": 0.8, "Adam": 0.8, "NAdamW": 0.8, "ScheduleFreeAdamW": 0.6, "Muon": 0.4,
        "SGD": -0.8, "Momentum": -0.8, "Nesterov": -0.8,
    }  # fmt: skip
    """Log-odds, moderate both ways: the published gap is large in training loss, a few per cent in our
    check."""
    helps: ClassVar[str] = "{} learns rare classes as fast as frequent ones"
    hurts: ClassVar[str] = "{} learns a class at a rate proportional to its share"

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(
            facts=Facts(classes=100, class_imbalance=250.0, label_entropy=0.73), candidates=("AdamW", "SGD")
        ),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(
            facts=Facts(classes=100, class_imbalance=5.0, label_entropy=0.97), candidates=("AdamW", "SGD")
        ),
        Evidence(
            facts=Facts(classes=2, class_imbalance=250.0, label_entropy=0.04), candidates=("AdamW", "SGD")
        ),
    )

    def holds(self, evidence: Evidence) -> str | None:
        """Return how uneven the classes are."""
        facts = evidence.facts
        heavy = facts.class_imbalance >= self.imbalance and facts.label_entropy < self.entropy
        if facts.classes < self.classes or not heavy:
            return None
        largest = (
            f"the largest of {facts.classes} classes is {number(facts.class_imbalance)} times the smallest"
        )
        tail = f"(heavy-tailed: from {self.imbalance:g} and below {self.entropy:g})"
        return f"{largest} and the label entropy {facts.label_entropy:.2f} of 1 {tail}"
