"""Speed of bfloat16: whether 16-bit products are worth their lower precision on this machine."""

from __future__ import annotations

import statistics

import torch

from studies.profiling.probes.bench import Bench, Question

SIDE = 256
REPEATS = 3
BEARABLE = 2.0


def ask(bench: Bench) -> bool:
    """Return whether a bfloat16 product takes at most twice the time of a 32-bit one."""
    return _seconds(bench, torch.bfloat16) <= BEARABLE * _seconds(bench, torch.float32)


def _seconds(bench: Bench, dtype: torch.dtype) -> float:
    matrix = torch.ones(SIDE, SIDE, dtype=dtype, device=bench.device)
    times = []
    for _ in range(1 + REPEATS):
        start = bench.now()
        matrix @ matrix
        times.append(bench.now() - start)
    return statistics.median(times[1:])


PROBE = Question(how=f"{REPEATS} products of {SIDE} x {SIDE} in either precision", ask=ask)
