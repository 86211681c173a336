"""Circumstances of a study: ties, one candidate, failures, and models that are not made small yet."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.decide.awaiting import not_compressed_yet
from advisor.decide.failures import failures_of
from advisor.evidence import Evidence, has_quality
from advisor.statements.circumstances import AllAlike, Alone, NothingWhole, ToCompress
from advisor.statements.statement import Statement


def circumstances(evidence: Evidence) -> Iterator[Statement]:
    """Yield what every page about a study says beside its charts.

    It is read off the records alone, so that a page of thousands of trials need not decide anything first.

    Example:
        >>> [str(each) for each in circumstances(Evidence(candidates=("SGD",)))]
        ['SGD is the only optimizer in question: nothing is compared.']
    """
    yield from _alone_or_alike(evidence)
    yield from _failures(evidence)
    yield from _to_compress(evidence)


def _alone_or_alike(evidence: Evidence) -> Iterator[Statement]:
    names, direction = evidence.optimizers, evidence.direction
    best = {
        name: direction.best(run.measured_quality for run in evidence.complete(name))
        for name in names
        if evidence.complete(name)
    }
    if len(names) == 1 or len(best) == 1:
        yield Alone(subjects=names if len(names) == 1 else tuple(best), in_question=len(names))
    quality = next(iter(best.values()), None)
    if len(best) > 1 and quality is not None and set(best.values()) == {quality}:
        yield AllAlike(subjects=tuple(best), metric=evidence.metric, quality=quality)


def _failures(evidence: Evidence) -> Iterator[Statement]:
    ended = [record for record in evidence.records if record.state != "running"]
    if ended and not any(map(has_quality, evidence.records)):
        states = [record.state for record in ended]
        yield NothingWhole(
            ended=len(ended), failed=states.count("failed"), infeasible=states.count("infeasible")
        )
    if raised := failures_of(evidence):
        yield raised


def _to_compress(evidence: Evidence) -> Iterator[Statement]:
    waiting = not_compressed_yet(evidence)
    if waiting and not evidence.compression_ended:
        chosen = evidence.compression_finalists or tuple(evidence.compressed_optimizers)
        names = tuple(name for name in evidence.optimizers if name in waiting)
        yield ToCompress(subjects=names, chosen=bool(chosen))
