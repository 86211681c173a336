"""Followed step: the bytes that an optimizer keeps, and borrows while it steps, seen in two real steps.

No clock is asked, so that the same is seen on a busy machine. All optimizers step on one gradient of one
model, which is put back in between: the passes cost what they cost once, whatever the number of optimizers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from studies.errors import StudyError, named_line, one_line
from studies.measure.allocations import FOLLOWED_STEPS, Allocations
from studies.measure.model import state_bytes
from studies.optim.routing import trained
from studies.optimizers import OptimizerChoice

if TYPE_CHECKING:
    from studies.profiling.probes.bench import Bench

MOST_PARAMETERS: Final = 100_000_000
"""Parameters of a model up to which the optimizers that are offered, or named, are followed: two steps of
AdamW then take about 0.2 s (measured at 11 million: 0.02 s)."""
MOST_FOR_ALL: Final = 20_000_000
"""And up to which all the others are: 3 s for the 30 of them at 11 million (measured)."""
MOST_PRODUCTS: Final = 3 * 10**11
"""Multiplications up to which steps on whole matrices are followed: about 7 s of one core."""
WHOLE_MATRIX: Final = ("matrix", "low memory")
"""Families whose step multiplies or decomposes whole matrices."""
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


class StepBench:
    """Step bench: a model and one gradient of it, both put back before the next optimizer steps."""

    def __init__(self, bench: Bench) -> None:
        self.facts, self.model = bench.facts, bench.model()
        self._parameters = trained(self.model)
        bench.backward(self.model, bench.batch(bench.facts.batch_size))
        self._gradients = [parameter.grad for parameter in self._parameters]
        self._weights = [parameter.detach().clone() for parameter in self._parameters]

    @property
    def gradients(self) -> list[torch.Tensor]:
        """Return the gradient of each parameter that the loss depends on."""
        return [gradient for gradient in self._gradients if gradient is not None]

    def follow(self, optimizer: OptimizerChoice, *, wanted: bool) -> FollowedStep:
        """Take an optimizer's first two steps, the first of which makes its state.

        Args:
            optimizer: which one.
            wanted: whether a search may enter it unasked, or it was named: then it is followed on a larger
                model too.

        Raises:
            NotFollowed: it cannot train this model, its package is missing, or it would take too long.
        """
        if reason := optimizer.misfit(self.facts) or self._too_much(optimizer, wanted=wanted):
            raise NotFollowed(reason)
        self._put_back()
        try:
            return self._steps(optimizer)
        except StudyError as error:
            raise NotFollowed(one_line(error)) from error
        except Exception as error:  # its library's or a stranger's model's; the forecast does without
            raise NotFollowed(named_line(error, longest=100)) from error

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

    def _too_much(self, optimizer: OptimizerChoice, *, wanted: bool) -> str:
        """Return why its steps would take too long, by arithmetic; nothing when they would not."""
        parameters, most = self.facts.parameters, MOST_PARAMETERS if wanted else MOST_FOR_ALL
        if parameters > most:
            return f"the model has {parameters:,} parameters, and its steps are followed up to {most:,}"
        products = _products(self._parameters) if optimizer.family in WHOLE_MATRIX else 0
        if products > MOST_PRODUCTS:
            return f"two steps take about {products:.0e} multiplications, over {MOST_PRODUCTS:.0e}"
        return ""


def _products(weights: list[torch.nn.Parameter]) -> float:
    """Return about the multiplications of two steps on whole matrices."""
    sides = [sorted((weight.shape[0], weight[0].numel())) for weight in weights if weight.ndim >= 2]
    return FOLLOWED_STEPS * PRODUCTS_A_STEP * sum(float(short) ** 2 * long for short, long in sides)
