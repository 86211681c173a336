"""Search under way: what its answer would be by now, and which of its stages are still to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.evidence import has_quality
from advisor.statements.under_way import At, UnderWay

if TYPE_CHECKING:
    from advisor.evidence import Evidence
    from advisor.recommendation import Recommendation


def under_way(evidence: Evidence, answer: Recommendation, *, left: str = "") -> UnderWay:
    """Return what a search that goes on has so far, and what comes before its answer is final.

    Args:
        evidence: the trials so far.
        answer: what follows from them by now.
        left: of its budget, in words.

    Example:
        >>> from advisor.decide.recommend import recommend
        >>> from advisor.evidence import Evidence
        >>> evidence = Evidence(candidates=("AdamW", "SGD"))
        >>> under_way(evidence, recommend(evidence)).title
        'No whole run yet'
    """
    compresses = evidence.compression == "after"
    return UnderWay(
        subjects=(answer.optimizer,),
        trials=answer.trials,
        metric=answer.metric,
        quality=answer.quality,
        alike=answer.label == "tied",
        at=_at(evidence, compresses=compresses),
        whole_runs=sum(record.searched and has_quality(record) for record in evidence.records),
        compresses=compresses,
        left=left,
    )


def _at(evidence: Evidence, *, compresses: bool) -> At:
    """Return the stage that a search is at: the last that its records show."""
    begun = {record.stage for record in evidence.records}
    if compresses and "compress" in begun:
        return "compression"
    return "confirmation" if "confirm" in begun else "search"
