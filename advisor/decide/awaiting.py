"""Awaited compression: the optimizers whose models a study has yet to make small; no limit rules them out."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.evidence import Evidence
from studies.limits import LIMITED_COST


def compressed_optimizers(evidence: Evidence) -> frozenset[str]:
    """Return the optimizers with a model that was made small, or that could not be made so."""
    tried = (record for record in evidence.records if record.stage == "compress" and record.state != "pruned")
    return frozenset(record.optimizer for record in tried)


def to_be_compressed(evidence: Evidence, optimizer: str) -> bool:
    """Tell whether a study makes an optimizer's model small: any may be chosen until that begins."""
    begun = evidence.compression_finalists or compressed_optimizers(evidence)
    return evidence.compression == "after" and (not begun or optimizer in begun)


def not_compressed_yet(evidence: Evidence) -> frozenset[str]:
    """Return the optimizers whose models are to be made small, and none of them was yet."""
    chosen = frozenset(name for name in evidence.optimizers if to_be_compressed(evidence, name))
    return chosen - compressed_optimizers(evidence)


def awaits_compression(evidence: Evidence, optimizer: str, costs: Mapping[str, float | int | None]) -> bool:
    """Tell whether the limits that these costs break may be met by a compression that is yet to come.

    Once the compression has ended, only what it never came to still awaits it.
    """
    broken = evidence.limits.exceeded(costs)
    if not broken or not all(LIMITED_COST[limit].of_model for limit in broken):
        return False
    over = evidence.compression_ended and optimizer in compressed_optimizers(evidence)
    return to_be_compressed(evidence, optimizer) and not over
