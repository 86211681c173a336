"""Compression reasons: what made the recipe a compressed one, what might be, and what is yet to come."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.compressed_model import CompressedModel
from advisor.decide.compressed import compressed_models
from advisor.decide.decision import Explained
from advisor.decide.feasible import compression_command
from advisor.decide.recipe_costs import costs_of
from advisor.evidence import Evidence
from advisor.statements.compression import (
    Compressed,
    Compressible,
    NoneFitsYet,
    NoneSmallEnough,
    NotCompressedYet,
    Stage,
)
from advisor.statements.model_limits import OF_MODEL, limit_figures
from advisor.statements.statement import Statement
from studies.search.pruner import best_complete


def compression_reasons(explained: Explained) -> tuple[Statement, ...]:
    """Return what is to be said about compression before the figures of the answer, if anything is."""
    parts = (
        _not_compressed_yet(explained),
        _none_small_enough(explained),
        _compressed(explained),
        _compressible(explained),
    )
    return tuple(statement for part in parts for statement in part)


def _not_compressed_yet(explained: Explained) -> Iterator[Statement]:
    """Name the optimizers whose models do not fit as trained, and are still to be made small."""
    evidence, fits = explained.evidence, explained.decision.fits
    noted = {finding.subject for finding in explained.findings if finding.rule == "Limits"}
    vetoed = {finding.subject for finding in explained.findings if finding.verdict == "veto"}
    awaiting = {name for name, recipe in fits.items() if recipe.awaits_compression}
    untouched = ((noted - vetoed) | awaiting) - evidence.compressed_optimizers
    if untouched:
        yield NotCompressedYet(
            subjects=tuple(name for name in evidence.optimizers if name in untouched),
            stage=_stage(evidence),
            command=evidence.compress if evidence.compression_ended else "",
            **limit_figures(evidence.limits),
        )


def _stage(evidence: Evidence) -> Stage:
    if evidence.compression_ended:
        return "ended"
    return "under way" if evidence.compression_finalists or evidence.compressed_optimizers else "before"


def _none_small_enough(explained: Explained) -> Iterator[Statement]:
    """Name the nearest compressed model to each limit that none of them meets, while nothing fits."""
    evidence = explained.evidence
    if not explained.decision.recipe.awaits_compression:
        return
    models = compressed_models(evidence)
    said = False
    for limit in OF_MODEL:
        allowed = getattr(evidence.limits, limit)
        timed = [model for model in models if _cost(model, limit) is not None]
        nearest = min(timed, key=lambda model: (_cost(model, limit) or 0.0, model.trials), default=None)
        if allowed is not None and nearest is not None and (value := _cost(nearest, limit) or 0.0) > allowed:
            said = True
            yield NoneSmallEnough(
                subjects=(nearest.optimizer,),
                trials=nearest.trials,
                name=nearest.name,
                value=value,
                measured=len(timed),
                **limit_figures(evidence.limits, (limit,)),
            )
    if not said and evidence.compressed_optimizers and not evidence.compression_ended:
        yield NoneFitsYet(measured=len(models))


def _cost(model: CompressedModel, limit: str) -> float | None:
    return model.model_bytes if limit == "model_bytes" else model.latency_seconds


def _compressed(explained: Explained) -> Iterator[Statement]:
    """Say which limits its model breaks as trained, and at what price it meets them."""
    evidence, model = explained.evidence, explained.decision.recipe.compressed
    if model is None:
        return
    sources = [record for record in evidence.records if record.number in model.sources]
    costs = costs_of(evidence, model.optimizer, next(iter(sources), None), sources)
    yield Compressed(
        subjects=(model.optimizer,),
        trials=model.trials,
        model=model,
        metric=evidence.metric,
        direction=evidence.direction,
        **limit_figures(evidence.limits, evidence.limits.exceeded(costs)),
    )


def _compressible(explained: Explained) -> Iterator[Statement]:
    """Point at compression where its best recipe breaks limits on the model alone."""
    evidence, name = explained.evidence, explained.decision.optimizer
    best = best_complete(evidence.complete(name), name, evidence.direction)
    if best is None or best.quality is None or explained.decision.recipe.given_away <= 0:
        return
    costs = costs_of(evidence, name, best)
    broken = evidence.limits.exceeded(costs)
    command = compression_command(evidence, costs)
    if command and set(broken) <= set(OF_MODEL):
        yield Compressible(
            subjects=(name,),
            trials=(best.number,),
            metric=evidence.metric,
            quality=best.quality,
            command="" if evidence.compression == "after" and not evidence.compression_ended else command,
            stage=_stage(evidence),
            **limit_figures(evidence.limits, broken),
        )
