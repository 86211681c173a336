"""Contestants on an in-memory loop: each searches in a process of its own until its target or its cap.

    python -m benchmarks.contestants tpe+median digits digits-0.npz --seed 0 --target 0.99 --cap 60

`benchmarks.contest` starts them. Each line tells what it has after a trial.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import contest_others
from benchmarks.contest_space import Axis, Value, at_random, chance_of, draw
from benchmarks.contest_watch import Over, Watch
from benchmarks.contest_workloads import BY_NAME

if TYPE_CHECKING:
    import optuna

    from benchmarks.contest_training import Data

LOOKED_AT: Final = 27
"""Recipes that one-epoch trains for an epoch before the best go on."""
GO_ON: Final = 3
STARTUP_TRIALS: Final = 5
"""Of the median pruner, as Optuna has it by default; the first epoch is never judged."""

Contestant = Callable[["Data", Watch, int], None]


def at_random_whole(data: Data, watch: Watch, seed: int) -> None:
    """Random search: whole runs."""
    from benchmarks.contest_training import Run

    chance = chance_of("random", data.problem.name, seed)
    number = 0
    while True:
        run = Run(at_random(chance), data, seed=number)
        while not run.over:
            run.train_epoch()
        watch.note(run, run.epoch)
        number += 1


def one_epoch(data: Data, watch: Watch, seed: int) -> None:
    """One epoch each: the best few of some random recipes go on to the end; then again."""
    from benchmarks.contest_training import Run

    chance = chance_of("one-epoch", data.problem.name, seed)
    number = 0
    while True:
        begun: list[Run] = []
        for _ in range(LOOKED_AT):
            run = Run(at_random(chance), data, seed=number)
            run.train_epoch()
            watch.note(run, 1)
            begun.append(run)
            number += 1
        begun.sort(key=lambda run: -data.problem.sign * run.best)
        for run in begun[:GO_ON]:
            while not run.over:
                run.train_epoch()
            watch.note(run, run.epoch - 1)


def with_optuna(
    data: Data, watch: Watch, seed: int, *, pruner: Callable[[int], Any], loader: bool = False
) -> None:
    """Optuna's TPE, its settings as they are by default."""
    import optuna

    from benchmarks.contest_training import Run

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize" if data.problem.sign > 0 else "minimize",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=pruner(data.problem.epochs),
    )

    def objective(trial: optuna.Trial) -> float:
        run = Run(draw(partial(_suggest, trial)), data, seed=trial.number, loader=loader)
        while not run.over:
            trial.report(run.train_epoch(), run.epoch)
            if trial.should_prune():
                watch.note(run, run.epoch)
                raise optuna.TrialPruned
        watch.note(run, run.epoch)
        return run.best

    study.optimize(objective)


def _suggest(trial: optuna.Trial, axis: Axis) -> Value:
    if axis.options:
        value: Value = trial.suggest_categorical(axis.name, axis.options)  # type: ignore[assignment]
        return value
    return trial.suggest_float(axis.name, axis.low, axis.high, log=axis.log)


def _no_pruner(epochs: int) -> Any:  # noqa: ARG001 - as the others
    import optuna

    return optuna.pruners.NopPruner()


def _median(epochs: int) -> Any:  # noqa: ARG001
    import optuna

    return optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=1)


def _hyperband(epochs: int) -> Any:
    import optuna

    return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=epochs)


IN_MEMORY: Final[Mapping[str, Contestant]] = {
    "plain": partial(with_optuna, pruner=_no_pruner, loader=True),
    "tpe+median": partial(with_optuna, pruner=_median),
    "hyperband": partial(with_optuna, pruner=_hyperband),
    "random": at_random_whole,
    "one-epoch": one_epoch,
}
"""Those that need nothing but what the project has."""
CONTESTANTS: Final[Mapping[str, Contestant]] = {**IN_MEMORY, **contest_others.CONTESTANTS}


def main() -> None:
    """Search until the target or the cap."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contestant", choices=CONTESTANTS)
    parser.add_argument("workload", choices=BY_NAME)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--cap", type=float, required=True)
    parser.add_argument("--target", type=float)
    arguments = parser.parse_args()
    problem = BY_NAME[arguments.workload]
    watch = Watch(
        problem=problem,
        target=arguments.target,
        cap_seconds=arguments.cap,
        by_clock=arguments.target is None,
    )
    import torch

    from benchmarks.contest_training import Data

    torch.set_num_threads(1)
    try:
        CONTESTANTS[arguments.contestant](Data.read(problem, arguments.data), watch, arguments.seed)
    except Over:
        return


if __name__ == "__main__":
    main()
