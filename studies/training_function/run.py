"""Run of a training function: it pauses at a rung, goes on or is stopped, like our training.

The function runs in a thread that is awake only while we wait for it, so at any time one of the two runs.
Random generators are handed over with it: what one trial draws changes nothing for another.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from studies.callers_globals import users_dtype
from studies.direction import Direction
from studies.errors import BadValue
from studies.infeasible import Diverged
from studies.measure.model import model_bytes, sparsity, state_bytes, tensor_bytes
from studies.optim.schedule_lr import schedulers_of
from studies.process_state import OwnState
from studies.record import Measurement
from studies.rng import Generators

if TYPE_CHECKING:
    from studies.recipe import Recipe


class Stopped(Exception):
    """Raised by `report` in a function that was told to stop and went on."""


class FunctionRun:
    """Run of a training function.

    Args:
        fit: called as fit(recipe, report, seed); may return the metric, or the trained module.
        recipe: what to train with.
        seed: of torch's, numpy's and Python's global generators, and handed on.
        direction: maximize | minimize the metric.
    """

    def __init__(self, fit: Callable[..., Any], recipe: Recipe, *, seed: int, direction: Direction) -> None:
        self.fit, self.recipe, self.seed, self.direction = fit, recipe, seed, direction
        self.epochs = recipe.epochs
        self._averaging = recipe.optimizer.name() if recipe.optimizer.family == "schedule-free" else ""
        """The optimizer's name if it averages its weights; a watched recipe is not to be read later on."""
        self.curve: list[Measurement] = []
        self.epoch = 0
        self.seconds = 0.0
        self.ended = False
        self.steps: dict[int, int] = {}
        """Steps of each optimizer that the function stepped."""
        self.optimizers: dict[int, torch.optim.Optimizer] = {}
        self.evaluated: set[int] = set()
        """Those whose averaged weights the function put in place."""
        self._module: nn.Module | None = None
        self._target = 0
        """Epochs to pause at."""
        self._must_return = self._stopped = False
        """Whether the function has to return, and whether that cut it short."""
        self._woken = 0.0
        """When it was last let run."""
        self._away = False
        """Whether it was let run and has not paused since: so it stays when waiting for it is interrupted."""
        self._stop: Callable[[], bool] = lambda: False
        self._error: BaseException | None = None
        self._generators, self._state = Generators(seed), OwnState()
        self._turn, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._thread: threading.Thread | None = None

    @property
    def quality(self) -> float | None:
        """Return the best metric so far, None before the first report."""
        values = [point.valid_metric for point in self.curve]
        return self.direction.best(values)

    def advance(self, epochs: int, *, stop: Callable[[], bool] = lambda: False) -> bool:
        """Let the function work until it has reported `epochs` epochs in all, or has ended.

        Args:
            epochs: where to pause; at the recipe's own number it is let run to its end.
            stop: asked at every report; once it says yes the function is told to stop and cannot go on.

        Returns:
            Whether it got there.

        Raises:
            Diverged: it reported a metric that is no number.
            Exception: whatever it raised.
        """
        self._target, self._stop = min(epochs, self.epochs), stop
        if self.epoch < self._target and not self.ended:
            self._wake()
        if self._error is not None:
            raise self._error
        if self.ended and not self._stopped and not self.curve:
            raise ValueError(
                "the training function reported nothing; call report(epoch, metric), or return the metric"
            )
        return not self._stopped

    def report(
        self, epoch: int, metric: float, *, train_loss: float = math.nan, valid_loss: float | None = None
    ) -> bool:
        """Take what the function measured after an epoch, counted from 1; return whether it should stop.

        Args:
            epoch: epochs done so far.
            metric: on validation data.
            train_loss: of the epoch, to see overfitting by.
            valid_loss: on validation data; without it the metric stands in.

        Raises:
            Stopped: it was told to stop before.
            ValueError: an epoch that does not follow the last one.
        """
        if self._must_return:
            raise Stopped
        self._check_averages()
        self._note(int(epoch), float(metric), float(train_loss), valid_loss)
        for scheduler in schedulers_of(self.optimizers.values()):
            scheduler.follow(self.curve)
        if self._stop():
            self._stopped = self._must_return = True
        elif self.epoch > self.epochs:
            self._must_return = True
        elif self._target <= self.epoch < self.epochs:
            self._pause()
        return self._must_return

    def measure_outcome(
        self,
        *,
        whole: bool,
        test: bool,  # noqa: ARG002 - a function keeps its test data to itself
    ) -> dict[str, Any]:
        """Return the fields of a record that were measured.

        Time, the optimizers' state, the bytes of what they stepped on.
        """
        state = sum(state_bytes(optimizer) for optimizer in self.optimizers.values())
        groups = [group for optimizer in self.optimizers.values() for group in optimizer.param_groups]
        stepped = [parameter for group in groups for parameter in group["params"]]
        weights = model_bytes(self._module) if self._module else tensor_bytes(stepped)
        return {
            "quality": self.quality,
            "train_seconds": self.seconds,
            "optimizer_state_bytes": state if stepped else None,
            "model_bytes": weights if stepped or self._module else None,
            "sparsity": sparsity(self._module) if self._module and whole else None,
        }

    def close(self) -> None:
        """Tell the function to stop, wait until it has, and let go of its optimizers.

        One that somebody interrupted the waiting for may never return: it is not waited for.
        """
        if self._away:
            self._must_return = True
        elif self._thread is not None and not self.ended:
            self._must_return = True
            self._wake()
        self.optimizers = {}
        self._module = None

    def _wake(self) -> None:
        self._woken = time.perf_counter()
        with (
            self._generators.in_place(),
            self._state.in_place(),
            self._watched_steps(),
            users_dtype(noted=True),
        ):
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name="training function")
                self._thread.start()
            self._away = True
            self._turn.release()
            self._back.acquire()
            self._away = False
        self.seconds += time.perf_counter() - self._woken

    def _work(self) -> None:
        self._turn.acquire()
        try:
            self._finish(self.fit(self.recipe, self.report, self.seed))
        except Stopped:
            pass
        except SystemExit as error:
            problem = RuntimeError(f"the function called sys.exit({error.code})")
            self._error = None if self._must_return else problem.with_traceback(error.__traceback__)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits, which raises it
            self._error = None if self._must_return else error
        finally:
            self.ended = True
            self._back.release()

    def _finish(self, returned: object) -> None:
        if isinstance(returned, nn.Module):
            self._module = returned
            return
        cut_short = self._must_return or self.epoch >= self.epochs
        if isinstance(returned, (int, float, np.number, torch.Tensor)) and not cut_short:
            self._note(self.epochs, float(returned), math.nan, None)

    def _check_averages(self) -> None:
        """Raise BadValue when what is reported was measured on other weights than those that count."""
        averaging = [key for key, optimizer in self.optimizers.items() if _averages(optimizer)]
        if (name := self._averaging) and not set(averaging) <= self.evaluated:
            raise BadValue(
                f"{name} averages its weights, and the function measures others; "
                f"measure inside `with recipe.optimizer.evaluating(model):`, or leave {name} out"
            )

    def _pause(self) -> None:
        self._back.release()
        self._turn.acquire()

    def _note(self, epoch: int, metric: float, train_loss: float, valid_loss: float | None) -> None:
        if epoch <= self.epoch:
            after = f" after epoch {self.epoch}" if self.epoch else ""
            raise ValueError(f"reported epoch {epoch}{after}; count them from 1, each once")
        if not math.isfinite(metric):
            raise Diverged(f"diverged in epoch {epoch}: the metric became {metric}")
        self.epoch = epoch
        point = Measurement(
            epoch=epoch,
            step=max(self.steps.values(), default=0),
            seconds=self.seconds + time.perf_counter() - self._woken,
            train_loss=train_loss,
            valid_loss=self.direction.loss(metric) if valid_loss is None else float(valid_loss),
            valid_metric=metric,
        )
        self.curve.append(point)

    @contextmanager
    def _watched_steps(self) -> Iterator[None]:
        def note(optimizer: torch.optim.Optimizer, *_: object) -> None:
            if id(optimizer) not in self.optimizers and _averages(optimizer):
                self._note_evaluations(optimizer)
            self.optimizers[id(optimizer)] = optimizer
            self.steps[id(optimizer)] = self.steps.get(id(optimizer), 0) + 1

        handle = register_optimizer_step_post_hook(note)
        try:
            yield
        finally:
            handle.remove()

    def _note_evaluations(self, optimizer: Any) -> None:
        """Have it noted whenever the averaged weights of an optimizer are put in place."""
        put_average = optimizer.eval

        def put_and_note() -> None:
            self.evaluated.add(id(optimizer))
            put_average()

        optimizer.eval = put_and_note


def _averages(optimizer: torch.optim.Optimizer) -> bool:
    """Tell whether an optimizer itself keeps an average beside the weights that it steps on."""
    return hasattr(optimizer, "eval") and not hasattr(optimizer, "parts")
