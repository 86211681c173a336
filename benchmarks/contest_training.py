"""Training loop of the contest: what a user writes by hand, on tensors in memory or through a DataLoader."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import contest_models
from benchmarks.contest_space import Values, of_choice
from benchmarks.contest_workloads import PARTS, Problem

MODULES: Final = {"ScheduleFreeAdamW": "schedule_free_adamw"}
WORST: Final = {1: 0.0, -1: 1e9}
"""What a run counts as whose answers are no numbers, by the sign of the metric."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """Rows of a problem as tensors."""

    problem: Problem
    parts: dict[str, tuple[torch.Tensor, torch.Tensor]]
    mean: float = 0.0
    deviation: float = 1.0
    """Of the targets that train, where they are amounts: nets learn them scaled."""

    @classmethod
    def read(cls, problem: Problem, path: Path) -> Data:
        """Read what `write_data` wrote."""
        with np.load(path) as file:
            arrays = {part: (file[f"X_{part}"], file[f"y_{part}"]) for part in PARTS}
        parts = {
            part: (torch.from_numpy(inputs), torch.from_numpy(targets))
            for part, (inputs, targets) in arrays.items()
        }
        if problem.task == "classification":
            return cls(problem=problem, parts=parts)
        targets = arrays["train"][1]
        return cls(problem=problem, parts=parts, mean=float(targets.mean()), deviation=float(targets.std()))

    @cached_property
    def outputs(self) -> int:
        """Return the columns of the answers."""
        return int(self.parts["train"][1].max()) + 1 if self.problem.task == "classification" else 1

    def model(self) -> nn.Module:
        """Return a fresh model."""
        shape = tuple(self.parts["train"][0].shape[1:])
        build = getattr(contest_models, self.problem.model)
        module: nn.Module = build(shape[0] if len(shape) == 1 else shape, self.outputs)
        return module

    def score(self, answers: torch.Tensor, targets: torch.Tensor) -> float:
        """Return the metric."""
        if self.problem.task == "classification":
            return float((answers.argmax(dim=1) == targets).double().mean())
        amounts = answers.squeeze(1).double() * self.deviation + self.mean
        error = float((amounts - targets).square().mean().sqrt())
        return error if math.isfinite(error) else WORST[-1]


class Run:
    """One run of a recipe, an epoch at a time.

    Args:
        values: of the settings, see `benchmarks.contest_space`.
        data: what it trains on.
        seed: of weights and order.
        loader: whether rows come from a DataLoader, as tutorials have it, or are cut from tensors.
    """

    def __init__(self, values: Values, data: Data, seed: int, *, loader: bool = False) -> None:
        torch.manual_seed(seed)
        self.values, self.data, self.epoch, self.step = values, data, 0, 0
        self.model = data.model()
        for module in self.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = float(values["dropout"])
        inputs, targets = data.parts["train"]
        if data.problem.task != "classification":
            targets = ((targets - data.mean) / data.deviation).float()[:, None]
        self.rows = inputs, targets
        self.batch_size = int(values["batch_size"])
        self.loader = (
            DataLoader(TensorDataset(inputs, targets), batch_size=self.batch_size, shuffle=True)
            if loader
            else None
        )
        self.total_steps = math.ceil(len(inputs) / self.batch_size) * data.problem.epochs
        self.optimizer = _optimizer(values, self.model, self.total_steps)
        self.schedule = _schedule(values)
        self.peaks = [group["lr"] for group in self.optimizer.param_groups]
        self.quality: float | None = None
        self._best: dict[str, Any] = {}

    @property
    def over(self) -> bool:
        """Tell whether the run is whole."""
        return self.epoch >= self.data.problem.epochs

    @property
    def best(self) -> float:
        """Return the best validation metric by now."""
        return WORST[self.data.problem.sign] if self.quality is None else self.quality

    def train_epoch(self) -> float:
        """Train for an epoch; return the metric on the rows that validate."""
        self.model.train()
        if hasattr(self.optimizer, "train"):
            self.optimizer.train()
        if self.loader:
            for inputs, targets in self.loader:
                self._step(inputs, targets)
        else:
            inputs, targets = self.rows
            for batch in torch.randperm(len(inputs)).split(self.batch_size):
                self._step(inputs[batch], targets[batch])
        self.epoch += 1
        quality = self._evaluate("valid")
        if self.quality is None or self.data.problem.sign * (quality - self.quality) > 0:
            self.quality, self._best = quality, copy.deepcopy(self.model.state_dict())
        return quality

    def test_quality(self) -> float:
        """Return the metric of the best epoch on the rows that test; the run may go on as if nothing was."""
        weights = copy.deepcopy(self.model.state_dict())
        self.model.load_state_dict(self._best)
        quality = self._score("test")
        self.model.load_state_dict(weights)
        return quality

    def _step(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        if self.schedule:
            factor = self.schedule.at((self.step + 0.5) / self.total_steps)
            for group, peak in zip(self.optimizer.param_groups, self.peaks, strict=True):
                group["lr"] = peak * factor
        self.optimizer.zero_grad()
        answers = self.model(inputs)
        if self.data.problem.task == "classification":
            smoothing = float(self.values["label_smoothing"])
            loss = functional.cross_entropy(answers, targets, label_smoothing=smoothing)
        else:
            loss = functional.mse_loss(answers, targets)
        loss.backward()
        self.optimizer.step()
        self.step += 1

    def _evaluate(self, part: str) -> float:
        if not hasattr(self.optimizer, "eval"):
            return self._score(part)
        self.optimizer.eval()
        if any(isinstance(module, nn.BatchNorm1d) for module in self.model.modules()):
            with torch.no_grad():
                self.model(self.rows[0])  # averaged weights need statistics of their own
        return self._score(part)

    @torch.no_grad()
    def _score(self, part: str) -> float:
        self.model.eval()
        inputs, targets = self.data.parts[part]
        if self.loader:
            batches = DataLoader(TensorDataset(inputs), batch_size=self.batch_size)
            return self.data.score(torch.cat([self.model(rows) for (rows,) in batches]), targets)
        return self.data.score(self.model(inputs), targets)


def _optimizer(values: Values, model: nn.Module, total_steps: int) -> Any:
    name = str(values["optimizer"])
    choice = getattr(import_module(f"studies.optimizers.{MODULES.get(name, name.lower())}"), name)
    optimizer = choice(**of_choice(values, name)).build(model, total_steps)
    for group in optimizer.param_groups if "l2" in values else ():
        group["weight_decay"] = values["l2"]
    return optimizer


def _schedule(values: Values) -> Any:
    if "schedule" not in values:
        return None
    name = str(values["schedule"])
    choice = getattr(import_module(f"studies.schedules.{name.lower()}"), name)
    return choice(warmup=values["warmup"])
