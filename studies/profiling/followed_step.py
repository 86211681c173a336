"""Followed step: the bytes that an optimizer keeps, and borrows while it steps, seen in two real steps.

No clock is asked, so that the same is seen on a busy machine. All optimizers step on one gradient of one
model, which is put back in between: the passes cost what they cost once, whatever the number of optimizers.

Of a large model they step on a stand-in: a corner of each weight, its sides divided by one number, so that
every tensor keeps the same share of its numbers, and so does what is made of two sides. What is borrowed
there counts as many times as the weights are more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import torch
from torch import nn

from studies.errors import StudyError, named_line, one_line
from studies.measure.allocations import FOLLOWED_STEPS, Allocations
from studies.measure.model import model_bytes, state_bytes, tensor_bytes
from studies.optim.routing import trained
from studies.optimizers import OptimizerChoice
from studies.profiling.forecast import declared_bytes, shapes_of
from studies.profiling.probes.bench import few_rows

if TYPE_CHECKING:
    from studies.facts import Facts

MOST_PARAMETERS: Final = 1_000_000
"""Parameters up to which the optimizers step on the model itself: 0.3 s for the 30 of them (3 s at 11
million)."""
MOST_PRODUCTS: Final = 3 * 10**10
"""And multiplications of two steps on whole matrices: about 0.7 s of one core."""
ALIKE: Final = 0.1
"""Share by which the state on a stand-in may miss its part of the model's, of an optimizer of matrices: SOAP
leaves sides above a size alone, and would turn on those of the stand-in."""
MOST_SPARSE: Final = 20_000_000
"""Parameters of a model with sparse tables, which has no stand-in, up to which steps are followed."""
PRODUCTS_A_STEP: Final = 15
"""Such products a step, each of a weight with its shorter side: five turns of Newton-Schulz take three."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowedStep:
    """Followed step: what an optimizer holds beside weights and gradients."""

    state_bytes: int
    borrowed_bytes: int
    """Most bytes that it holds beside its state while it steps, and gives back."""


class NotFollowed(Exception):
    """An optimizer's steps were not followed; the message says why."""


class Batches(Protocol):
    """What leaves a gradient in a model: the bench of probes, or an example batch."""

    facts: Facts

    def model(self) -> nn.Module:
        """Return a fresh copy of the model, in training mode."""

    def batch(self, rows: int) -> Any:
        """Return so many rows."""

    def backward(self, model: nn.Module, batch: Any) -> float:
        """Leave the gradient of a batch in the model and return the loss."""


