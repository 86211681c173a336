"""Stacked step: losses and gradients of all models of a stack for their batches, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.func import functional_call, vmap

from studies.data.rows import tensors
from studies.errors import one_line
from studies.forward import answer
from studies.lockstep.alone import PassResult, apart, passes_alone, same_place
from studies.lockstep.losses import StackedLoss
from studies.lockstep.noise import Dropped, draw, dropped, empty_masks, masked, noisy, switch_on
from studies.lockstep.row_linear import batch_linear_layers
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
        batch_linear_layers(self.stack.template)
        self._calls: dict[int, list[tuple[Dropped, ...]]] = {}
        self._masks: dict[int, list[torch.Tensor]] = {}

    def take(self, batches: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
        """Take a step of each run on its batch, which it has begun; return their losses, (runs,)."""
        losses = self.losses(batches)
        for run in self.runs:
            _end_step(run)
        return losses

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
        outputs = vmap(self._outputs, in_dims=(0, 0, of_inputs, 0 if masks else None))(
            self.stack.weights, self.stack.buffers, inputs, masks
        )
        losses = self.loss.of_rows(self.runs[0].workload.for_loss(outputs), targets, of_targets)
        self.stack.take_gradients(losses.sum())
        return losses.detach()

    def check(self) -> None:
        """Compare losses and gradients of a batch with those of each model by itself; nothing is changed.

        Raises:
            Unstackable: a model cannot be called so, or its numbers are others.
        """
        for run in self.runs:
            run.model.train()
        inputs, targets = tensors(run.workload.dataset, "train", run.device)
        for rows in {run.batch_size, run.workload.rows % run.batch_size} - {0}:
            self._check([(inputs[:rows], targets[:rows])] * len(self.runs))

    def _check(self, batches: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> None:
        states = [run.generators.state() for run in self.runs]
        buffers = {name: buffer.clone() for name, buffer in self.stack.buffers.items()}
        try:
            alone = [passes_alone(run, *batch) for run, batch in zip(self.runs, batches, strict=True)]
            after = [run.generators.state() for run in self.runs]
            self._restore(states, buffers)
            losses = self.losses(batches)
            rows = [PassResult.of(run, loss) for run, loss in zip(self.runs, losses, strict=True)]
            unlike = tuple(
                run
                for run, row, single, state in zip(self.runs, rows, alone, after, strict=True)
                if not row.are_like(single) or not same_place(run.generators.state(), state)
            )
        except Unstackable:
            raise
        except Exception as error:
            raise Unstackable(one_line(error, longest=200)) from error
        finally:
            self._restore(states, buffers)
        if unlike:
            raise Unstackable("their numbers would be others", runs=unlike)

    def _restore(self, states: Sequence[Any], buffers: dict[str, torch.Tensor]) -> None:
        for run, state in zip(self.runs, states, strict=True):
            run.generators.set_state(state)
        for name, buffer in buffers.items():
            self.stack.buffers[name].copy_(buffer)

    def _outputs(self, weights: Any, buffers: Any, inputs: Any, masks: Any) -> Any:
        """Return what a model with these weights returns."""

        def called(*arguments: Any, **options: Any) -> Any:
            return functional_call(self.stack.template, (weights, buffers), arguments, options)

        with masked(masks):
            return answer(called, inputs)  # type: ignore[arg-type]

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


def _end_step(run: Training) -> None:
    """Step a run by the gradients that it has, with its own generators where something may draw from them."""
    if not run.after_backward and not run.before_step and not run.after_step and _is_torchs(run.optimizer):
        run.end_step()
        return
    with run.generators.torchs_in_place():
        for hook in run.after_backward:
            hook()
        run.end_step()


def _is_torchs(optimizer: torch.optim.Optimizer) -> bool:
    """Tell whether an optimizer is one of torch's own, none of which draws."""
    return type(optimizer).__module__.startswith("torch.optim.")


def _together(values: Sequence[torch.Tensor]) -> tuple[torch.Tensor, int | None]:
    """Return one tensor for all rows, and the dimension along which they lie in it, None for none."""
    if all(value is values[0] for value in values):
        return values[0], None
    return torch.stack(list(values)), 0


def _calls(run: Training, inputs: Any) -> tuple[Dropped, ...]:
    """Return how a run's model calls dropout; nothing of the run is changed."""
    state = run.generators.state()
    with run.generators.torchs_in_place(), torch.no_grad():
        calls = dropped(lambda: answer(apart(run), inputs))
    run.generators.set_state(state)
    return calls
