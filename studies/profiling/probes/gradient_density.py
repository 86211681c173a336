"""Gradient density: the share of entries of a small batch's gradient that are not zero."""

from __future__ import annotations

import torch

from studies.profiling.probes.bench import Bench, Question, Unsuited

ROWS = 16


def ask(bench: Bench) -> float:
    """Return the share of entries that are not zero, at a batch of 16."""
    gradients = bench.gradients(bench.model(), bench.batch(ROWS))
    if not gradients:
        raise Unsuited("the loss depends on no parameter")
    return sum(_nonzero(gradient) for gradient in gradients) / sum(gradient.numel() for gradient in gradients)


def _nonzero(gradient: torch.Tensor) -> int:
    return int(torch.count_nonzero(gradient.coalesce().values() if gradient.is_sparse else gradient))


PROBE = Question(how=f"one gradient of {ROWS} rows", ask=ask, rows=lambda facts: ROWS)