class StepBench:
    """Step bench: a model, or its stand-in, and one gradient, both put back for the next optimizer."""

    def __init__(self, bench: Batches) -> None:
        self.facts, self.model = bench.facts, bench.model()
        rows = bench.facts.batch_size if bench.facts.sparse_share else few_rows(bench.facts)
        bench.backward(self.model, bench.batch(rows))
        parameters = trained(self.model)
        self.weight_bytes = model_bytes(self.model)
        self.largest_bytes = max((parameter.nbytes for parameter in self.model.parameters()), default=0)
        self.gradient_bytes = tensor_bytes(each.grad for each in parameters if each.grad is not None)
        self.shapes = shapes_of(self.model)
        self._divisor = 1 if bench.facts.sparse_share else _divisor(parameters)
        self._problem = self._too_large() or _stand_in(self.model, self._divisor)
        self._parameters = trained(self.model)
        self._gradients = [parameter.grad for parameter in self._parameters]
        self._weights = [parameter.detach().clone() for parameter in self._parameters]

    def follow(self, optimizer: OptimizerChoice) -> FollowedStep:
        """Take an optimizer's first two steps, the first of which makes its state.

        Raises:
            NotFollowed: it cannot train this model, its package is missing, or it would take too long.
        """
        if reason := optimizer.misfit(self.facts) or self._problem:
            raise NotFollowed(reason)
        self._put_back()
        try:
            step = self._steps(optimizer)
        except StudyError as error:
            raise NotFollowed(one_line(error)) from error
        except Exception as error:  # its library's or a stranger's model's; the forecast does without
            raise NotFollowed(named_line(error, longest=100)) from error
        return self._scaled(optimizer, step)

    def _steps(self, optimizer: OptimizerChoice) -> FollowedStep:
        stepper = optimizer.build(self.model, max(self.facts.steps, FOLLOWED_STEPS))
        if hasattr(stepper, "train"):
            stepper.train()
        borrowed = 0
        for _ in range(FOLLOWED_STEPS):
            before = state_bytes(stepper)
            with Allocations() as allocations:
                stepper.step()
            borrowed = max(borrowed, allocations.peak_bytes - (state_bytes(stepper) - before))
        return FollowedStep(state_bytes=state_bytes(stepper), borrowed_bytes=borrowed)

    def _put_back(self) -> None:
        with torch.no_grad():
            for parameter, weight in zip(self._parameters, self._weights, strict=True):
                parameter.copy_(weight)
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = None if gradient is None else gradient.clone()

    def _scaled(self, optimizer: OptimizerChoice, step: FollowedStep) -> FollowedStep:
        """Return what a step on the stand-in would hold on the model.

        Its state is arithmetic as far as that goes, all else as many times as much as the weights are more.
        """
        if self._divisor == 1:
            return step
        times, declared = self._divisor**2, declared_bytes(optimizer, self.shapes)
        smaller = declared_bytes(optimizer, shapes_of(self.model))
        if optimizer.family == "matrix" and abs(times * smaller - declared) > ALIKE * declared:
            raise NotFollowed("it treats large matrices otherwise than those of a smaller stand-in")
        state = declared + times * max(step.state_bytes - smaller, 0)
        return FollowedStep(state_bytes=state, borrowed_bytes=times * step.borrowed_bytes)

    def _too_large(self) -> str:
        parameters = self.facts.parameters
        if not self.facts.sparse_share or parameters <= MOST_SPARSE:
            return ""
        return f"the model has {parameters:,} parameters, and with sparse tables {MOST_SPARSE:,} are followed"


def _divisor(parameters: Sequence[nn.Parameter]) -> int:
    """Return the number that divides the sides of a model for its stand-in; 1 for the model itself."""
    count, products = sum(parameter.numel() for parameter in parameters), _products(parameters)
    by_count, by_products = math.sqrt(count / MOST_PARAMETERS), math.cbrt(products / MOST_PRODUCTS)
    return max(math.ceil(by_count), math.ceil(by_products), 1)


def _stand_in(model: nn.Module, divisor: int) -> str:
    """Put a corner of each parameter and of its gradient in its place; return why that cannot be done."""
    if divisor == 1:
        return ""
    corners: dict[nn.Parameter, nn.Parameter] = {}
    try:
        for module in list(model.modules()):
            for name, parameter in list(module.named_parameters(recurse=False)):
                corner = corners.setdefault(parameter, _corner(parameter, divisor))
                setattr(module, name, corner)
    except Exception as error:  # noqa: BLE001 - a stranger's module need not allow it
        return f"the model has no smaller stand-in: {named_line(error, longest=100)}"
    return ""


def _corner(parameter: nn.Parameter, divisor: int) -> nn.Parameter:
    """Return a parameter with the first numbers of another and of its gradient, one of divisor squared."""
    sides = parameter.shape
    smaller = [divisor, divisor] if len(sides) >= 2 else [divisor**2]
    place = tuple(slice(math.ceil(side / by)) for side, by in zip(sides, smaller, strict=False))
    corner = nn.Parameter(parameter.detach()[place].clone(), requires_grad=parameter.requires_grad)
    corner.grad = None if parameter.grad is None else parameter.grad[place].clone()
    return corner


def _products(weights: Sequence[nn.Parameter]) -> float:
    """Return about the multiplications of two steps on whole matrices."""
    sides = [sorted((weight.shape[0], weight[0].numel())) for weight in weights if weight.ndim >= 2]
    return float(FOLLOWED_STEPS * PRODUCTS_A_STEP) * sum(float(short) ** 2 * long for short, long in sides)
