"""Sharpness: the largest curvature of the loss at the start."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from studies.measure.model import written_out
from studies.optim.routing import trained
from studies.profiling.probes.bench import Bench, Question, Unsuited

PRODUCTS = 10
PRODUCT_GRADIENTS = 2
"""Gradients that a Hessian-vector product takes the time of."""
ROWS = 64
SETTLED = 0.01
"""Relative change between two products at which the estimate is taken."""
LONGEST = 1e6
"""Step along the gradient beyond which the loss is taken to have no curvature in it."""


def ask(bench: Bench) -> float:
    """Return the Hessian's largest eigenvalue.

    Where there are no second derivatives, it is the curvature along the gradient.
    """
    bench.check_time(PRODUCT_GRADIENTS * PRODUCTS * ROWS)  # half of it would say nothing
    model, batch = bench.model(), bench.batch(ROWS)
    weights = trained(model)
    with written_out():
        try:
            return top_eigenvalue(
                lambda: bench.loss(model, batch), weights, products=PRODUCTS, before_each=bench.check_time
            )
        except (RuntimeError, NotImplementedError):
            return critical_sharpness(
                lambda: float(bench.loss(model, batch)), weights, bench.gradients(model, batch)
            )


def top_eigenvalue(
    loss: Callable[[], torch.Tensor],
    weights: Sequence[torch.Tensor],
    *,
    products: int,
    before_each: Callable[[], None] = lambda: None,
) -> float:
    """Return the eigenvalue of largest size of the loss's Hessian.

    By power iteration with Hessian-vector products.

    Args:
        loss: evaluates it anew.
        weights: where the Hessian is taken.
        products: most iterations; fewer when the estimate has settled.
        before_each: called before every one; may raise.
    """
    used, slopes = _slopes(loss(), weights)
    draw = torch.Generator().manual_seed(0)
    vector = [torch.randn(weight.shape, generator=draw).to(weight.device) for weight in used]
    value = 0.0
    for _ in range(products):
        before_each()
        length = _dot(vector, vector) ** 0.5
        if length == 0:
            return 0.0
        vector = [part / length for part in vector]
        along = torch.stack([(slope * part).sum() for slope, part in zip(slopes, vector, strict=True)]).sum()
        # of a sum, since torch imports a package for algebra where gradients of several are asked for
        product = torch.autograd.grad(
            along, used, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        before, value = value, _dot(vector, product)
        vector = list(product)
        if abs(value - before) <= SETTLED * abs(value):
            break
    return value


def _slopes(
    loss: torch.Tensor, weights: Sequence[torch.Tensor]
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return the weights that a loss depends on, and its gradients, which can be differentiated again."""
    gradients = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
    pairs = [
        (weight, gradient)
        for weight, gradient in zip(weights, gradients, strict=True)
        if gradient is not None
    ]
    return [weight for weight, _ in pairs], [gradient for _, gradient in pairs]


def critical_sharpness(
    loss: Callable[[], float], weights: Sequence[torch.Tensor], gradients: Sequence[torch.Tensor]
) -> float:
    """Return 2 / (longest step along the gradient that does not raise the loss), by forward passes alone.

    On a quadratic that is the curvature along the gradient, at most the largest eigenvalue.

    Raises:
        Unsuited: there is no gradient, or no step raises the loss.
    """
    moved = [weight for weight in weights if weight.grad is not None]
    start = [weight.detach().clone() for weight in moved]

    def at(step: float) -> float:
        with torch.no_grad():
            for weight, origin, gradient in zip(moved, start, gradients, strict=True):
                weight.copy_(origin - step * (gradient.to_dense() if gradient.is_sparse else gradient))
            return loss()

    base, step = at(0.0), 1e-3
    while not at(step) > base:
        step *= 4
        if step > LONGEST:
            raise Unsuited("no step along the gradient raises the loss")
    low, high = 0.0, step
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if at(middle) > base else (middle, high)
    at(0.0)
    return 2 / high


def _dot(left: Sequence[torch.Tensor], right: Sequence[torch.Tensor]) -> float:
    return sum(float((a * b).sum()) for a, b in zip(left, right, strict=True))


PROBE = Question(how="up to 10 Hessian-vector products, or a line search along the gradient", ask=ask)
