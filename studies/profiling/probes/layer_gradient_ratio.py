"""Gradient sizes of the layers: how far the largest and the smallest are apart."""

from __future__ import annotations

import math

from studies.profiling.probes.bench import Bench, Question, Unsuited, few_rows


def ask(bench: Bench) -> float:
    """Return the largest over the smallest root mean square among the gradients of two or more dimensions."""
    gradients = [
        gradient
        for gradient in bench.gradients(bench.model(), bench.batch(few_rows(bench.facts)))
        if gradient.ndim >= 2
    ]
    sizes = [float(gradient.norm()) / math.sqrt(gradient.numel()) for gradient in gradients]
    sizes = [size for size in sizes if size > 0]
    if len(sizes) < 2:
        raise Unsuited("fewer than two weights of two or more dimensions have a gradient")
    return max(sizes) / min(sizes)


PROBE = Question(
    how="one gradient at the batch size, or of the few rows that a large model is given",
    ask=ask,
    rows=few_rows,
)
