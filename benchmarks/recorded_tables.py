"""Recorded tables: learning curves that others measured, one row a configuration, as training functions.

A folder of such recordings is read where it lies: LCBench (Zimmer et al. 2021, arXiv 2006.13799), TaskSet
(Metz et al. 2020, arXiv 2002.11887), HPOBench (Eggensperger et al. 2021, arXiv 2109.06716), HPOlib (Klein and
Hutter 2019, arXiv 1905.04970) and DeepOBS (Schneider et al. 2019, arXiv 1903.05499). What a search asks for
is answered by the nearest row that it has not had yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

Space = Mapping[str, BaseDistribution]
Columns = Mapping[str, NDArray[Any]]

WORST: Final = 1e6
"""Stands for a value that is no number."""
LCBENCH: Final[Space] = {
    "batch_size": IntDistribution(16, 512, log=True),
    "learning_rate": FloatDistribution(1e-4, 1e-1, log=True),
    "momentum": FloatDistribution(0.1, 0.99),
    "weight_decay": FloatDistribution(1e-5, 1e-1),
    "num_layers": IntDistribution(1, 5),
    "max_units": IntDistribution(64, 1024, log=True),
    "max_dropout": FloatDistribution(0.0, 1.0),
}
TASKSET: Final[Space] = {
    "learning_rate": FloatDistribution(1e-8, 1e1, log=True),
    "one_minus_beta1": FloatDistribution(1e-4, 1.0, log=True),
    "one_minus_beta2": FloatDistribution(1e-6, 1.0, log=True),
    "epsilon": FloatDistribution(1e-10, 1e3, log=True),
    "l1": FloatDistribution(1e-8, 1e1, log=True),
    "l2": FloatDistribution(1e-8, 1e1, log=True),
    "linear_decay": FloatDistribution(1e-7, 1e-4, log=True),
    "exponential_decay": FloatDistribution(1e-6, 1e-3, log=True),
}
HPOBENCH: Final[Space] = {
    "alpha": FloatDistribution(1e-8, 1.0, log=True),
    "batch_size": IntDistribution(4, 256, log=True),
    "depth": IntDistribution(1, 3),
    "learning_rate_init": FloatDistribution(1e-5, 1.0, log=True),
    "width": IntDistribution(16, 1024, log=True),
}
HPOLIB: Final[Space] = {
    "activation_fn_1": CategoricalDistribution(["relu", "tanh"]),
    "activation_fn_2": CategoricalDistribution(["relu", "tanh"]),
    "batch_size": IntDistribution(8, 64, log=True),
    "dropout_1": FloatDistribution(0.0, 0.6),
    "dropout_2": FloatDistribution(0.0, 0.6),
    "init_lr": FloatDistribution(5e-4, 1e-1, log=True),
    "lr_schedule": CategoricalDistribution(["cosine", "const"]),
    "n_units_1": IntDistribution(16, 512, log=True),
    "n_units_2": IntDistribution(16, 512, log=True),
}
DEEPOBS: Final[Space] = {
    "optimizer": CategoricalDistribution(["Adam", "GradientDescent", "Momentum"]),
    "lr": FloatDistribution(1e-5, 1e2, log=True),
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """Table of recorded runs of one task."""

    name: str
    family: str
    space: Space
    places: NDArray[np.float64]
    """Where each row lies: every coordinate from 0 to 1, (rows, coordinates)."""
    curves: NDArray[np.float64]
    """Losses after each epoch, (rows, epochs)."""

    @property
    def epochs(self) -> int:
        """Return the epochs of a whole run."""
        return int(self.curves.shape[1])

    @cached_property
    def finals(self) -> NDArray[np.float64]:
        """Return the best loss of each row, (rows,)."""
        best: NDArray[np.float64] = self.curves.min(axis=1)
        return best

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import cKDTree

        return cKDTree(self.places)

    def take(self, settings: Mapping[str, Any], taken: set[int]) -> int:
        """Return the nearest row to some settings that is not taken yet, and take it; any once all are."""
        for count in (8, 64, len(self.curves)):
            nearest = self._tree.query(place(self.space, settings), k=min(count, len(self.curves)))[1]
            if free := [row for row in nearest.tolist() if row not in taken]:
                taken.add(free[0])
                return int(free[0])
        return int(nearest[0])

    def regret(self, loss: float) -> float:
        """Return how far a loss is from the best row's: 1 where the median row is, and 1 at most."""
        best, median = self.finals.min(), float(np.median(self.finals))
        return float(min(max(loss - best, 0.0) / max(median - best, 1e-12), 1.0))

    def fit(self, count: Callable[[], None], taken: set[int]) -> Callable[..., None]:
        """Return the training function that the table is, with its space.

        Args:
            count: called at each epoch.
            taken: rows that it trained, to which it adds.
        """

        def fit(recipe: Any, report: Callable[[int, float], bool], seed: int) -> None:  # noqa: ARG001 - one run a row
            curve = self.curves[self.take(recipe.settings, taken)]
            for epoch in range(recipe.epochs):
                count()
                if report(epoch + 1, float(curve[epoch])):
                    return

        fit.space = dict(self.space)  # type: ignore[attr-defined]
        return fit


