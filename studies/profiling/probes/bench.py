"""Probe bench: fresh copies of a model, random batches of its training rows, and a clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import torch

from studies.data.rows import tensors
from studies.forward import answer
from studies.optim.routing import trained

if TYPE_CHECKING:
    from torch import nn

    from studies.facts import Facts
    from studies.loaded_workload import LoadedWorkload

Batch = tuple[Any, Any]

PASS_MACS: Final = 2 * 10**9
"""Multiply-accumulates of a forward pass up to which profiling takes all the rows of a batch: with its
backward pass about 0.2 s of one core. A larger model's passes take fewer rows and are scaled."""
FEWEST_ROWS: Final = 4
"""Rows of a pass at least."""


def few_rows(facts: Facts, most: int | None = None) -> int:
    """Return the rows that a pass of profiling takes, by counts alone: a clock would differ elsewhere.

    Args:
        facts: with the multiply-accumulates of a row.
        most: rows that are wanted; the batch size by default.
    """
    return min(most or facts.batch_size, max(FEWEST_ROWS, PASS_MACS // max(facts.macs, 1)))


class Unsuited(Exception):
    """A probe has nothing to measure on this model; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a probe runs."""

    how: str
    """One clause."""
    ask: Callable[[Bench], Any]
    """Returns the value of the fact.

    Raises:
        Unsuited: there is nothing to measure.
    """
    rows: Callable[[Facts], int] = lambda facts: 0
    """Rows that it takes a gradient of, of a probe of a single gradient."""


class Bench:
    """A workload to run probes on.

    Args:
        workload: what would be trained on.
        facts: what is known of it so far.
        allowance_seconds: after which no further probe starts; infinity for as long as they take.
    """

    def __init__(
        self, workload: LoadedWorkload, facts: Facts, *, allowance_seconds: float = math.inf
    ) -> None:
        self.workload, self.facts, self.device = workload, facts, torch.device(facts.device)
        self._ends = time.perf_counter() + allowance_seconds
        self._rows = torch.Generator()
        passes = facts.step_seconds * (1 - facts.optimizer_share)
        self._row_seconds = passes / facts.batch_size
        self.restart()
        self._loss: Callable[..., torch.Tensor] = workload.training_loss(self.device)

    @property
    def seconds_left(self) -> float:
        """Return the seconds left for probes."""
        return self._ends - time.perf_counter()

    def gradient_seconds(self, rows: int) -> float:
        """Return about the seconds of a gradient of so many rows, on one thread."""
        return rows * self._row_seconds

    def has_time_for(self, rows: int) -> bool:
        """Tell whether gradients of so many rows are likely to end in time."""
        return self.seconds_left > self.gradient_seconds(rows)

    def check_time(self, rows: int = 0) -> None:
        """Raise Unsuited where no time is left for gradients of so many rows; asked before every one."""
        if self.seconds_left <= 0:
            raise Unsuited("the time for probes was used up")
        if not self.has_time_for(rows):
            raise Unsuited(f"gradients of {rows} rows take longer than the time that was left")

    def restart(self) -> None:
        """Draw the same batches as from the beginning.

        So a probe measures the same, whichever ran before it.
        """
        self._rows.manual_seed(self.workload.seed)

    def model(self) -> nn.Module:
        """Return the model as a trial of the workload's seed begins with it, in training mode."""
        torch.manual_seed(self.workload.seed)
        return self.workload.build(self.workload.model).to(self.device).train()

    def batch(self, rows: int) -> Batch:
        """Return inputs and targets of training rows drawn at random, at most all of them, none twice."""
        inputs, targets = tensors(self.workload.dataset, "train", self.device)
        chosen = torch.randperm(len(targets), generator=self._rows)[:rows].to(self.device)
        return inputs[chosen], targets[chosen]

    def loss(self, model: nn.Module, batch: Batch) -> torch.Tensor:
        """Return the mean loss of a batch."""
        inputs, targets = batch
        return self.criterion(answer(model, inputs), targets)

    def criterion(self, outputs: Any, targets: Any) -> torch.Tensor:
        """Return the mean loss of all that a model returned for a batch."""
        return self._loss(self.workload.for_loss(outputs), targets)

    def backward(self, model: nn.Module, batch: Batch) -> float:
        """Leave the gradient of a batch in the model and return the loss."""
        self.check_time(len(batch[1]))
        model.zero_grad()
        loss = self.loss(model, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def gradients(self, model: nn.Module, batch: Batch) -> list[torch.Tensor]:
        """Return the gradient of each trained parameter that the loss depends on; left in the model too."""
        self.backward(model, batch)
        return [parameter.grad for parameter in trained(model) if parameter.grad is not None]

    def now(self) -> float:
        """Return the time once the device has done what it was told."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()
