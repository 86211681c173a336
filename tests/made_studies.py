"""Generated studies: evidence of every kind that a search can leave behind, for claims about all advice."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from advisor.decide.recommend import recommend
from advisor.evidence import Evidence, has_quality
from advisor.jobs import command_lines
from advisor.recommendation import Recommendation
from advisor.statements.statement import Case
from studies.direction import Direction
from studies.errors import NothingFeasible
from studies.limits import LIMITED_COST, Budget, Limits
from studies.outlook import LEAST_TRIALS, Outlook
from studies.plans.fairness import FAIRNESS
from studies.record import Measurement, Record, Stage, State
from studies.rungs import measured_epochs
from studies.split_facts import DateColumn, KeyColumn, Leak, SplitFacts
from studies.storage.home import default_home
from studies.storage.manifest import StudyManifest
from studies.storage.workload_spec import WorkloadSpec
from studies.yardstick import Yardstick

from records import OPTIMIZERS, compressions, facts, forecasts, record

CANDIDATES: Final = ("AdamW", "SGD", "Momentum", "Adagrad", "Adam")
ERRORS: Final[dict[State, tuple[str | None, ...]]] = {
    "infeasible": (
        "diverged: the loss was nan in epoch 1",
        "out of memory: tried to allocate 3.2 GiB",
        "needs 200000 bytes to train, the limit is 150000",
        "model size 12 KiB is over the limit of 10 KiB",
        None,
    ),
    "failed": ("RuntimeError: boom", "ValueError: bad shape\nin layer 2", "KeyError: 'lr'", "", None),
    "pruned": ("stopped at epoch 3: others of its optimizer were ahead", None),
}
"""What a trial without an end may have said, by its state."""
SHAPES: Final = ("plain", "plain", "last", "first", "overfit", "seldom", "holes", "jumps", "empty")
"""Of learning curves: where the metric is best, what the losses do, and whether each epoch was measured."""
COMPRESSED: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"done": {"quantization": "Int8WeightOnly"}, "file_bytes": 10_200, "seconds": 3.8e-5},
    {"done": {"pruning": "Magnitude", "pruning.Magnitude.amount": 0.8}, "compressed_bytes": 6000},
    {"done": {"finetuning": "Replay", "finetuning.Replay.share": 0.3}},
    {
        "done": {
            "pruning": "Magnitude",
            "pruning.Magnitude.amount": 0.8,
            "quantization": "Int8WeightOnly",
            "finetuning": "Replay",
            "finetuning.Replay.share": 0.3,
        },
        "file_bytes": 10_250,
        "compressed_bytes": 2300,
    },
)
"""Ways to make a model small, the uncompressed file and the control of fine-tuning among them."""


NAMES: Final = st.sampled_from(("day", "sold on", "it's", "-x", "2nd"))
"""Of columns."""
SHARES: Final = st.sampled_from((0.0, 0.02, 0.39, 0.9, 0.96, 1.0))
COUNTS: Final = st.sampled_from((0, 1, 2, 80))
RANDOM_SPLIT_FACTS: Final = st.builds(
    SplitFacts,
    dates=st.lists(
        st.builds(
            DateColumn, name=NAMES, first=st.just("2020-01-02"), last=st.just("2021-06-30"), past_share=SHARES
        ),
        max_size=1,
    ).map(tuple),
    keys=st.lists(
        st.builds(KeyColumn, name=NAMES, groups=COUNTS, rows=COUNTS, shared_valid_rows=COUNTS), max_size=2
    ).map(tuple),
    leaks=st.lists(
        st.builds(Leak, column=NAMES, right_share=SHARES), max_size=2, unique_by=lambda leak: leak.column
    ).map(tuple),
    valid_rows=COUNTS,
    test_rows=COUNTS,
    repeated_valid_rows=COUNTS,
    repeated_test_rows=COUNTS,
    largest_class=NAMES,
    largest_class_share=SHARES,
    present_classes=st.integers(0, 3),
    tail_share=st.none() | SHARES,
)
"""What may be known of a random split, whether or not the numbers fit together."""
SPLIT_FACTS: Final = RANDOM_SPLIT_FACTS | st.builds(
    lambda facts, way, column: replace(facts, way=way, column=column, dates=(), keys=()),
    RANDOM_SPLIT_FACTS,
    st.sampled_from(("given", "time", "group", "split")),
    NAMES,
)
"""The same of any split; dates and keys are only looked for in a random one."""


OUTLOOKS: Final = st.builds(
    Outlook,
    trials=st.sampled_from((0, 2, LEAST_TRIALS, 60)),
    trials_left=st.sampled_from((1, 7, 140)),
    gain=st.sampled_from((0.0, 0.00041, 3.2e7)),
    noise=st.sampled_from((0.0, 0.0021, 1.5e8)),
)
"""What a search may have said when it ended early, whether or not it fits the study."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Metric of a generated study: its name, its direction, and the values that its runs may have."""

    name: str
    direction: Direction
    values: st.SearchStrategy[float]
    unit: float
    """By how much a value may be worse, at the least, where it is 0."""


