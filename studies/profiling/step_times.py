"""Times of a step, as a profile takes them: its passes, what a row adds, the optimizer, what threads gain."""

from __future__ import annotations

import statistics
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from studies import catalogue
from studies.data.rows import first_rows
from studies.measure.model import passes, takes_one
from studies.measure.threads import most_threads, threads
from studies.profiling.pass_shares import pass_shares
from studies.profiling.probes.bench import Batch, Bench, few_rows

if TYPE_CHECKING:
    from torch import nn

TIMED_STEPS: Final = 15
WARM_STEPS: Final = 3
FEWEST_STEPS: Final = 4
"""Of which the first is a warm one: so many are taken, however long they take."""
TIMED_SECONDS: Final = 0.5
"""After which no further step is timed, and the same of forward passes at batch 1."""
LARGER_BATCHES: Final = (4, 8)
"""Times the reference batch, at which passes are timed too: what a row more adds."""
LARGER_STEPS: Final = 6
"""At each of them, of which the first is a warm one."""
TIMED_PASSES: Final = 30
FEWEST_PASSES: Final = 3
GAIN: Final = 1.25
"""Times that a step has to be faster with twice the threads, to be given them (judged: less is lost again
when anything else wants a core)."""
LONG_SECONDS: Final = 2e-3
"""Of a step's passes, below which no more threads are tried: waking them costs what they gain (judged)."""


def times(bench: Bench, model: nn.Module) -> dict[str, Any]:
    """Return the facts on the times of a pass and of a step; the model is trained a little by that."""
    latency_seconds = _latency(model, first_rows(bench.workload.dataset.train, 1).to(bench.device))
    step_seconds, optimizer_share = _step_times(bench, model.train())
    passes_seconds = step_seconds * (1 - optimizer_share)
    return {
        "latency_seconds": latency_seconds,
        "step_seconds": step_seconds,
        "optimizer_share": optimizer_share,
        "row_seconds": _row_seconds(bench, model, passes_seconds),
        "quick_threads": _quick_threads(bench, model, passes_seconds),
        **(pass_shares(bench) if bench.device.type == "cuda" else {}),
    }


def _latency(model: nn.Module, row: Any) -> float | None:
    """Return the least seconds of some passes over a row; None for a model that takes no single one."""
    if not takes_one(model, row):
        return None
    (first,) = passes(model, row, repeats=1, warmup=1)
    repeats = max(FEWEST_PASSES, min(TIMED_PASSES, int(TIMED_SECONDS / max(first, 1e-9))))
    return min(passes(model, row, repeats=repeats, warmup=1))


def _step_times(bench: Bench, model: nn.Module) -> tuple[float, float]:
    """Return the usual seconds of a whole AdamW step on a model, and the optimizer's share of it.

    The passes of a large model take few rows, and their seconds are scaled to the batch.
    """
    batch = bench.batch(few_rows(bench.facts))
    optimizer = catalogue.find("optimizer", "AdamW").from_fields({}).build(model, TIMED_STEPS)  # type: ignore[attr-defined]
    passing: list[float] = []
    stepping: list[float] = []
    began = bench.now()
    while len(passing) < FEWEST_STEPS or (
        len(passing) < WARM_STEPS + TIMED_STEPS and bench.now() - began < TIMED_SECONDS
    ):
        start = bench.now()
        bench.backward(model, batch)
        middle = bench.now()
        optimizer.step()
        end = bench.now()
        passing.append(middle - start)
        stepping.append(end - middle)
    pass_seconds, step_seconds = _usual(passing), _usual(stepping)
    total = step_seconds + pass_seconds * bench.facts.batch_size / len(batch[1])
    return total, step_seconds / total


def _row_seconds(bench: Bench, model: nn.Module, reference_seconds: float) -> float | None:
    """Return the seconds that a row more adds to forward and backward; None where no larger batch is timed.

    The median over the pairs of batch sizes, so that one disturbed measurement does not decide.
    """
    sizes = {min(factor * bench.facts.batch_size, bench.workload.rows) for factor in LARGER_BATCHES}
    timed = {bench.facts.batch_size: reference_seconds}
    for rows in sorted(sizes - {*timed}):
        if rows <= few_rows(bench.facts, rows):
            timed[rows] = _passes_seconds(bench, model, bench.batch(rows))
    slopes = [
        (timed[large] - timed[small]) / (large - small) for small, large in combinations(sorted(timed), 2)
    ]
    return max(statistics.median(slopes), 0.0) if slopes else None


def _quick_threads(bench: Bench, model: nn.Module, passes_seconds: float) -> int:
    """Return the threads with which a step is clearly faster than with fewer, at the present load; 1 if none.

    Twice as many are tried as long as they gain.
    """
    if bench.device.type != "cpu" or passes_seconds < LONG_SECONDS:
        return 1
    count, batch = 1, bench.batch(few_rows(bench.facts))
    seconds = _passes_seconds(bench, model, batch)
    while 2 * count <= most_threads():
        with threads(2 * count):
            faster_seconds = _passes_seconds(bench, model, batch)
        if seconds < GAIN * faster_seconds:
            break
        count, seconds = 2 * count, faster_seconds
    return count


def _passes_seconds(bench: Bench, model: nn.Module, batch: Batch) -> float:
    """Return the least seconds of forward and backward on a batch: a busy machine only ever adds to them."""
    seconds: list[float] = []
    began = bench.now()
    while len(seconds) < 2 or (len(seconds) < LARGER_STEPS and bench.now() - began < TIMED_SECONDS / 4):
        start = bench.now()
        bench.backward(model, batch)
        seconds.append(bench.now() - start)
    return min(seconds[1:])


def _usual(seconds: list[float]) -> float:
    """Return the median once warm; of few the least, since a busy machine only ever adds to them."""
    if len(seconds) < WARM_STEPS + TIMED_STEPS:
        return min(seconds[1:])
    return statistics.median(seconds[WARM_STEPS:])
