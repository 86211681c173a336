"""Gradient noise scale: the rows it takes before a batch's gradient is more signal than noise.

Source: McCandlish et al. 2018, arXiv 1812.06162.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from studies.optim.routing import trained
from studies.profiling.probes.bench import Bench, Question, Unsuited

WARM_STEPS = 20
WARM_LR = 1e-3
BATCHES = 16
ROWS = 16


def ask(bench: Bench) -> float:
    """Return the noise scale in rows, after a short run: at the start it is many times smaller."""
    size = bench.facts.batch_size
    bench.check_time(WARM_STEPS * size + BATCHES * ROWS)  # half of it would say nothing
    model = bench.model()
    for module in model.modules():
        if isinstance(module, nn.Embedding | nn.EmbeddingBag):
            module.sparse = False
    optimizer = torch.optim.AdamW(trained(model), lr=WARM_LR)
    for _ in range(WARM_STEPS):
        bench.gradients(model, bench.batch(size))
        optimizer.step()
    rows = min(ROWS, max(bench.workload.rows // 4, 2))

    def gradient() -> torch.Tensor:
        return torch.cat([part.flatten() for part in bench.gradients(model, bench.batch(rows))])

    scale = noise_scale(gradient, rows=rows, batches=BATCHES)
    if scale is None:
        raise Unsuited(f"noise hides the gradient of {BATCHES * rows} rows: the scale is larger")
    return scale


def noise_scale(gradient: Callable[[], torch.Tensor], *, rows: int, batches: int) -> float | None:
    """Return tr(covariance of a row's gradient) / |mean gradient|², in rows.

    None when the noise hides the mean. The two unbiased estimates of the paper's appendix A.1, from batches
    of `rows` rows and from all of them as one batch.

    Args:
        gradient: gives the mean gradient of another batch, shape (parameters,).
        rows: of a batch.
        batches: to draw.
    """
    total, square = torch.zeros(()), 0.0
    for _ in range(batches):
        batch_gradient = gradient()
        total = total.to(batch_gradient.device) + batch_gradient
        square += float(batch_gradient.square().sum()) / batches
    mean_square = float((total / batches).square().sum())
    noise = (square - mean_square) / (1 / rows - 1 / (rows * batches))
    signal = (batches * mean_square - square) / (batches - 1)
    return noise / signal if signal > 0 else None


PROBE = Question(how=f"{BATCHES} gradients of {ROWS} rows after {WARM_STEPS} steps of AdamW", ask=ask)