@st.composite
def evidences(draw: DrawFn) -> Evidence:
    """Return evidence of a search: sound, cut short, confirmed, compressed or none of it, in any metric."""
    rows = draw(st.sampled_from((3, 30, 200, 1000, None)))
    metric = draw(_metrics(rows))
    names = draw(st.lists(st.sampled_from(CANDIDATES), min_size=1, max_size=4, unique=True))
    records = draw(_searches(names, metric))
    records += draw(_confirmations(records, metric))
    compression = draw(st.sampled_from(("off", "asked", "half", "done")))
    if compression in {"half", "done"}:
        records += draw(_compressions(records, metric, whole=compression == "done"))
    if draw(st.sampled_from((False, False, True))):
        records = _on_sample(records, confirmed_rows=draw(st.sampled_from((None, None, 100, 300))))
    known = draw(st.sampled_from((facts(forecasts=forecasts(OPTIMIZERS)), facts(forecasts=()))))
    limits = draw(_limits(records))
    untried = draw(st.sampled_from(((), (), ("Nesterov",))))
    return Evidence(
        facts=known,
        limits=limits,
        records=records,
        candidates=tuple(draw(st.permutations((*names, *untried)))),
        direction=metric.direction,
        metric=metric.name,
        goal=draw(st.sampled_from(("quality", "speed", "memory", "balanced"))),
        valid_rows=rows,
        baseline=draw(st.none() | metric.values),
        yardsticks=draw(_yardsticks(metric)),
        split_facts=draw(st.none() | SPLIT_FACTS),
        outlook=draw(st.none() | OUTLOOKS),
        **draw(_commands(metric, limits, names, compression)),
        **draw(_compressing(records, compression)),
    )


def case_of(evidence: Evidence) -> Case | None:
    """Return the case that statements are checked against; None when no optimizer fits the limits."""
    answer = answered(evidence)
    return None if answer is None else Case(evidence=evidence, answer=answer, ask=answered)


def answered(evidence: Evidence) -> Recommendation | None:
    """Return the recommendation; None when no optimizer fits the limits."""
    try:
        return recommend(evidence)
    except NothingFeasible:
        return None


@st.composite
def _yardsticks(draw: DrawFn, metric: Metric) -> tuple[Yardstick, ...]:
    """Return what plain models reach; none in a study of an earlier version."""
    values = metric.values | metric.values.map(lambda value: value + metric.direction.loss(0.5) * metric.unit)
    plain = draw(st.sampled_from(((), ("a linear model",), ("a linear model", "gradient boosting"))))
    return tuple(
        Yardstick(model=model, left_out="it failed: ValueError: 3 is a crowd")
        if draw(st.booleans()) and draw(st.booleans())
        else Yardstick(model=model, quality=draw(values), seconds=draw(st.sampled_from((0.004, 0.2, 71.5))))
        for model in plain
    )


@st.composite
def _metrics(draw: DrawFn, rows: int | None) -> Metric:
    """Return a metric whose values are shares, per cent, negative, huge, tiny, or all without a loss."""
    maximizes = draw(st.booleans())
    direction = Direction.MAXIMIZE if maximizes else Direction.MINIMIZE
    kind = draw(
        st.sampled_from(("shares", "shares", "shares", "per cent", "negative", "1e9", "1e-9", "zero"))
    )
    counted = rows or 500
    shares = st.integers(0, counted).map(lambda right: right / counted)
    values: dict[str, st.SearchStrategy[float]] = {
        "shares": shares,
        "per cent": shares.map(lambda share: 100 * share),
        "negative": st.integers(-400, -1).map(lambda eighth: eighth / 8),
        "1e9": st.integers(1, 99).map(lambda factor: factor * 1e9),
        "1e-9": st.integers(1, 99).map(lambda factor: factor * 1e-9),
        "zero": st.just(1.0 if maximizes else 0.0),
    }
    named = {"shares": ("accuracy", "accuracy", "f1"), "zero": ("accuracy",), "negative": ("neg_rmse", "r2")}
    names = named.get(kind, ("score",)) if maximizes else ("rmse", "error")
    size = draw(st.sampled_from((1, 2, 12, 12)))
    pool = draw(st.lists(values[kind], min_size=size, max_size=size))
    unit = {"1e9": 1e9, "1e-9": 1e-9}.get(kind, 0.1)
    return Metric(
        name=draw(st.sampled_from(names)), direction=direction, values=st.sampled_from(pool), unit=unit
    )