def place(space: Space, settings: Mapping[str, Any]) -> list[float]:
    """Return where settings lie, each coordinate from 0 to 1."""
    return [_unit(distribution, settings[name]) for name, distribution in space.items()]


def _unit(distribution: BaseDistribution, value: Any) -> float:
    match distribution:
        case CategoricalDistribution(choices=choices):
            return float(choices.index(value))
        case FloatDistribution(low=low, high=high, log=log) | IntDistribution(low=low, high=high, log=log):
            warp = np.log if log else float
            return float((warp(value) - warp(low)) / (warp(high) - warp(low)))
    raise TypeError(distribution)


def tables(folder: Path) -> Iterator[Table]:
    """Yield the tables of every family that is in a folder."""
    families = (
        ("lcbench.npz", _lcbench),
        ("taskset.npz", _taskset),
        ("hpobench_nn.parquet", _hpobench),
        ("hpolib.parquet", _hpolib),
        ("deepobs_curves.parquet", _deepobs),
    )
    for file, read in families:
        if (folder / file).exists():
            yield from read(folder)


def made_up(rows: int = 300, epochs: int = 9, tasks: int = 2) -> Iterator[Table]:
    """Yield small tables of a made-up family: a bowl in three coordinates, whose curves fall at a pace."""
    space: Space = {
        "lr": FloatDistribution(1e-4, 1.0, log=True),
        "width": IntDistribution(8, 256, log=True),
        "kind": CategoricalDistribution(["plain", "gated"]),
    }
    for task in range(tasks):
        chance = np.random.default_rng(task)
        places = chance.random((rows, 3))
        places[:, 2] = places[:, 2].round()
        bowl = ((places[:, :2] - (0.6 + 0.05 * task, 0.4)) ** 2).sum(axis=1) + 0.1 * places[:, 2]
        pace = 1 / np.arange(1, epochs + 1) ** (0.3 + places[:, :1])
        yield Table(
            name=f"bowl {task}",
            family="made up",
            space=space,
            places=places,
            curves=bowl[:, None] + 0.5 * pace,
        )


def _table(name: str, family: str, space: Space, columns: Columns, losses: NDArray[Any]) -> Table:
    places = np.array([_column(space[key], columns[key]) for key in space]).T
    losses = np.nan_to_num(losses.astype(float), nan=WORST, posinf=WORST).clip(max=WORST)
    return Table(name=name, family=family, space=space, places=places, curves=losses)


def _column(distribution: BaseDistribution, values: NDArray[Any]) -> list[float]:
    levels = {value: _unit(distribution, value) for value in np.unique(values).tolist()}
    return [levels[value] for value in values.tolist()]


def _lcbench(folder: Path) -> Iterator[Table]:
    import pandas as pd

    columns = pd.read_parquet(folder / "lcbench_configs.parquet")
    with np.load(folder / "lcbench.npz") as arrays:
        for key in (name for name in arrays.files if name.startswith("acc_")):
            losses = 100 - arrays[key] / 100
            yield _table(key.removeprefix("acc_"), "LCBench", LCBENCH, _numpy(columns), losses)


def _taskset(folder: Path) -> Iterator[Table]:
    import pandas as pd

    frame = pd.read_parquet(folder / "taskset_configs.parquet")
    frame = frame.assign(one_minus_beta1=1 - frame["beta1"], one_minus_beta2=1 - frame["beta2"])
    with np.load(folder / "taskset.npz") as arrays:
        for key in arrays.files:
            losses = arrays[key].astype(float)
            losses[losses == 65535] = np.nan
            yield _table(key, "TaskSet", TASKSET, _numpy(frame), losses[:, 1:] / 1000)


def _hpobench(folder: Path) -> Iterator[Table]:
    import pandas as pd

    frame = pd.read_parquet(folder / "hpobench_nn.parquet")
    for task in ("australian", "car", "segment", "vehicle"):
        yield _table(task, "HPOBench", HPOBENCH, _numpy(frame), 1 - frame[[task]].to_numpy())


def _hpolib(folder: Path) -> Iterator[Table]:
    import pandas as pd

    frame = pd.read_parquet(folder / "hpolib.parquet")
    for task in ("naval_propulsion", "slice_localization"):
        yield _table(task, "HPOlib", HPOLIB, _numpy(frame), frame[[task]].to_numpy())


def _deepobs(folder: Path) -> Iterator[Table]:
    import pandas as pd

    runs, points = (pd.read_parquet(folder / f"deepobs_{file}.parquet") for file in ("runs", "curves"))
    for problem, rows in runs[runs["seed"] == 42].groupby("problem"):
        by_epoch = points.pivot_table(index="run_id", columns="epoch", values=["test_acc", "test_loss"])
        scored = rows["final_test_acc"].notna().any()
        value = by_epoch["test_acc" if scored else "test_loss"].reindex(rows["run_id"]).to_numpy()
        value = value[:, ~np.isnan(value).all(axis=0)][:, 1:]
        yield _table(str(problem), "DeepOBS", DEEPOBS, _numpy(rows), 1 - value if scored else value)


def _numpy(frame: Any) -> Columns:
    return {name: frame[name].to_numpy() for name in frame.columns}
