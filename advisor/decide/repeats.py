"""Repeats: compressed models that may be advised, worth making again on the models of other seeds."""

from __future__ import annotations

from typing import Final

from advisor.compressed_model import CompressedModel
from advisor.decide.compressed import best_fitting, compressed_models, fits, pareto_front
from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from advisor.report.compression_names import passes
from studies.errors import NothingFeasible

MOST_OF_FRONT: Final = 5
"""Models of the front that are worth it, beside the advised one and the best of each optimizer."""


def worth_repeating(evidence: Evidence) -> tuple[CompressedModel, ...]:
    """Return the compressed models that may be advised, the likeliest first; none that breaks a limit.

    First the advised one and the same way with the other optimizers, then each optimizer's best, then the
    front.
    """
    models = [
        model for model in compressed_models(evidence) if fits(model, evidence.limits) and not model.control
    ]
    advised = _advised(evidence)
    alike = [model for model in models if advised and passes(model.params) == passes(advised.params)]
    by_optimizer = [
        best_fitting((model for model in models if model.optimizer == name), evidence)
        for name in evidence.optimizers
    ]
    front = pareto_front(models, evidence.direction)[:MOST_OF_FRONT]
    likeliest = filter(None, (advised, *alike, *by_optimizer, *front))
    return tuple({model.trials: model for model in likeliest}.values())


def _advised(evidence: Evidence) -> CompressedModel | None:
    try:
        return recommend(evidence).compression
    except NothingFeasible:
        return None
