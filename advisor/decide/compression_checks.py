"""Checks of the compression: fine-tuning beside its control, and more than one seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from advisor.compressed_model import CompressedModel
from advisor.decide.compressed import command
from advisor.evidence import Evidence
from advisor.statements.check import Check
from advisor.statements.compression_checks import CompressionSeeds, FineTuningControl

SEEDS: Final = 2
"""Trained models that a compression needs to be measured on before what it loses is more than luck."""


def compression_controls(evidence: Evidence, compressed: Sequence[CompressedModel]) -> tuple[Check, ...]:
    """Ask whether what further training gives by itself was told apart from what compression costs."""
    tuned = [model for model in compressed if model.finetuned and not model.control]
    if not tuned:
        return ()
    bare = [model for model in tuned if not model.control_trials]
    return (
        FineTuningControl(
            trials=bare[0].trials if bare else (),
            tuned=len(tuned),
            bare=len(bare),
            first=bare[0].name if bare else "",
            passed=not bare,
            command=command(evidence) if bare else "",
        ),
    )


def compression_seeds(evidence: Evidence, advised: CompressedModel | None) -> tuple[Check, ...]:
    """Ask whether the advised compression was measured on more than one trained model."""
    if advised is None:
        return ()
    passed = len(advised.seeds) >= SEEDS
    return (
        CompressionSeeds(
            trials=advised.trials,
            model=advised.name,
            seeds=len(advised.seeds),
            wanted_seeds=SEEDS,
            passed=passed,
            command="" if passed else command(evidence),
        ),
    )
