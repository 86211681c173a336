"""Memory forecast: the bytes that training needs, known before it starts.

Weights, gradients and state are arithmetic. The rest is rehearsed: two steps on a few rows and two on twice
as many, every allocation followed (`allocations.py`). Both rehearsals run through the same operations, and at
each of them the bytes alive are a fixed part and a part for each row: so two tapes give the peak at any batch
size, even where another moment becomes the fullest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import torch

from studies.data.rows import tensors
from studies.forward import answer
from studies.measure.allocations import FOLLOWED_STEPS
from studies.measure.model import model_bytes, state_bytes, tensor_bytes
from studies.memory_forecast import Moment, peak_at
from studies.optim.routing import route
from studies.train import Training

if TYPE_CHECKING:
    from torch import nn

    from studies.loaded_workload import LoadedWorkload
    from studies.optimizers import OptimizerChoice
    from studies.recipe import Recipe

REHEARSED_ROWS: Final = 32
"""Rows a step of the larger rehearsal, for a batch size that is larger still."""
FEWEST_ROWS: Final = 4
"""Of the larger rehearsal, so that the smaller one has the two rows that batch norm needs."""


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """Rehearsal: the bytes that a recipe's steps hold at any batch size."""

    moments: tuple[Moment, ...]
    """The moments that are the fullest at some batch size."""
    stepped: Moment
    """After the optimizer's step: what is kept, state, gradients and the batch."""

    def peak_bytes(self, rows: int) -> int:
        """Return the most bytes alive at once, with so many rows a step."""
        return peak_at(self.moments, rows)