@st.composite
def _searches(draw: DrawFn, names: list[str], metric: Metric) -> tuple[Record, ...]:
    """Return the search trials of each optimizer, mostly whole runs, or none that is whole."""
    states: tuple[State, ...] = draw(
        st.sampled_from(
            (
                *[("complete",)] * 6,
                *[("complete", "complete", "complete", "pruned", "infeasible", "failed", "running")] * 6,
                *[("complete", "failed")] * 2,
                ("pruned", "infeasible", "failed", "running"),
                ("failed",),
                ("infeasible",),
                ("pruned",),
            )
        )
    )
    epochs = draw(st.sampled_from((1, 3, 9, 12)))
    records: list[Record] = []
    for index, name in enumerate(names):
        count = draw(st.sampled_from((1, 3, 8) if index == 0 else (0, 1, 3, 4)))
        for place in range(count):
            number, state = len(records), draw(st.sampled_from(states))
            stage: Stage = draw(st.sampled_from(("race", "race", "start"))) if place else "reference"
            records.append(draw(_trials(number, name, metric, stage=stage, state=state, epochs=epochs)))
    return tuple(records)


@st.composite
def _confirmations(draw: DrawFn, searched: tuple[Record, ...], metric: Metric) -> tuple[Record, ...]:
    """Return runs with fresh seeds of some optimizers' best trials: all, some, lost, or still running."""
    whole = [run for run in searched if has_quality(run)]
    names = sorted({run.optimizer for run in whole})
    finalists = draw(st.permutations(names))[: draw(st.sampled_from((0, 1, 2, 3, 3)))]
    states: tuple[State, ...] = draw(
        st.sampled_from(
            (
                *[("complete",)] * 4,
                *[("complete", "complete", "infeasible", "running", "failed")] * 3,
                ("infeasible",),
                ("running",),
            )
        )
    )
    seeds = draw(st.integers(1, 3))
    records: list[Record] = []
    for name in finalists:
        loss = metric.direction.loss
        best = min((run for run in whole if run.optimizer == name), key=lambda run: loss(run.quality))
        for index in range(draw(st.sampled_from((seeds, seeds, 1)))):
            state = draw(st.sampled_from(states))
            run = draw(
                _trials(
                    len(searched) + len(records),
                    name,
                    metric,
                    stage="confirm",
                    state=state,
                    epochs=max(1, best.epochs),
                )
            )
            test = draw(st.sampled_from((run.quality, run.quality, None))) if state == "complete" else None
            records.append(
                replace(
                    run,
                    params=best.params,
                    source=best.number,
                    seed=1000 + index,
                    test_quality=test,
                    units={},
                )
            )
    return tuple(records)


