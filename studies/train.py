"""Training run of one recipe: it can pause at any epoch and go on, bit for bit.

Batches are index slices of tensors in memory, or rows read anew (`studies.data.feed`).

    training = Training(recipe, workload, seed=0)
    training.advance(9)        # three rungs of one run
    training.advance(27)
    training.quality           # the best validation metric so far

The same recipe, workload and seed give the same numbers on a CPU, however the run is cut into pieces.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final

import torch
from torch import nn

from studies.data.feed import Draw, Feed
from studies.infeasible import Diverged
from studies.loaded_workload import LoadedWorkload
from studies.measure.allocations import Allocations
from studies.measure.model import model_bytes, state_bytes, tensor_bytes
from studies.measure.training_clock import training_clock
from studies.measure.validation import Best, Reading, read, whole_run
from studies.optim.routing import route
from studies.passes import Passes
from studies.recipe import Recipe
from studies.record import Measurement
from studies.rng import Generators
from studies.rungs import measured_epochs
from studies.steps import Steps

EXPLODED: Final = 1e3
"""A mean training loss this many times the lowest one (at least 1), or not finite, is a divergence."""
SAVED: Final = (
    "curve", "epoch", "step", "seconds", "ended", "followed", "step_bytes",
    "_best", "_reaction", "_lowest_loss",
)  # fmt: skip
"""Attributes that `state_dict` holds as they are."""


class Training(Steps):
    """Training run of a recipe.

    Args:
        recipe: what to train with.
        workload: what to train on.
        seed: of the initial weights, the order of the rows and dropout.
        device: cpu, cuda or mps.
        model: trained on as it is; None for a fresh one.
        prepare: called before the optimizer is made, once the model is there: what a pass hooks into the run.
    """

    def __init__(
        self,
        recipe: Recipe,
        workload: LoadedWorkload,
        *,
        seed: int,
        device: str = "cpu",
        model: nn.Module | None = None,
        prepare: Callable[[Training], None] = lambda training: None,
    ) -> None:
        self.recipe, self.workload, self.seed, self.device = recipe, workload, seed, torch.device(device)
        self.loss: Callable[..., torch.Tensor] = workload.training_loss(self.device)
        self._make_hooks()
        self.curve: list[Measurement] = []
        self.epoch = self.step = self.followed = self.step_bytes = 0
        self.seconds = self.lr_factor = 0.0
        self.allocations = Allocations()
        self.ended, self._reaction, self._lowest_loss = False, 1.0, math.inf
        self.pause = recipe.epochs
        self._best = Best()
        self.order, self.generators = torch.Generator().manual_seed(seed), Generators(seed)
        self._feed = Feed(workload.dataset, seed, self.device)
        with self.generators.in_place():
            self.model = (workload.build(recipe.model) if model is None else model).to(self.device)
            prepare(self)
            self._passes = Passes(
                self.model, precision=recipe.precision, compiled=recipe.compiled, device=self.device
            )
            self.optimizer = recipe.optimizer.build(self.model, self.total_steps)
            recipe.optimizer.attach(self)
            for choice in (*recipe.regularizers, *recipe.wrappers):
                choice.attach(self)
        self._peak_lrs = [float(group["lr"]) for group in self.optimizer.param_groups]

    @property
    def quality(self) -> float | None:
        """Return the best validation metric so far, None before the first epoch."""
        return self._best.reading.metric if self._best.reading else None

    @property
    def peak_bytes(self) -> int | None:
        """Return the most bytes held so far: as a GPU's allocator counts, else as the first steps showed.

        None before the first step: nothing is known of it yet.
        """
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device) if self.step else None
        return self.kept_bytes + state_bytes(self.optimizer) + self.step_bytes if self.followed else None

    @property
    def kept_bytes(self) -> int:
        """Return the bytes of weights and buffers, of what attachments keep, and of the order of the rows."""
        order_bytes = self.workload.rows * torch.int64.itemsize
        return model_bytes(self.model) + tensor_bytes(self.attachment_state) + order_bytes

    def advance(self, epochs: int, *, stop: Callable[[], bool] = lambda: False) -> bool:
        """Train until `epochs` epochs are done in all, measuring after each, or after some of a long run's.

        Args:
            epochs: where to pause, counted from the start of the run.
            stop: asked before every step; once it says yes the unfinished epoch is lost and the run is over.

        Returns:
            Whether it got there.

        Raises:
            Diverged: the training loss exploded or is no number.
        """
        self.pause = epochs
        with self.generators.in_place():
            while self.goes_on:
                start = training_clock(self.device)
                train_loss = self._epoch(stop)
                if train_loss is None:
                    return False
                self.end_epoch(train_loss, training_clock(self.device) - start)
        return True

    @property
    def goes_on(self) -> bool:
        """Tell whether there are epochs left until it pauses or ends."""
        return self.epoch < min(self.pause, self.recipe.epochs) and not self.ended

    def begin_epoch(self) -> Iterator[tuple[int, Draw]]:
        """Begin a pass over the rows; yield the number of rows of each batch, and what draws it."""
        self.model.train()
        if hasattr(self.optimizer, "train"):
            self.optimizer.train()
        return self._feed.epoch(self.order, self.batch_size, self.steps_per_epoch)

    def end_epoch(self, train_loss: float, seconds: float) -> None:
        """End a pass over the rows: note its loss; if it is time, measure and see whether the run is over.

        Args:
            train_loss: mean of the steps.
            seconds: that the pass took.

        Raises:
            Diverged: the training loss exploded or is no number.
        """
        self.epoch += 1
        self.seconds += seconds
        self._check(train_loss)
        if not self._measures:
            return
        self._measure(train_loss)
        self.ended = any(check() for check in self.stop_conditions)
        self._reaction = self.recipe.schedule.reaction(self.curve)

    @cached_property
    def _measured_epochs(self) -> frozenset[int]:
        return measured_epochs(self.recipe.epochs, self.recipe.measurements)

    @property
    def _measures(self) -> bool:
        """Tell whether the weights are measured after this epoch: each, where something reacts to it."""
        due = self.epoch == self.pause or self.epoch in self._measured_epochs
        return due or bool(self.stop_conditions) or self.recipe.schedule.reacts()

    def forget_best(self) -> None:
        """Let only epochs from here on count as the best: the model is not what it was before."""
        self._best = Best()

    def restore_best(self) -> None:
        """Put the weights of the best epoch back into the model."""
        if self._best.reading:
            self.model.load_state_dict(self._best.weights)

    def measure_outcome(self, *, whole: bool, test: bool) -> dict[str, Any]:
        """Return the fields of a record that were measured.

        Args:
            whole: whether it ran to its end; the model holds the weights of its best epoch afterwards.
            test: whether the test split may be looked at.
        """
        roles = route(self.model).counts().items()
        fields = {
            "quality": self.quality,
            "train_seconds": self.seconds,
            "peak_bytes": self.peak_bytes,
            "optimizer_state_bytes": state_bytes(self.optimizer),
            "model_bytes": model_bytes(self.model),
            "routing": {f"{role} ({count:,})": self.recipe.optimizer.serves(role) for role, count in roles},
        }
        if not whole:
            return fields
        self.restore_best()
        return fields | whole_run(self.model, self.workload, self.device, test=test)

    def close(self) -> None:
        """Have nothing to let go of: the tensors go with the run."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything that `load_state_dict` needs to go on as if never interrupted."""
        state = {name: getattr(self, name) for name in SAVED}
        state |= {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        state |= {"order": self.order.get_state(), "random": self.generators.state()}
        state |= {"rows_read": self._feed.rows_read}
        return copy.deepcopy(state | {"attachments": self.attachment_state})

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state of the same recipe, workload and seed."""
        state = copy.deepcopy(state)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generators.set_state(state["random"])
        self.order.set_state(state["order"])
        self._feed.rows_read = state["rows_read"]
        for tensor, saved in zip(self.attachment_state, state["attachments"], strict=True):
            tensor.copy_(saved)
        for name in SAVED:
            setattr(self, name, state[name])

    def _epoch(self, stop: Callable[[], bool]) -> float | None:
        """Pass once over the rows; return the mean loss, or None when told to stop."""
        total = torch.zeros((), device=self.device)
        for rows, draw in self.begin_epoch():
            if stop():
                return None
            total += self.take_step(rows, draw)
        return total.item() / self.steps_per_epoch

    def _check(self, train_loss: float) -> None:
        self._lowest_loss = min(self._lowest_loss, train_loss)
        if not math.isfinite(train_loss) or train_loss > EXPLODED * max(self._lowest_loss, 1.0):
            raise Diverged(f"diverged in epoch {self.epoch}: the training loss became {train_loss:.4g}")

    def _measure(self, train_loss: float) -> None:
        """Measure the weights, and what each readout makes of them; the better one counts."""
        direction = self.workload.metric.direction
        averages = hasattr(self.optimizer, "eval")
        if averages:
            self.optimizer.eval()  # type: ignore[attr-defined]
        reading = self._reading(settle=averages)
        self._best.take(reading, self.model, direction)
        for readout in self.readouts:
            with readout():
                other = self._reading(settle=True)
                self._best.take(other, self.model, direction)
            reading = other if other.beats(reading, direction) else reading
        self.curve.append(
            reading.point(epoch=self.epoch, step=self.step, seconds=self.seconds, train_loss=train_loss)
        )

    def _reading(self, *, settle: bool) -> Reading:
        rows = self.batch_size if settle else None
        return read(self.model, self.workload, self.device, epoch=self.epoch, settling_rows=rows)
