"""Retraining a pruned model, training for quantization, and distillation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from advisor.evidence import Evidence, Finding
from advisor.rules import Rule
from studies.facts import Facts
from studies.quantities import several

AXES: Final = {"prune": "pruning", "quantize": "quantization", "distill": "distillation"}
"""Stage to the axis of a recipe that it shows on."""


class Compression(Rule):
    """Compression is a second training, and how that is run matters more than its optimizer.

    A pruned net recovers when the original schedule is replayed from a high learning rate, with the optimizer
    it was trained with; a small constant rate recovers less. Training with rounded weights passes gradients
    straight through the rounding, and the larger the steps the more that approximation costs: sign methods,
    whose steps never shrink by themselves, suit it least. A student that matches its teacher goes on gaining
    long after ordinary training has ended.

    Caveat: no benchmark of optimizers at these stages is known to us; strengths are weak, and advice on the
    run comes as a note.
    Reference: Renda et al. 2020, arXiv 2003.02389, and Le and Hua 2021 (ICLR) on retraining; Dremov et al.
    2025, arXiv 2509.22935, on quantization; Beyer et al. 2022, arXiv 2106.05237, on distillation.
    """

    grade: ClassVar[str] = "C"
    source: ClassVar[str] = "Renda et al. 2020, arXiv 2003.02389; Beyer et al. 2022, arXiv 2106.05237"
    when: ClassVar[str] = (
        "every recipe of the records prunes, trains for quantization or distils, or the stage is said"
    )

    same_optimizer: ClassVar[float] = 0.4
    """Log-odds for the optimizer that trained the model before it was pruned, quantized or distilled from:
    weak."""
    quantized: ClassVar[Mapping[str, float]] = {
        "Momentum": 0.2,
        "Nesterov": 0.2,
        "Lion": -0.4,
        "Signum": -0.4,
    }
    """Log-odds when weights are rounded in training: weak, argued and not measured."""
    sources: ClassVar[Mapping[str, str]] = {
        "prune": "Renda et al. 2020, arXiv 2003.02389; Le and Hua 2021, ICLR",
        "quantize": "Dremov et al. 2025, arXiv 2509.22935",
        "distill": "Beyer et al. 2022, arXiv 2106.05237",
    }
    advice: ClassVar[Mapping[str, str]] = {
        "prune": "a pruned net recovers best by its whole schedule, from the full learning rate: "
        "give {} all of its {steps}",
        "quantize": "with rounded weights start {} at 1 to 10 % of the learning rate it was trained with",
        "distill": "a student goes on gaining: "
        "try {more} instead of {steps} before another optimizer than {}",
    }

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(candidates=("AdamW", "Lion"), stage="quantize", facts=Facts(steps=500)),
        Evidence(candidates=("AdamW", "Nesterov"), stage="prune", trained_by="Nesterov"),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(candidates=("AdamW", "Lion")),
        Evidence(candidates=("AdamW", "Lion"), stage="train"),
    )

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield who is favoured at this stage, and a note on how to run it."""
        stage = stage_of(evidence)
        if stage not in self.advice:
            return
        steps = evidence.facts.steps
        for name in evidence.optimizers:
            more = several(math.ceil(1.5 * steps), "step")
            because = self.advice[stage].format(name, steps=several(steps, "step"), more=more)
            yield self.finding(name, "note", because, source=self.sources[stage])
            if name == evidence.trained_by:
                weights = (
                    f"the model that this starts from, of {several(evidence.facts.parameters, 'weight')}"
                )
                because = f"{name} trained {weights}, and to keep it is safest"
                yield from self.prior(name, self.same_optimizer, because)
            if stage == "quantize" and (strength := self.quantized.get(name)):
                trait = (
                    "shrink with the gradient"
                    if strength > 0
                    else "are as long for a small gradient as for a large one"
                )
                because = (
                    f"{name}'s steps {trait}, and in {several(steps, 'step')} on rounded weights "
                    "small ones are wanted"
                )
                yield from self.prior(name, strength, because)


def stage_of(evidence: Evidence) -> str:
    """Return the stage of the evidence, else the one that all trained recipes share; else train.

    What was compressed after the search says nothing: its training came before.
    """
    trained = [record for record in evidence.records if record.stage != "compress"]
    if evidence.stage or not trained:
        return evidence.stage or "train"
    shared = (
        stage
        for stage, axis in AXES.items()
        if all(_trains(record.params.get(axis), axis) for record in trained)
    )
    return next(shared, "train")


def _trains(choice: object, axis: str) -> bool:
    """Tell whether a recipe's choice on an axis changes its training; rounding weights after it does not."""
    name = str(choice or "none").lower()
    return name != "none" and (axis != "quantization" or "aware" in name or "qat" in name)
