"""Example batch: memory by optimizer of a model and one batch, without data, a task or a study."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn

from studies.catalogue import find
from studies.errors import BadWorkload, named_line
from studies.facts import Facts
from studies.forward import answer, main_output
from studies.measure.allocations import FOLLOWED_STEPS, Allocations
from studies.measure.model import model_bytes, state_bytes, tensor_bytes
from studies.profiling.followed_step import NotFollowed, StepBench
from studies.profiling.forecast import (
    FEWEST_ROWS,
    Rehearsal,
    TapedRun,
    above,
    activation_bytes,
    declared_state,
    drawn_through,
)
from studies.profiling.forecasts import Forecaster
from studies.profiling.profile import census
from studies.rng import undisturbed
from studies.rows.items import pair_of_item
from studies.rows.nested import NestedRows, leaves_of, nested

if TYPE_CHECKING:
    from studies.optimizers import OptimizerChoice

Loss = Callable[[Any, Any], torch.Tensor]
STEPS: Final = 1000
"""Of the run that an optimizer is built for; no bytes hang on it."""
MOST_ROWS: Final = 2**31
"""Rows that the largest batch is looked for among: nothing is known of any data."""


class ExampleBatch:
    """Example batch: a model, inputs and targets, and the loss between them.

    Args:
        model: a copy of it is trained.
        batch: inputs (rows, ...); (inputs, targets); or a dict of inputs by name, with the targets under a
            usual name.
        loss: of (outputs, targets); by default the model's own, cross-entropy or mean square.

    Raises:
        BadWorkload: the batch is in no such form, or the model does not take it.
    """

    def __init__(self, model: nn.Module, batch: Any, loss: Loss | None = None) -> None:
        self._model, self._loss = model, loss
        self._whole = isinstance(batch, Mapping) and loss is None
        inputs, targets = (batch, None) if self._whole else pair_of_item(batch)
        self._inputs = NestedRows(inputs) if nested(inputs) else inputs
        self._targets = NestedRows(targets) if nested(targets) else targets
        self.rows = len(self._inputs)
        self.facts = Facts(
            rows=self.rows, batch_size=self.rows, steps=STEPS, device=_device(model), macs=1, **census(model)
        )

    def model(self) -> nn.Module:
        """Return a fresh copy of the model, in training mode."""
        return copy.deepcopy(self._model).train()

    def batch(self, rows: int) -> Any:
        """Return so many rows, (inputs, targets); from the first on again where there are not as many."""
        chosen = slice(rows) if rows <= self.rows else torch.arange(rows) % self.rows
        return self._inputs[chosen], None if self._targets is None else self._targets[chosen]

    def loss(self, outputs: Any, targets: Any) -> torch.Tensor:
        """Return the loss of what the model returned for a batch."""
        if self._loss is not None:
            return self._loss(outputs, targets)
        if isinstance(models_loss := _own_loss(outputs), torch.Tensor):
            return models_loss
        main = main_output(outputs)
        if targets is None:
            return main.square().mean()
        if targets.is_floating_point():
            return nn.functional.mse_loss(main, targets.reshape(main.shape))
        return nn.functional.cross_entropy(main, targets)

    def backward(self, model: nn.Module, batch: Any) -> float:
        """Leave the gradient of a batch in the model and return the loss."""
        inputs, targets = batch
        model.zero_grad()
        loss = self.loss(answer(model, inputs), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def run(self, optimizer: OptimizerChoice, rows: int) -> TapedRun:
        """Return the tape of an optimizer's first steps on so many rows."""
        model, batch = self.model(), self.batch(rows)
        stepper = optimizer.build(model, STEPS)

        def closure() -> float:
            return self.backward(model, batch)

        batch_bytes = tensor_bytes(part.clone() for part in _tensors(batch))
        with Allocations() as allocations:
            for _ in range(FOLLOWED_STEPS):
                if optimizer.needs_closure:
                    stepper.step(closure)
                else:
                    closure()
                    stepper.step()
        to_come = max(declared_state(optimizer, model) - state_bytes(stepper), 0)
        tape = [alive + batch_bytes for alive in allocations.tape]
        return TapedRun(rows=rows, tape=tape, kept_bytes=model_bytes(model) + to_come)

    def passes(self, optimizer: OptimizerChoice, plain: Rehearsal) -> Rehearsal:
        """Rehearse an optimizer that does more than step on a gradient.

        Raises:
            NotFollowed: it hooks into a training run, which there is none of here.
        """
        if not optimizer.needs_closure:
            raise NotFollowed("it hooks into our own training loop, which does not run here")
        return above(plain, self.run(optimizer, min(FEWEST_ROWS, self.rows)))

    def forecaster(self) -> Forecaster:
        """Rehearse the passes, and compute one gradient.

        Raises:
            BadWorkload: the model or the loss does not take the batch.
        """
        sgd = find("optimizer", "SGD").from_fields({})
        inputs, targets = self.batch(self.rows)
        try:
            saved = activation_bytes(self.model(), inputs, lambda outputs: self.loss(outputs, targets))
            other = self.rows // 2 if self.rows >= FEWEST_ROWS else 2 * self.rows
            runs = [self.run(sgd, rows) for rows in (other, self.rows)]  # type: ignore[arg-type]
            bench = StepBench(self)
        except Exception as error:  # a stranger's model
            raise BadWorkload(
                f"a step of the model on the batch failed: {named_line(error, longest=300)}; "
                "give inputs, (inputs, targets) or a dict as the model takes them, and its loss="
            ) from error
        alike = len(runs[0].tape) == len(runs[1].tape)  # else the model looks at its rows
        plain = drawn_through(runs if alike else runs[-1:])
        return Forecaster(
            facts=self.facts, bench=bench, plain=plain, activation_bytes=saved, passes=self.passes
        )


def forecast_facts(batch: ExampleBatch, optimizers: Sequence[OptimizerChoice]) -> Facts:
    """Return the facts of a model with the memory forecast of each optimizer, at the batch's size."""
    with undisturbed():
        forecaster = batch.forecaster()
        each = tuple(forecaster.forecast(optimizer) for optimizer in optimizers)
        return replace(batch.facts, forecasts=each, rows=MOST_ROWS)


def _own_loss(outputs: Any) -> Any:
    return outputs.get("loss") if isinstance(outputs, Mapping) else getattr(outputs, "loss", None)


def _device(model: nn.Module) -> str:
    return next((parameter.device.type for parameter in model.parameters()), "cpu")


def _tensors(batch: Any) -> list[torch.Tensor]:
    return [leaf for part in batch if part is not None for leaf in leaves_of(part)]
