"""Awaited compression: the optimizers whose models a study has yet to make small; no limit rules them out."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.evidence import Evidence
from studies.limits import LIMITED_COST


def to_be_compressed(evidence: Evidence, optimizer: str) -> bool:
    """Tell whether a study makes an optimizer's model small: any may be chosen until that begins."""
    begun = evidence.compression_finalists or evidence.compressed_optimizers
    return evidence.compression == "after" and (not begun or optimizer in begun)


def not_compressed_yet(evidence: Evidence) -> frozenset[str]:
    """Return the optimizers whose models are to be made small, and none of them was yet."""
    chosen = frozenset(name for name in evidence.optimizers if to_be_compressed(evidence, name))
    return chosen - evidence.compressed_optimizers


def awaits_compression(evidence: Evidence, optimizer: str, costs: Mapping[str, float | int | None]) -> bool:
    """Tell whether the limits that these costs break may be met by a compression that is yet to come.

    Once the compression has ended, only what it never came to still awaits it.
    """
    broken = evidence.limits.exceeded(costs)
    if not broken or not all(LIMITED_COST[limit].of_model for limit in broken):
        return False
    over = evidence.compression_ended and optimizer in evidence.compressed_optimizers
    return to_be_compressed(evidence, optimizer) and not over
