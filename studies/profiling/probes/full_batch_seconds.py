"""Full-batch gradient: the seconds of one gradient over the whole training set."""

from __future__ import annotations

from studies.profiling.probes.bench import Bench, Question, few_rows

BATCHES = 8
REPEATS = 2


def ask(bench: Bench) -> float:
    """Return the seconds of a gradient over all training rows.

    They are scaled from the faster of two gradients over a few batches' worth of rows.
    """
    model = bench.model()
    batch = bench.batch(few_rows(bench.facts, BATCHES * bench.facts.batch_size))
    times = []
    for _ in range(REPEATS):
        start = bench.now()
        bench.gradients(model, batch)
        times.append(bench.now() - start)
    return min(times) * bench.workload.rows / len(batch[1])


PROBE = Question(how=f"{REPEATS} gradients of up to {BATCHES} batches' rows, scaled to all rows", ask=ask)
