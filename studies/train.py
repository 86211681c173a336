"""Train one recipe: tensors stay in memory, batches are index slices, and the run can pause at any epoch and go on, bit for bit.

    training = Training(recipe, workload, seed=0)
    training.advance(9)        # three rungs of one run
    training.advance(27)
    training.quality           # the best validation metric so far

The same recipe, workload and seed give the same numbers on a CPU, however the run is cut into pieces.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Final

import torch
from torch import nn
from torch.nn import functional

from studies import measure
from studies.allocations import FOLLOWED_STEPS, Allocations
from studies.evaluate import Inputs, outputs_of, settle, tensors
from studies.metrics import Metric
from studies.recipe import Recipe
from studies.record import Measurement
from studies.weigh import weigh
from studies.workload import Workload

EXPLODED: Final = 1e3
"""A mean training loss this many times the first one, or not finite, is a divergence."""
Hook = Callable[[], None]
Transform = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
Readout = Callable[[], AbstractContextManager[None]]


class Diverged(Exception):
    """The training loss exploded or is no number; knowledge about the recipe, not an error of the program."""


class Training:
    """One run of a recipe.

    Args:
        recipe: what to train with.
        workload: what to train on.
        seed: of the initial weights, the order of the rows and dropout.
        device: cpu, cuda or mps.
        model: trained on as it is; None for a fresh one.
        prepare: called before the optimizer is made, once the model is there: what a pass hooks into the run.
    """

    def __init__(
        self, recipe: Recipe, workload: Workload, *, seed: int, device: str = "cpu", model: nn.Module | None = None,
        prepare: Callable[[Training], None] = lambda training: None,
    ) -> None:  # fmt: skip
        self.recipe, self.workload, self.seed, self.device = recipe, workload, seed, torch.device(device)
        self.loss = workload.loss
        if (balance := workload.balance()) is not None:
            self.loss = partial(functional.cross_entropy, weight=torch.from_numpy(balance).to(self.device))
        self.on_batch: list[Transform] = []
        self.after_backward: list[Hook] = []  # on every gradient that is computed, those within a closure too
        self.before_step: list[Hook] = []
        self.after_step: list[Hook] = []
        self.readouts: list[Readout] = []
        self.enough: list[Callable[[], bool]] = []
        self.kept: list[torch.Tensor] = []  # state of attachments: saved with the run and restored in place
        self.ended = False
        self._reaction = 1.0
        self.curve: list[Measurement] = []
        self.epoch = self.step = 0
        self.seconds = 0.0
        self.lr_factor = 0.0
        self.allocations = Allocations()
        self.followed = self.step_bytes = 0  # the most bytes that the followed steps allocated, the optimizer's state left out
        self._order = torch.Generator().manual_seed(seed)
        self._first_loss = math.inf
        self._best: tuple[float, float, dict[str, torch.Tensor]] | None = None
        with self._random(seed):
            self.model = (workload.build(recipe.model) if model is None else model).to(self.device)
            prepare(self)
            self.optimizer = recipe.optimizer.build(self.model, self.total_steps)
            recipe.optimizer.attach(self)
            for choice in (*recipe.regularizers, *recipe.wrappers):
                choice.attach(self)
        self._peak_lrs = [float(group["lr"]) for group in self.optimizer.param_groups]

    @property
    def steps_per_epoch(self) -> int:
        """Return the optimizer steps in one pass; a last batch of a single row is left out, which batch norm cannot take."""
        whole, rest = divmod(self.workload.rows, self.batch_size)
        return whole + (rest > 1 or (rest == 1 and whole == 0))

    @property
    def batch_size(self) -> int:
        """Return the rows a step, at most the whole training set."""
        return min(self.recipe.batch_size, self.workload.rows)

    @property
    def total_steps(self) -> int:
        """Return the optimizer steps of the whole run."""
        return self.steps_per_epoch * self.recipe.epochs

    @property
    def lr(self) -> float:
        """Return the lr of the current step."""
        return self._peak_lrs[0] * self.lr_factor

    @property
    def quality(self) -> float | None:
        """Return the best validation metric so far, None before the first epoch."""
        return self._best[0] if self._best else None

    @property
    def peak_bytes(self) -> int:
        """Return the most bytes held so far: the allocator's peak on a GPU, else what is kept and what the first steps took."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device)
        return self.kept_bytes + measure.state_bytes(self.optimizer) + self.step_bytes

    @property
    def kept_bytes(self) -> int:
        """Return the bytes of weights and buffers, and of what attachments keep."""
        return measure.model_bytes(self.model) + measure.tensor_bytes(self.kept)

    def advance(self, epochs: int, *, stop: Callable[[], bool] = lambda: False) -> bool:
        """Train until `epochs` epochs are done in all, measuring after each.

        Args:
            epochs: where to pause, counted from the start of the run.
            stop: asked before every step; once it says yes the unfinished epoch is dropped and the run cannot go on.

        Returns:
            Whether it got there.

        Raises:
            Diverged: the training loss exploded or is no number.
        """
        with self._random(None):
            while self.epoch < min(epochs, self.recipe.epochs) and not self.ended:
                start = time.perf_counter()
                train_loss = self._epoch(stop)
                if train_loss is None:
                    return False
                self.epoch += 1
                self.seconds += time.perf_counter() - start
                self._check(train_loss)
                self._measure(train_loss)
                self.ended = any(check() for check in self.enough)
                self._reaction = self.recipe.schedule.reaction(self.curve)
        return True

    def backward(self) -> torch.Tensor:
        """Compute the loss of the current batch and its gradients anew, at the weights as they are; return the loss."""
        self.optimizer.zero_grad()
        inputs, targets = self._batch
        loss = self.loss(self.model(inputs), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        for hook in self.after_backward:
            hook()
        return loss

    def forget_best(self) -> None:
        """Let only epochs from here on count as the best: what the model was before is not what it is to be."""
        self._best = None

    def restore_best(self) -> None:
        """Put the weights of the best epoch back into the model."""
        if self._best:
            self.model.load_state_dict(self._best[2])

    def weigh(self, *, whole: bool, test: bool) -> dict[str, Any]:
        """Return the fields of a record that were measured, see `studies.weigh`."""
        return weigh(self, whole=whole, test=test)

    def close(self) -> None:
        """Have nothing to let go of: the tensors go with the run."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything that `load_state_dict` needs to go on as if never interrupted."""
        return copy.deepcopy({
            "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "curve": self.curve, "best": self._best,
            "ended": self.ended, "reaction": self._reaction, "kept": self.kept,
            "epoch": self.epoch, "step": self.step, "seconds": self.seconds, "first_loss": self._first_loss,
            "step_bytes": self.step_bytes, "followed": self.followed,
            "order": self._order.get_state(), "random": self._random_state,
        })  # fmt: skip

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state of the same recipe, workload and seed."""
        state = copy.deepcopy(state)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.curve, self._best, self._first_loss = state["curve"], state["best"], state["first_loss"]
        self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]
        self.ended, self._reaction = state["ended"], state["reaction"]
        self.step_bytes, self.followed, self._random_state = state["step_bytes"], state["followed"], state["random"]
        self._order.set_state(state["order"])
        for tensor, saved in zip(self.kept, state["kept"], strict=True):
            tensor.copy_(saved)

    def _epoch(self, stop: Callable[[], bool]) -> float | None:
        """Pass once over the rows; return the mean loss, or None when told to stop."""
        inputs, targets = tensors(self.workload.dataset, "train", self.device)
        order = torch.randperm(self.workload.rows, generator=self._order).to(self.device)
        total = torch.zeros((), device=self.device)
        self.model.train()
        if hasattr(self.optimizer, "train"):
            self.optimizer.train()
        for batch in torch.split(order, self.batch_size)[: self.steps_per_epoch]:
            if stop():
                return None
            if self.followed < FOLLOWED_STEPS and len(batch) == self.batch_size:
                total += self._followed(inputs, targets, batch)
            else:
                total += self._step(inputs[batch], targets[batch])
        return total.item() / self.steps_per_epoch

    def _step(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        # half a step in: neither the first step nor the last one of a schedule from and to zero is wasted
        self.lr_factor = self.recipe.schedule.at((self.step + 0.5) / self.total_steps) * self._reaction
        for group, peak in zip(self.optimizer.param_groups, self._peak_lrs, strict=True):
            group["lr"] = peak * self.lr_factor
        for transform in self.on_batch:
            inputs, targets = transform(inputs, targets)
        self._batch = inputs, targets
        if self.recipe.optimizer.needs_closure:
            loss = torch.as_tensor(self.optimizer.step(self.backward))  # type: ignore[arg-type]
        else:
            loss = self.backward()
            for hook in self.before_step:
                hook()
            self.optimizer.step()
        for hook in self.after_step:
            hook()
        self.step += 1
        return loss.detach()

    def _followed(self, inputs: Inputs, targets: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
        """Take a step and note what it allocates: the first one makes the state, the second one has it beside."""
        with self.allocations:
            loss = self._step(inputs[batch], targets[batch])
        self.followed += 1
        self.step_bytes = self.allocations.peak_bytes - measure.state_bytes(self.optimizer)
        return loss

    def _check(self, train_loss: float) -> None:
        self._first_loss = min(self._first_loss, train_loss)
        if not math.isfinite(train_loss) or train_loss > EXPLODED * max(self._first_loss, 1.0):
            raise Diverged(f"diverged in epoch {self.epoch}: the training loss became {train_loss:.4g}")

    def _measure(self, train_loss: float) -> None:
        """Measure the weights, and what each readout makes of them; the better one is what the run is credited with."""
        if hasattr(self.optimizer, "eval"):
            self.optimizer.eval()
            self._settle_norms()
        metric, loss, state = self._reading()
        for readout in self.readouts:
            with readout():
                self._settle_norms()
                other = self._reading()
            if _better(self.workload.metric, other, (metric, loss)):
                metric, loss, state = other
        point = Measurement(
            epoch=self.epoch, step=self.step, seconds=self.seconds, train_loss=train_loss, valid_loss=loss, valid_metric=metric
        )  # fmt: skip
        self.curve.append(point)
        if self._best is None or _better(self.workload.metric, (metric, loss), self._best):
            self._best = metric, loss, state

    def _reading(self) -> tuple[float, float, dict[str, torch.Tensor]]:
        """Return metric and loss on the validation split with the weights as they are, and a copy of these."""
        inputs, targets = tensors(self.workload.dataset, "valid", self.device)
        outputs = outputs_of(self.model, inputs)
        loss = float(self.workload.loss(outputs, targets))
        metric = self.workload.score(outputs, targets)
        if not (math.isfinite(loss) and math.isfinite(metric)):
            what = f"the validation loss became {loss:.4g}" if not math.isfinite(loss) else f"the metric became {metric}"
            raise Diverged(f"diverged in epoch {self.epoch}: {what}")
        return metric, loss, {key: value.detach().clone() for key, value in self.model.state_dict().items()}

    def _settle_norms(self) -> None:
        inputs, _ = tensors(self.workload.dataset, "train", self.device)
        settle(self.model, inputs, self.batch_size)

    @contextmanager
    def _random(self, seed: int | None) -> Iterator[None]:
        """Give the block torch's global generators as this run left them (or freshly seeded), and the caller its own back."""
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            if seed is not None:
                torch.manual_seed(seed)
            else:
                _set_random(self._random_state, devices)
            yield
            self._random_state = [torch.get_rng_state(), *(torch.cuda.get_rng_state(device) for device in devices)]


def _better(metric: Metric, left: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
    """Compare (metric, loss, ...): by metric, then by loss."""
    return metric.better(left[0], right[0]) or (left[0] == right[0] and left[1] < right[1])


def _set_random(states: list[torch.Tensor], devices: list[torch.device]) -> None:
    torch.set_rng_state(states[0])
    for device, state in zip(devices, states[1:], strict=True):
        torch.cuda.set_rng_state(state, device)
