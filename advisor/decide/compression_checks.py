"""Checks of the compression: fine-tuning beside its control, and more than one seed."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.compressed_model import CompressedModel
from advisor.decide.compressed import command
from advisor.evidence import Evidence
from advisor.recommendation import Check
from advisor.report.numbers import trials
from studies.quantities import several


def compression_controls(evidence: Evidence, compressed: Sequence[CompressedModel]) -> tuple[Check, ...]:
    """Ask whether what further training gives by itself was told apart from what compression costs."""
    tuned = [model for model in compressed if model.finetuned and not model.control]
    if not tuned:
        return ()
    bare = [model for model in tuned if not model.control_trials]
    message = (
        f"{several(len(tuned), 'recipe')} with fine-tuning, each beside the same fine-tuning and nothing else"
    )
    if bare:
        first = f"the first {bare[0].name} ({trials(bare[0].trials)})"
        message = (
            f"{several(len(bare), 'recipe')} of {len(tuned)} with fine-tuning, {first}, "
            "have no run of the same fine-tuning and nothing else"
        )
    return (
        Check(
            name="fine-tuning control",
            passed=not bare,
            message=message,
            fix="fine-tune the uncompressed model alike, "
            "or further training is taken for what compression does",
            command=command(evidence),
        ),
    )


def compression_seeds(evidence: Evidence, advised: CompressedModel | None) -> tuple[Check, ...]:
    """Ask whether the advised compression was measured on more than one trained model."""
    if advised is None:
        return ()
    return (
        Check(
            name="compression seeds",
            passed=len(advised.seeds) >= 2,
            message=f"{advised.name} was measured on {several(len(advised.seeds), 'seed')} "
            f"({trials(advised.trials)})",
            fix="compress the models of the other seeds alike: what one loses may be luck",
            command=command(evidence),
        ),
    )
