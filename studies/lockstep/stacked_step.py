"""Stacked step: losses and gradients of all models of a stack for their batches, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.func import functional_call, vmap

from studies.forward import answer
from studies.lockstep.losses import StackedLoss
from studies.lockstep.noise import Dropped, draw, dropped, empty_masks, masked, noisy, switch_on
from studies.lockstep.stack import Stack
from studies.lockstep.unstackable import Unstackable
from studies.precisions import FLOAT32

if TYPE_CHECKING:
    from studies.train import Training


class StackedStep:
    """Forward and backward pass of a stack of runs.

    Args:
        runs: in training mode.

    Raises:
        Unstackable: their losses differ, or their passes are not plain ones.
    """

    def __init__(self, runs: Sequence[Training]) -> None:
        self.runs = tuple(runs)
        if any(run.recipe.compiled or run.recipe.precision != FLOAT32 for run in runs):
            raise Unstackable("their passes are compiled, or not in 32 bits")
        self.loss = StackedLoss.of([run.loss for run in runs], runs[0].device)
        self.stack = Stack([run.model for run in runs])
        switch_on(self.stack.template, self.stack.models)
        self._calls: dict[int, list[tuple[Dropped, ...]]] = {}
        self._masks: dict[int, list[torch.Tensor]] = {}

    def losses(self, batches: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
        """Return the loss of each run, (runs,), and leave its gradients with its weights.

        Args:
            batches: inputs and targets of each run; the very same objects where all have the same batch.

        Raises:
            Unstackable: a model calls dropout otherwise than the others.
        """
        inputs, of_inputs = _together([batch[0] for batch in batches])
        targets, of_targets = _together([batch[1] for batch in batches])
        masks = self._draw_masks(batches)
        arguments = (self.stack.weights, self.stack.buffers, inputs, targets, masks, self.loss.smoothing)
        of_share = None if self.loss.smoothing is None else 0
        losses = vmap(self._forward, in_dims=(0, 0, of_inputs, of_targets, 0 if masks else None, of_share))(
            *arguments
        )
        self.stack.take_gradients(losses.sum())
        return losses.detach()

    def _forward(
        self, weights: Any, buffers: Any, inputs: Any, targets: Any, masks: Any, share: Any
    ) -> torch.Tensor:
        def called(*arguments: Any, **options: Any) -> Any:
            return functional_call(self.stack.template, (weights, buffers), arguments, options)

        with masked(masks):
            outputs = answer(called, inputs)  # type: ignore[arg-type]
        return self.loss(self.runs[0].workload.for_loss(outputs), targets, share)

    def _draw_masks(self, batches: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> list[torch.Tensor]:
        """Return the dropout masks of a step, (runs, ...) for each call of dropout."""
        rows = len(batches[0][0])
        if rows not in self._calls:
            self._note_calls(rows, batches)
        masks = self._masks[rows]
        if masks:
            for index, (run, calls) in enumerate(zip(self.runs, self._calls[rows], strict=True)):
                with run.generators.torchs_in_place():
                    draw([mask[index] for mask in masks], calls)
        return masks

    def _note_calls(self, rows: int, batches: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> None:
        """Note how each model calls dropout for a batch of so many rows."""
        calls = noisy([_calls(run, batch[0]) for run, batch in zip(self.runs, batches, strict=True)])
        self._calls[rows], self._masks[rows] = calls, empty_masks(calls, self.runs[0].device)


def _together(values: Sequence[torch.Tensor]) -> tuple[torch.Tensor, int | None]:
    """Return one tensor for all rows, and the dimension along which they lie in it, None for none."""
    if all(value is values[0] for value in values):
        return values[0], None
    return torch.stack(list(values)), 0


def _calls(run: Training, inputs: Any) -> tuple[Dropped, ...]:
    """Return how a run's model calls dropout; nothing of the run is changed."""
    buffers = {name: buffer.clone() for name, buffer in run.model.named_buffers()}

    def called(*arguments: Any, **options: Any) -> Any:
        return functional_call(run.model, buffers, arguments, options)

    with torch.random.fork_rng(devices=_devices(run)), torch.no_grad():
        return dropped(lambda: answer(called, inputs))  # type: ignore[arg-type]


def _devices(run: Training) -> list[torch.device]:
    return [run.device] if run.device.type == "cuda" else []