@st.composite
def _trials(
    draw: DrawFn, number: int, optimizer: str, metric: Metric, *, stage: Stage, state: State, epochs: int
) -> Record:
    """Return one trial with its curve, its costs, some of them not measured, and its place in the ranges."""
    quality = draw(metric.values)
    shape = draw(st.sampled_from(SHAPES))
    seconds = draw(st.sampled_from((0.2, 0.2, 0.5)))
    trained = epochs if state == "complete" else max(1, epochs // 3) if state == "pruned" else 0
    points = _curve(shape, quality, trained, metric, seconds)
    fields: dict[str, Any] = {
        "curve": points,
        "train_seconds": seconds * trained if trained else None,
        "error": draw(st.sampled_from(ERRORS[state])) if state in ERRORS else None,
        "units": {"optimizer.lr": draw(st.sampled_from((0.1, 0.1, -0.99, 1.0)))} if stage == "race" else {},
    }
    made = record(number, optimizer, quality, stage=stage, state=state, epochs=epochs, **fields)
    unmeasured = draw(st.sampled_from(((), (), (), ("peak_bytes",), ("latency_seconds", "model_bytes"))))
    return replace(made, **dict.fromkeys(unmeasured))


def _curve(
    shape: str, quality: float, epochs: int, metric: Metric, seconds: float
) -> tuple[Measurement, ...]:
    """Return a curve whose best finite metric is the quality; an empty one where the shape says so."""
    if shape == "empty" or not epochs:
        return ()
    peak = {"last": epochs, "first": 1}.get(shape, math.ceil(0.7 * epochs))
    worse: Callable[[float], float] = lambda share: metric.direction.value_of(  # noqa: E731
        metric.direction.loss(quality) + share * max(abs(quality), metric.unit)
    )
    measured = measured_epochs(epochs, most=4) if shape == "seldom" else range(1, epochs + 1)
    points = []
    for epoch in sorted({*measured, peak}):
        apart = abs(epoch - peak)
        share = 0.4 * (apart % 2) if shape == "jumps" else 0.05 * apart
        hole = shape == "holes" and epoch != peak and epoch % 2
        rise = 0.2 * max(0, epoch - peak) if shape in {"overfit", "seldom"} else 0.001 * max(0, epoch - peak)
        loss = 0.2 + 0.1 * max(0, peak - epoch) + rise
        points.append(
            Measurement(
                epoch=epoch,
                step=30 * epoch,
                seconds=seconds * epoch,
                train_loss=2.0 / (1 + epoch),
                valid_loss=math.inf if hole else loss,
                valid_metric=math.nan if hole else worse(share),
            )
        )
    return tuple(points)


def _on_sample(records: tuple[Record, ...], *, confirmed_rows: int | None) -> tuple[Record, ...]:
    """Return the records of a search on a sample of 100 rows, confirmed on so many; None for all."""
    return tuple(replace(run, sample_rows=100 if run.searched else confirmed_rows) for run in records)


@st.composite
def _compressions(
    draw: DrawFn, records: tuple[Record, ...], metric: Metric, *, whole: bool
) -> tuple[Record, ...]:
    """Return compressed models of what was confirmed: every way for each, or some ways for some."""
    finished = [run for run in records if run.stage == "confirm" and has_quality(run)]
    made: list[Record] = []
    for way in COMPRESSED:
        sources = finished if whole else finished[: draw(st.integers(0, 2))]
        losses = draw(st.lists(st.sampled_from((0.0, 0.01, 0.2, -0.01)), min_size=1, max_size=3))
        lost = [metric.unit * loss for loss in losses]
        made += compressions(
            len(records) + len(made), sources, loss=lost, direction=str(metric.direction), **way
        )
    if made and not whole:
        last = draw(st.sampled_from(("infeasible", "running", "failed")))
        error = None if last == "running" else "cannot compress: boom"
        made[-1] = replace(made[-1], state=last, quality=None, footprint=None, error=error)
    return tuple(made)


@st.composite
def _compressing(draw: DrawFn, records: tuple[Record, ...], compression: str) -> dict[str, Any]:
    """Return how far a study says it is with its compression; nothing for one that asked for none."""
    if compression == "off" or draw(st.booleans()):
        return {}  # as records of an earlier version have it, too
    finalists = dict.fromkeys(run.optimizer for run in records if run.stage == "confirm" and has_quality(run))
    begun = compression != "asked" or draw(st.booleans())
    return {
        "compression": "after",
        "compression_finalists": tuple(finalists) if begun else (),
        "compression_ended": compression == "done" or (begun and draw(st.booleans())),
    }


@st.composite
def _limits(draw: DrawFn, records: tuple[Record, ...]) -> Limits:
    """Return no limit, or limits at a cost of a run, between two of them, or below all."""
    names = draw(st.sampled_from(((), (), *((limit,) for limit in LIMITED_COST), tuple(LIMITED_COST))))
    values: dict[str, float] = {}
    for limit in names:
        cost = LIMITED_COST[limit]
        costs = sorted({value for run in records if (value := getattr(run, cost.field))})
        if costs:
            low = draw(st.sampled_from(costs))
            at = draw(st.sampled_from((1.0, 1.0, 1.01, 1.3, 0.5)))
            values[limit] = cost.whole(max(low * at, 1e-6 if cost.in_seconds else 1))
    return Limits(**values)  # type: ignore[arg-type]


@st.composite
def _commands(
    draw: DrawFn, metric: Metric, limits: Limits, names: list[str], compression: str
) -> dict[str, Any]:
    """Return the study's name and the commands that repeat its question; nothing for runs without a study."""
    if draw(st.integers(0, 4)) == 0:
        return {}
    budget = draw(st.sampled_from((Budget(seconds=60.0), Budget(trials=5), Budget(seconds=90.0, trials=30))))
    manifest = StudyManifest(
        candidates=tuple(names),
        budget=budget,
        limits=limits,
        compression="off" if compression == "off" else "after",
        metric=metric.name,
        workload=WorkloadSpec(source="digits", model="mlp", metric=metric.name, seed=0),
    )
    home = draw(st.sampled_from((default_home(), Path("a home"))))
    study = "digits-1"
    return {
        "study": study,
        "fair": draw(st.sampled_from(FAIRNESS)),
        "resume": command_lines.resume(home, study, manifest),
        "command": command_lines.search(home, manifest),
        "compress": command_lines.compress(home, study, manifest),
    }
