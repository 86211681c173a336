"""Shares of passes: seconds of a step in bfloat16, and compiled, as a share of those of a plain one."""

from __future__ import annotations

import statistics
from typing import Final

from studies.passes import Passes
from studies.precisions import BF16, FLOAT32
from studies.profiling.probes.bench import Bench

WARM: Final = 3
"""Steps before those that are timed: the first compiles."""
TIMED: Final = 7


def pass_shares(bench: Bench) -> dict[str, float | None]:
    """Return `bf16_share` and `compiled_share` of a workload; None for a way that fails on its model."""
    plain_seconds = _seconds(bench, precision=FLOAT32, compiled=False)
    ways = {"bf16_share": (BF16, False), "compiled_share": (FLOAT32, True)}
    shares: dict[str, float | None] = {}
    for name, (precision, compiled) in ways.items():
        try:
            shares[name] = _seconds(bench, precision=precision, compiled=compiled) / plain_seconds
        except Exception:  # noqa: BLE001 - whatever a stranger's model does: that way is not taken
            shares[name] = None
    return shares


def _seconds(bench: Bench, *, precision: str, compiled: bool) -> float:
    """Return the usual seconds of a forward and a backward pass."""
    model = bench.model()
    inputs, targets = bench.batch(bench.facts.batch_size)
    passes = Passes(model, precision=precision, compiled=compiled, device=bench.device)
    seconds = []
    for _ in range(WARM + TIMED):
        start = bench.now()
        model.zero_grad()
        with passes.in_precision():
            loss = bench.criterion(passes(inputs), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        seconds.append(bench.now() - start)
    return statistics.median(seconds[WARM:])
