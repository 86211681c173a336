"""`advisor compress`: a study's finalists made small."""

from __future__ import annotations

from advisor.cli.arguments import names_in
from advisor.cli.options import (
    CompressionBudget,
    Full,
    Home,
    Json,
    Latency,
    ModelSize,
    Passes,
    Students,
    StudyName,
    Teacher,
    Workers,
)
from advisor.cli.run import home_of, work_on
from advisor.cli.terminal import prints_aside, say
from studies.limits import Budget, Limits


def compress(
    study: StudyName,
    budget: CompressionBudget = None,
    model_size: ModelSize = None,
    latency: Latency = None,
    passes: Passes = None,
    student: Students = None,
    teacher: Teacher = None,
    workers: Workers = None,
    home: Home = None,
    full: Full = False,
    json: Json = False,
) -> None:
    """Prune, quantize and distil a study's finalists; show what each way costs."""
    from advisor.jobs.compress import CompressionRequest, open_compression
    from advisor.jobs.engines import parse_workers

    limits = Limits.parse(memory=None, model_size=model_size, latency=latency, train_time=None)
    total = None if budget is None else Budget.parse(budget)
    request = CompressionRequest(
        budget=total,
        limits=limits,
        passes=names_in(passes),
        students=tuple(student or ()),
        teacher=teacher,
    )
    with prints_aside():
        count = parse_workers(workers)
        session = open_compression(home_of(home), study, request, workers=count, tell=say)
    work_on(session, json=json, full=full, searching=False)
