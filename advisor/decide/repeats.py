"""Repeats: compressed models that may be advised, worth making again on the models of other seeds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from advisor.compressed_model import CompressedModel
from advisor.decide.compressed import best_fitting, compressed_models, fits, pareto_front
from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from advisor.report.compression_names import passes
from studies.direction import Direction
from studies.errors import NothingFeasible

MOST_OF_FRONT: Final = 5
"""Models of the front that are worth it, beside the advised one and the best of each optimizer."""


def worth_repeating(evidence: Evidence) -> tuple[CompressedModel, ...]:
    """Return the compressed models that may be advised, the likeliest first; none that breaks a limit.

    First the advised one, then the same way with the other optimizers, then each optimizer's best, then the
    front. Where seeds have overturned an advice, so that it stands on one seed again, a quantization of the
    same model that lost nothing and trained nothing goes before it: its quality hardly depends on the seed.
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
    sure = _safest(models, advised, evidence.direction) if _overturned(models, advised) else None
    likeliest = filter(None, (sure, advised, *alike, *by_optimizer, *front))
    return tuple({model.trials: model for model in likeliest}.values())


def _overturned(models: Iterable[CompressedModel], advised: CompressedModel | None) -> bool:
    """Tell whether the advised model stands on one seed, and others of its optimizer on several."""
    if advised is None or len(advised.seeds) > 1:
        return False
    return any(len(model.seeds) > 1 and model.optimizer == advised.optimizer for model in models)


def _safest(
    models: Iterable[CompressedModel], advised: CompressedModel | None, direction: Direction
) -> CompressedModel | None:
    """Return the smallest of the advised one's optimizer that was only quantized, and lost nothing by it."""
    quantized = [
        model
        for model in models
        if advised
        and model.optimizer == advised.optimizer
        and not (model.plain or model.finetuning_seconds)
        and direction.loss(model.quality) <= direction.loss(model.reference_quality)
    ]
    return min(quantized, key=lambda model: (model.model_bytes, model.trials), default=None)


def _advised(evidence: Evidence) -> CompressedModel | None:
    try:
        return recommend(evidence).compression
    except NothingFeasible:
        return None
