"""Whether a published learning rate is worth a trial on small, short problems: best of the first n trials with it and without.

python -m benchmarks.lr_starts [TASK ...]
"""

from __future__ import annotations

import math
import statistics
import sys

import torch

from advisor.published import learning_rates, names
from studies import catalogue
from studies.infeasible import Diverged
from studies.loaded_workload import LoadedWorkload
from studies.optimizers import OptimizerChoice
from studies.recipe import Recipe
from studies.schedules.constant import Constant
from studies.schedules.cosine import Cosine
from studies.search.sampler import SWEEP
from studies.space import Numeric, ranges
from studies.train import Training

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
    found = {}
    for row in learning_rates():
        known = names()[row.source, row.optimizer]
        if (
            row.problem_class == "tabular_mlp"
            and not known.wrapper
            and known.optimizer in SOURCES.get(row.source, ())
        ):
            found[known.optimizer] = row.median
    return found


def losses(workload: LoadedWorkload, choice: type[OptimizerChoice], lr: float, epochs: int) -> list[float]:
    """Return the lowest validation loss of the reference recipe at another lr, one a seed."""
    schedule = Constant() if choice.own_schedule else Cosine()
    recipe = Recipe(
        optimizer=choice.from_fields({"lr": lr}), schedule=schedule, model=workload.model, epochs=epochs
    )
    found = []
    for seed in SEEDS:
        training = Training(recipe, workload, seed=seed)
        try:
            training.advance(epochs)
            found.append(max(1e-3, min(point.valid_loss for point in training.curve)))
        except Diverged:
            found.append(WORST)
    return found


def trials(workload: LoadedWorkload, optimizer: str, lr: float, epochs: int) -> dict[str, list[float]]:
    """Return the losses of the default, the sweep, and the published lr as it is and scaled to the length of the run."""
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
    """Print, for each start, the mean log-ratio of the best loss after n trials with it to that without it; below 0 it helps."""
    torch.set_num_threads(1)
    cells: list[dict[str, float]] = []
    for task in sys.argv[1:] or EPOCHS:
        workload = LoadedWorkload.open(task, model="mlp")
        for optimizer, lr in published().items():
            found = trials(workload, optimizer, lr, EPOCHS[task])
            cells += [{name: values[index] for name, values in found.items()} for index in range(len(SEEDS))]
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
