"""Contestants from other packages, each in an environment of its own: NePS, SMAC and Syne Tune.

Their search is asked for a recipe and told how it went, in one process: none pays for processes of its own.
A run that was stopped early goes on where it stopped, where a package asks for more of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.contest_space import SPACE, Axis, Values, in_use

if TYPE_CHECKING:
    from benchmarks.contest_training import Data, Run
    from benchmarks.contest_watch import Watch

PACKAGES: Final = {"neps": "neural-pipeline-search", "smac": "smac", "syne-tune": "syne-tune"}
OPTUNA: Final = ("plain", "tpe+median", "hyperband")
WHERE: Final = "CONTEST_ENVIRONMENTS"
"""Environment variable that names the folder of the environments, a folder for each contestant."""
TRIALS: Final = 100_000
"""More than there is time for, where a package wants a number."""


def interpreter(contestant: str) -> str:
    """Return the Python that runs a contestant."""
    return str(_environment(contestant) / "bin" / "python") if contestant in PACKAGES else sys.executable


def is_there(contestant: str) -> bool:
    """Tell whether a contestant can be run."""
    return Path(interpreter(contestant)).exists()


@cache
def version_of(contestant: str) -> str:
    """Return the version of the package that searches; nothing for those that need none."""
    if contestant in OPTUNA:
        return version("optuna")
    if contestant not in PACKAGES:
        return ""
    code = f"from importlib.metadata import version; print(version('{PACKAGES[contestant]}'))"
    done = subprocess.run([interpreter(contestant), "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _environment(contestant: str) -> Path:
    folder = os.environ.get(WHERE) or Path.home() / ".cache" / "optimizer-advisor" / "contest"
    return Path(folder) / contestant


class Runs:
    """Runs by recipe: one that was stopped goes on where it stopped."""

    def __init__(self, data: Data, watch: Watch) -> None:
        self._data, self._watch, self._begun = data, watch, dict[tuple[Any, ...], "Run"]()

    def loss(self, values: Values, epochs: int) -> float:
        """Train a recipe until so many epochs are done; return the best metric so far, less is better."""
        from benchmarks.contest_training import Run

        recipe = in_use(values)
        key = tuple(sorted(recipe.items()))
        if key not in self._begun:
            self._begun[key] = Run(recipe, self._data, seed=len(self._begun))
        run = self._begun[key]
        before = run.epoch
        while run.epoch < min(epochs, self._data.problem.epochs):
            run.train_epoch()
        self._watch.note(run, run.epoch - before)
        return -self._data.problem.sign * run.best


def neps(data: Data, watch: Watch, seed: int) -> None:
    """NePS: PriorBand, told the defaults of the optimizers as a prior of medium confidence."""
    import neps as package
    import numpy as np
    import torch

    np.random.seed(seed)  # noqa: NPY002 - what the package draws from
    torch.manual_seed(seed)
    space = package.SearchSpace(
        {axis.name: _neps_axis(package, axis) for axis in SPACE}
        | {"epochs": package.HPOInteger(1, data.problem.epochs, is_fidelity=True)}
    )
    search = package.AskAndTell(package.algorithms.priorband(space))
    runs = Runs(data, watch)
    while True:
        trial = search.ask()
        values = dict(trial.config)
        search.tell(trial, runs.loss(values, int(values.pop("epochs"))))


def _neps_axis(package: Any, axis: Axis) -> Any:
    if axis.options:
        return package.HPOCategorical(list(axis.options), prior=axis.default, prior_confidence="medium")
    return package.HPOFloat(axis.low, axis.high, log=axis.log, prior=axis.default, prior_confidence="medium")


def smac(data: Data, watch: Watch, seed: int) -> None:
    """SMAC: random forest with Hyperband, as its multi-fidelity facade sets it up."""
    from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, InCondition
    from smac import MultiFidelityFacade, Scenario
    from smac.runhistory.dataclasses import TrialValue

    space = ConfigurationSpace(seed=seed)
    axes = {
        axis.name: Categorical(axis.name, list(axis.options), default=axis.default)
        if axis.options
        else Float(axis.name, (axis.low, axis.high), default=axis.default, log=axis.log)
        for axis in SPACE
    }
    space.add(*axes.values())
    for axis in SPACE:
        if axis.when:
            parent, options = axes[axis.when[0]], axis.when[1]
            space.add(
                EqualsCondition(axes[axis.name], parent, options[0])
                if len(options) == 1
                else InCondition(axes[axis.name], parent, list(options))
            )
    runs = Runs(data, watch)
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            space,
            output_directory=Path(folder),
            deterministic=True,
            n_trials=TRIALS,
            min_budget=1,
            max_budget=data.problem.epochs,
            seed=seed,
        )
        search = MultiFidelityFacade(scenario, lambda config, seed, budget: 0.0, logging_level=40)
        while True:
            trial = search.ask()
            values = {name: _plain(value) for name, value in dict(trial.config).items()}
            cost = runs.loss(values, round(trial.budget or data.problem.epochs))
            search.tell(trial, TrialValue(cost=cost))


def _plain(value: Any) -> Any:
    """Return a value of numpy's as Python's own."""
    return value.item() if hasattr(value, "item") else value


def syne_tune(data: Data, watch: Watch, seed: int) -> None:
    """Syne Tune: asynchronous successive halving, its recipes by conformal quantile regression."""
    from datetime import datetime

    from syne_tune import config_space as spaces
    from syne_tune.backend.trial_status import Trial
    from syne_tune.optimizer.baselines import ASHACQR

    from benchmarks.contest_training import Run

    space = {
        axis.name: spaces.choice(list(axis.options))
        if axis.options
        else (spaces.loguniform if axis.log else spaces.uniform)(axis.low, axis.high)
        for axis in SPACE
    }
    search = ASHACQR(
        space, metric="loss", time_attr="epoch", max_t=data.problem.epochs, do_minimize=True, random_seed=seed
    )
    number = 0
    while True:
        suggestion = search.suggest()
        trial = Trial(trial_id=number, config=suggestion.config, creation_time=datetime.now())  # noqa: DTZ005
        search.on_trial_add(trial)
        run = Run(in_use({name: _plain(value) for name, value in trial.config.items()}), data, seed=number)
        result: dict[str, Any] = {}
        decision = "CONTINUE"
        while not run.over and decision == "CONTINUE":
            result = {"loss": -data.problem.sign * run.train_epoch(), "epoch": run.epoch}
            if not run.over:
                decision = search.on_trial_result(trial, result)
        watch.note(run, run.epoch)
        if run.over:
            search.on_trial_complete(trial, result)
        else:
            search.on_trial_remove(trial)
        number += 1


CONTESTANTS: Final[Mapping[str, Callable[[Data, Watch, int], None]]] = {
    "neps": neps,
    "smac": smac,
    "syne-tune": syne_tune,
}
