"""Probes: short experiments on a model and a few real batches, one file each.

A file's PROBE fills one field of Facts. A probe works on models of its own, so that nothing it does reaches a
trial. One that cannot run on a model is skipped, with why.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from typing import Any, Final

from studies.errors import named_line
from studies.facts import Probe
from studies.profiling.probes.bench import Bench, Question, Unsuited

IN_ORDER: Final = (
    "rows_touched",
    "gradient_density",
    "layer_gradient_ratio",
    "full_batch_seconds",
    "noise_scale",
    "optimizer_seconds",
    "fast_bfloat16",
    "sharpness",
    "ramp_lrs",
)
"""Those that rules read first, the cheapest of them before the others: when the time is up, the rest is
skipped."""
REPEATABLE: Final = ("rows_touched", "gradient_density", "layer_gradient_ratio", "noise_scale", "sharpness")
"""Those that give the same value on any machine."""
SINGLE_GRADIENT: Final = ("rows_touched", "gradient_density", "layer_gradient_ratio")
"""Those of them that take next to nothing."""


def question(name: str) -> Question:
    """Return what the probe of a name runs."""
    probe: Question = importlib.import_module(f"{__name__}.{name}").PROBE
    return probe


def measure(bench: Bench, names: Sequence[str] = IN_ORDER) -> tuple[dict[str, Any], tuple[Probe, ...]]:
    """Return what the probes of these names measured, and what each cost.

    One that fails or comes too late is skipped.
    """
    values: dict[str, Any] = {}
    probes = []
    for name in names:
        probe = question(name)
        start = time.perf_counter()
        skipped = ""
        bench.restart()
        try:
            bench.check_time()
            values[name] = probe.ask(bench)
        except Unsuited as reason:
            skipped = str(reason)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's model does, the profile goes on without this fact
            skipped = named_line(error, longest=100)
        probes.append(Probe(name=name, how=probe.how, seconds=time.perf_counter() - start, skipped=skipped))
    return values, tuple(probes)
