"""Make a study's finalists small: from the study to the compression trials, and from them to advice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from advisor.evidence import Recommendation
from advisor.reading import evidence_of
from advisor.recommend import recommend
from studies import store
from studies.clock import Clock
from studies.errors import BadValue, BadWorkload, NothingFeasible
from studies.extras import require
from studies.limits import Budget, Limits
from studies.locks import working

if TYPE_CHECKING:
    from torch import nn

    from advisor.launch import Launched
    from studies.compression.study import CompressionPlan
    from studies.search import Event
    from studies.workload import Workload

SHARE: Final = 0.4
"""Of a search's budget in seconds, for the compression that was asked for with it."""
TRIALS: Final = 150
"""Compression trials beside a search whose budget is in trials: most of them cost an evaluation each."""
NO_MODEL: Final = "which holds its model to itself; compression needs an advisor.Workload"
MODES: Final = ("off", "after", "joint")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a user asked of a compression; None leaves it to the advisor."""

    budget: Budget | None = None
    limits: Limits | None = None
    students: tuple[str, ...] = ()
    """Models by name that may be trained to answer as the finalists do, beside smaller settings of their own fields."""
    teacher: str | None = None
    """`module:name` or `file.py:name` of a function that returns a trained module."""


def check_mode(mode: str) -> None:
    """Raise BadValue unless a mode of compression is one there is."""
    if mode not in MODES:
        raise BadValue(f"compression '{mode}' is not one of {', '.join(MODES)}")


def split(budget: Budget, mode: str) -> tuple[Budget, Budget | None]:
    """Return what a budget leaves for the search, and for the compression after it; None without one."""
    if mode != "after":
        return budget, None
    if budget.seconds is None:
        return budget, Budget(trials=TRIALS)
    return replace(budget, seconds=(1 - SHARE) * budget.seconds), Budget(seconds=SHARE * budget.seconds)


def ask(home: Path, name: str, wanted: Wanted) -> None:
    """Write to a study's page what its compression may spend and has to meet.

    Raises:
        StudyNotFound: there is no such study.
        BadValue: the budget is spent already, or a student or teacher cannot be used.
    """
    study = store.open_study(home, name)
    page = store.plan_of(study)
    if page["workload"].get("form") == "function":
        raise BadWorkload(f"'{name}' searched a training function, {NO_MODEL}")
    before: Mapping[str, Any] = page.get("compression_study", {})
    budget = wanted.budget or (Budget(**before["budget"]) if before else Budget(seconds=300))
    spent = float(before.get("spent_seconds", 0.0))
    tried = sum(record.stage == "compress" for record in store.records(study))
    if wanted.budget and budget.spent(seconds=spent, trials=tried) >= 1:
        raise BadValue(f"a budget of {budget} is spent already, as budgets are totals; give more")
    asked = {"budget": asdict(budget), "spent_seconds": spent, "students": list(wanted.students or before.get("students", ()))}
    asked["teacher"] = wanted.teacher or before.get("teacher", "")
    given = {key: value for key, value in asdict(wanted.limits or Limits()).items() if value is not None}
    with working(home, name):
        store.write_plan(study, compression_study=asked, limits=page["limits"] | given, recommendation=None)


def open_for(home: Path, name: str, wanted: Wanted) -> Launched:
    """Open a study to be compressed as asked.

    Raises:
        StudyError: no such study, nothing to compress, or what was asked for cannot be used.
    """
    from advisor.launch import reopen

    require("onnxruntime", "compression", "advisor compress")
    ask(home, name, wanted)
    return reopen(home, name)


def compress(
    launched: Launched, *, listen: Callable[[Event], None] = lambda event: None, stop: Callable[[], bool] = lambda: False
) -> None:
    """Work on a study's compression, as its page asks for it, until the budget is used up or `stop` says yes."""
    from studies.compression.checkpoints import Checkpoints
    from studies.compression.study import Compression

    study = store.open_study(launched.home, launched.name)
    page = store.plan_of(study)
    asked = page["compression_study"]
    if not (workload := _workload(launched)):
        return
    clock = Clock(budget=Budget(**asked["budget"]), spent_before=float(asked["spent_seconds"]), stop=stop)
    Compression(
        study, workload, launched.plan, _plan(launched, page, workload), clock=clock, listen=listen,
        checkpoints=Checkpoints.of(launched.home, launched.name), folder=launched.home / "models" / launched.name,
        teachers=_teachers(asked["teacher"], workload),
    ).run()  # fmt: skip


def _workload(launched: Launched) -> Workload | None:
    from studies.workload import Workload

    return launched.workload if isinstance(launched.workload, Workload) else None


def _plan(launched: Launched, page: Mapping[str, Any], workload: Workload) -> CompressionPlan:
    from studies.compression.students import students
    from studies.compression.study import CompressionPlan
    from studies.workload import check_model, find_model

    asked = page["compression_study"]
    named = tuple(find_model(name) for name in asked["students"])
    for model in named:
        check_model(model, workload.dataset)
    return CompressionPlan(
        budget=Budget(**asked["budget"]), limits=Limits(**page["limits"]), students=(*named, *students(workload.model)),
        first=_advised(launched),
    )  # fmt: skip


def _advised(launched: Launched) -> str:
    """Return the optimizer that is advised as long as size and latency are no matter; empty when none fits."""
    evidence = evidence_of(launched.home, launched.name)
    try:
        return recommend(replace(evidence, limits=evidence.limits.while_training)).optimizer
    except NothingFeasible:
        return ""


def _teachers(reference: str, workload: Workload) -> tuple[nn.Module, ...]:
    """Return the user's own trained model, if one was named.

    Raises:
        BadWorkload: it cannot be loaded, or does not answer as this workload's models do.
    """
    if not reference:
        return ()
    from studies.models.custom import Custom
    from studies.workload import check_model

    choice = Custom(factory=reference)
    check_model(choice, workload.dataset)
    return (workload.specimen(choice).eval(),)


def keep_files(home: Path, name: str, recommendation: Recommendation) -> None:
    """Delete the deployed files that are neither on the front nor advised: they can be made again from their records."""
    shown = (*recommendation.compressed, *([recommendation.compression] if recommendation.compression else []))
    trials = {number for shrunk in shown for number in shrunk.trials}
    records = store.records(store.open_study(home, name))
    kept = {record.footprint.path for record in records if record.footprint and record.number in trials}
    for file in (home / "models" / name).glob("*.onnx"):
        if file.name not in kept:
            file.unlink()
            file.with_suffix(".pt2").unlink(missing_ok=True)


def pareto(recommendation: Recommendation) -> list[dict[str, Any]]:
    """Return the front of what was deployed, as `--json` prints it."""
    return [
        {
            "recipe": dict(shrunk.params), "model_bytes": shrunk.model_bytes, "latency_seconds": shrunk.latency_seconds,
            "quality": shrunk.quality, "sparsity": shrunk.sparsity,
        }
        for shrunk in recommendation.compressed
    ]  # fmt: skip