def rehearse(
    recipe: Recipe,
    workload: LoadedWorkload,
    *,
    device: str = "cpu",
    rows: int = REHEARSED_ROWS,
    plain: Rehearsal | None = None,
) -> Rehearsal:
    """Take the recipe's first two steps on few rows and on twice as many.

    Returns what all its steps will hold.

    Args:
        recipe: its regularizers and wrappers too: each may hold tensors of its own.
        workload: what it trains on.
        device: where.
        rows: a step of the larger rehearsal, at most the recipe's own.
        plain: a rehearsal of the same passes with SGD. For steps that no two batches take alike (a line
            search), what they hold above it is added to it; None to take the recipe's own steps instead, on
            as many rows as it has.
    """
    if plain is not None and recipe.optimizer.needs_closure:
        return above(plain, TapedRun.of(replace(recipe, batch_size=FEWEST_ROWS), workload, device))
    most = max(min(rows, recipe.batch_size, workload.rows), FEWEST_ROWS)
    runs = [TapedRun.of(replace(recipe, batch_size=size), workload, device) for size in (most // 2, most)]
    if len(runs[0].tape) != len(runs[1].tape):
        # a line search, or a model that looks at its rows: nothing to draw lines through
        runs = [TapedRun.of(recipe, workload, device)]
    return drawn_through(runs)


def drawn_through(runs: Sequence[TapedRun]) -> Rehearsal:
    """Return the rehearsal that runs on few rows and on more give; one run alone tells of its own rows."""
    lines = [_plus(line, runs[-1].kept_bytes) for line in _lines(runs)]
    return Rehearsal(moments=fullest(lines), stepped=lines[-1])


def above(plain: Rehearsal, run: TapedRun) -> Rehearsal:
    """Return a rehearsal with what a run's peak is above its own, at any batch size."""
    more_bytes = max(run.kept_bytes + max(run.tape) - plain.peak_bytes(run.rows), 0)
    moments = tuple(_plus(moment, more_bytes) for moment in plain.moments)
    return Rehearsal(moments=moments, stepped=_plus(plain.stepped, more_bytes))


@dataclass(frozen=True, kw_only=True)
class TapedRun:
    """Taped run: a few steps on batches of one size, and the bytes alive after each operation."""

    rows: int
    tape: Sequence[int]
    kept_bytes: int
    """What was there before the first step, what of the state is still to come, and workspaces that the tape
    does not see."""

    @classmethod
    def of(cls, recipe: Recipe, workload: LoadedWorkload, device: str) -> TapedRun:
        """Take a recipe's first steps on batches of its size."""
        tensors(workload.dataset, "train", torch.device(device))
        before = _restart_peak(device)
        training = Training(recipe, workload, seed=workload.seed, device=device)
        training.advance(recipe.epochs, stop=lambda: training.followed >= FOLLOWED_STEPS)
        kept_bytes, tape = training.kept_bytes, training.allocations.tape
        unseen = 0
        if before is not None:
            unseen = max(torch.cuda.max_memory_allocated(device) - before - kept_bytes - max(tape), 0)
        to_come = max(declared_state(recipe.optimizer, training.model) - state_bytes(training.optimizer), 0)
        return cls(rows=training.batch_size, tape=tape, kept_bytes=kept_bytes + unseen + to_come)


def _restart_peak(device: str) -> int | None:
    """Let the allocator of a GPU count its peak anew and return what it holds; None elsewhere."""
    if torch.device(device).type != "cuda":
        return None
    torch.cuda.reset_peak_memory_stats(device)
    return torch.cuda.memory_allocated(device)


def _lines(runs: Sequence[TapedRun]) -> list[Moment]:
    first, last = runs[0], runs[-1]
    if first.rows == last.rows:
        return [Moment(fixed_bytes=alive) for alive in last.tape]
    slopes = [
        (large - small) / (last.rows - first.rows) for small, large in zip(first.tape, last.tape, strict=True)
    ]
    points = zip(last.tape, slopes, strict=True)
    return [Moment(fixed_bytes=round(alive - slope * last.rows), row_bytes=slope) for alive, slope in points]


def fullest(lines: Sequence[Moment]) -> tuple[Moment, ...]:
    """Return the moments that are the fullest at some number of rows: the lines' upper envelope."""
    current = max(lines, key=lambda line: (line.fixed_bytes + line.row_bytes, line.row_bytes))
    envelope = [current]
    while steeper := [line for line in lines if line.row_bytes > current.row_bytes]:
        before = current
        current = min(steeper, key=lambda line: (_crossing(before, line), -line.row_bytes))
        envelope.append(current)
    return tuple(envelope)


def _crossing(flat: Moment, steep: Moment) -> float:
    return (flat.fixed_bytes - steep.fixed_bytes) / (steep.row_bytes - flat.row_bytes)


class SavedBytes:
    """Bytes of the tensors that autograd saved, each storage once, those in `known` left out."""

    def __init__(self, known: list[torch.Tensor]) -> None:
        self._known = {tensor.untyped_storage().data_ptr() for tensor in known}
        self._saved: dict[int, torch.Tensor] = {}

    def note(self, tensor: torch.Tensor) -> torch.Tensor:
        """Note a tensor that autograd saves."""
        pointer = tensor.untyped_storage().data_ptr()
        if pointer not in self._known:
            self._saved[pointer] = tensor  # held, so that its address is not used again while we count
        return tensor

    def total(self) -> int:
        """Return the bytes and let go of the tensors."""
        count = tensor_bytes(self._saved.values())
        self._saved.clear()
        return count


@contextmanager
def saved_bytes(model: nn.Module) -> Iterator[SavedBytes]:
    """Count what autograd saves inside the block, the model's own weights left out."""
    saved = SavedBytes([*model.parameters(), *model.buffers()])
    with torch.autograd.graph.saved_tensors_hooks(saved.note, lambda tensor: tensor):
        yield saved


def activation_bytes(model: nn.Module, inputs: Any, loss: Callable[[Any], torch.Tensor]) -> int:
    """Return the bytes that one training pass over `inputs` (batch, ...) saves for its backward pass.

    The inputs are included.
    """
    with torch.random.fork_rng(devices=[]), saved_bytes(model.train()) as saved:
        result = loss(answer(model, inputs))
        count = saved.total()
    del result
    return count


def declared_state(optimizer: OptimizerChoice, model: nn.Module) -> int:
    """Return the bytes of state that the optimizer says it keeps for a model, once all of it is there."""
    return declared_bytes(optimizer, shapes_of(model))


def shapes_of(model: nn.Module) -> list[tuple[tuple[int, ...], str]]:
    """Return the shape and the role of each trained parameter."""
    return [(tuple(parameter.shape), role) for _, parameter, role in route(model).roles]


def declared_bytes(optimizer: OptimizerChoice, shapes: Iterable[tuple[tuple[int, ...], str]]) -> int:
    """Return the same for parameters of these shapes and roles."""
    return sum(optimizer.state_bytes(shape, role) for shape, role in shapes)


def least_bytes(optimizer: OptimizerChoice, model: nn.Module) -> int:
    """Return the bytes that training takes at least, by arithmetic: weights, dense gradients and state."""
    return model_bytes(model) + _dense_gradient_bytes(model) + declared_state(optimizer, model)


def _dense_gradient_bytes(model: nn.Module) -> int:
    return sum(
        parameter.numel() * parameter.element_size()
        for parameter in route(model).without("sparse table").of()
    )


def with_state(plain: Rehearsal, state_bytes: int, borrowed_bytes: int) -> tuple[Moment, ...]:
    """Return the fullest moments of the same passes beside an optimizer's state.

    Args:
        plain: a rehearsal of the model with SGD, which keeps no state: the passes are the same with any
            optimizer that only steps on gradients.
        state_bytes: what the optimizer keeps.
        borrowed_bytes: what it borrows while it steps.
    """
    moments = (*plain.moments, _plus(plain.stepped, borrowed_bytes))
    return fullest([_plus(moment, state_bytes) for moment in moments])


def _plus(moment: Moment, more_bytes: int) -> Moment:
    return Moment(fixed_bytes=moment.fixed_bytes + more_bytes, row_bytes=moment.row_bytes)
