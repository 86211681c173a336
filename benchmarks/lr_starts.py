"""Published learning rates on small, short problems: best of the first n trials with one and without.

python -m benchmarks.lr_starts [TASK ...]
"""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Mapping

import torch

from advisor.published import learning_rates, names
from studies import catalogue
from studies.infeasible import Diverged
from studies.loaded_workload import LoadedWorkload
from studies.optimizers import OptimizerChoice
from studies.recipe import Recipe
from studies.schedules.constant import Constant
from studies.schedules.cosine import Cosine
from studies.space import Numeric, ranges
from studies.train import Training
from studies.workload_opening import open_source

SWEEP = (0.35, -0.35, 0.6, -0.7)
"""Moves of the learning rate alone from its default, in units of its range."""
EPOCHS = {
    "breast_cancer": 54,
    "wine": 81,
    "diabetes": 81,
    "bananas": 18,
    "image_segments": 27,
    "iris": 81,
    "digits": 27,
}
SOURCES = {
    "gorishniy2026": ("AdamW", "NAdamW", "Lion", "ScheduleFreeAdamW", "AdaBelief"),
    "lcbench": ("Momentum",),
}
PUBLISHED_STEPS = 7500
"""Steps to the best epoch at the median of the tabular benchmark, for a published lr scaled to a shorter
run."""
SEEDS = (0, 1)
WORST = 10.0
"""Loss of a run that diverged."""


def published() -> dict[str, float]:
    """Return the published median lr of each optimizer on tables, without wrappers."""
    medians = {}
    for row in learning_rates():
        identity = names()[row.source, row.optimizer]
        if (
            row.problem_class == "tabular_mlp"
            and not identity.wrapper
            and identity.optimizer in SOURCES.get(row.source, ())
        ):
            medians[identity.optimizer] = row.median
    return medians


def losses(workload: LoadedWorkload, choice: type[OptimizerChoice], lr: float, epochs: int) -> list[float]:
    """Return the lowest validation loss of the reference recipe at another lr, one a seed."""
    schedule = Constant() if choice.own_schedule else Cosine()
    recipe = Recipe(
        optimizer=choice.from_fields({"lr": lr}), schedule=schedule, model=workload.model, epochs=epochs
    )
    lowest = []
    for seed in SEEDS:
        training = Training(recipe, workload, seed=seed)
        try:
            training.advance(epochs)
            lowest.append(max(1e-3, min(point.valid_loss for point in training.curve)))
        except Diverged:
            lowest.append(WORST)
    return lowest


def trials(workload: LoadedWorkload, optimizer: str, lr: float, epochs: int) -> dict[str, list[float]]:
    """Return the losses of the default, the sweep, and the published lr, also scaled to the run's length."""
    choice = catalogue.find("optimizer", optimizer)
    span = ranges(choice)["lr"]
    if not (issubclass(choice, OptimizerChoice) and isinstance(span, Numeric)):
        raise TypeError(f"{optimizer} has no lr to sweep")
    shorter = PUBLISHED_STEPS / max(1, workload.rows // 32 * epochs)
    tried = {"default": span.default, **{f"sweep {unit:+}": span.from_unit(unit) for unit in SWEEP}}
    tried |= {
        "published": lr,
        "scaled by steps^-0.4": lr * shorter**0.4,
        "scaled by steps^-0.7": lr * shorter**0.7,
    }
    return {name: losses(workload, choice, value, epochs) for name, value in tried.items()}


def main() -> None:
    """Print the ratios over the tasks named on the command line, or all."""
    torch.set_num_threads(1)
    report({task: EPOCHS[task] for task in sys.argv[1:] or EPOCHS})


def smoke() -> None:
    """Smallest form: one task, one epoch."""
    report({"iris": 1})


def report(epochs: Mapping[str, int]) -> None:
    """Print, for each start, the mean log-ratio of the best loss after n trials with it to that without it.

    Below 0 it helps.
    """
    cells: list[dict[str, float]] = []
    for task, length in epochs.items():
        workload = open_source(task, model="mlp")
        for optimizer, lr in published().items():
            losses_of = trials(workload, optimizer, lr, length)
            cells += [
                {name: values[index] for name, values in losses_of.items()} for index in range(len(SEEDS))
            ]
    sweep = [f"sweep {unit:+}" for unit in SWEEP]
    for start in ("published", "scaled by steps^-0.4", "scaled by steps^-0.7"):
        for count in (2, 3, 4, 5):
            usual, other = ["default", *sweep[: count - 1]], ["default", start, *sweep[: count - 2]]
            ratios = [
                math.log(min(cell[name] for name in other) / min(cell[name] for name in usual))
                for cell in cells
            ]
            better, worse = (sum(sign * ratio > 0.01 for ratio in ratios) for sign in (-1, 1))
            print(
                f"{start:<22} best of {count}: mean log-ratio {statistics.fmean(ratios):+.3f}, "
                f"better in {better} and worse in {worse} of {len(ratios)}"
            )
    for name in ("published", *sweep):
        ratios = [math.log(cell[name] / cell["default"]) for cell in cells]
        print(f"{name:<22} alone against the default: median log-ratio {statistics.median(ratios):+.3f}")


if __name__ == "__main__":
    main()
