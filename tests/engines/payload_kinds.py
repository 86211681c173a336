"""Everything that a study can train on, of each kind one small workload, and what training makes of it."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import numpy as np
import optuna
import scipy.sparse
import torch
from sklearn.metrics import make_scorer, matthews_corrcoef
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler
from torchmetrics.classification import MulticlassF1Score

from studies.imports import refer
from studies.loaded_workload import LoadedWorkload
from studies.models.mlp import MLP
from studies.optimizers.adamw import AdamW
from studies.recipe import Recipe
from studies.train import Training
from studies.training_function.function import Function
from studies.training_function.run import FunctionRun
from studies.workload_opening import open_source, workload_from_code

from changing_rows import Augmented, Endless
from loss_forms import FORMS
from odd_modules import KINDS as ODD
from odd_modules import LABELS as ODD_LABELS
from odd_modules import ROWS as ODD_ROWS
from payload_files import files, frame, of_code
from sample_arrays import IMAGES, LABELS, REVIEWS, TABLE
from training_functions import descend


def outcome(value):
    """Return what two epochs of training on a value give, in figures that are compared to the last bit."""
    if isinstance(value, Function):
        recipe = Recipe(optimizer=AdamW(), epochs=2, model=value.model)
        run = FunctionRun(value.fit, recipe, seed=1, direction=value.metric.direction)
        run.advance(2)
        return [point.valid_metric.hex() for point in run.curve]
    seed = value.split_seed(5)
    forms = [value, value.on_split(seed), value.on_sample(30)]
    forms += filter(None, [value.on_all_rows()])
    return [*map(figures, forms), value.spec().digest, seed]


def figures(workload: LoadedWorkload):
    run = Training(Recipe(optimizer=AdamW(), batch_size=16, epochs=2, model=workload.model), workload, seed=1)
    run.advance(2)
    curve = [
        number.hex()
        for point in run.curve
        for number in (point.train_loss, point.valid_loss, point.valid_metric)
    ]
    sha = hashlib.sha256()
    for tensor in run.model.state_dict().values():
        if isinstance(tensor, torch.Tensor):
            sha.update(tensor.detach().cpu().to_dense().float().numpy().tobytes())
    return [*curve, sha.hexdigest()[:16]]


def of_function(fit, **options):
    return Function.open(fit, source=refer(fit), metric="loss", direction=None, **options)


class Objects(nn.Module):
    """A net that holds a view, a shared weight and a buffer."""

    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(3, 3), nn.Linear(3, 2)
        self.again = self.first
        self.register_buffer("shift", torch.arange(12.0)[3:6])

    def forward(self, rows):
        return self.head(self.again(self.first(rows) + self.shift).relu())


class Fit:
    """A training function that is an object, and one that is its method."""

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, recipe, report, seed):
        return descend(recipe, lambda epoch, loss: report(epoch, loss * self.scale), seed)

    def method(self, recipe, report, seed):
        return self(recipe, report, seed)


class Count:
    """A metric that is an object."""

    direction = "maximize"

    def __call__(self, outputs, targets):
        return float((outputs.argmax(1) == targets).sum())


def weighted(recipe, report, seed, *, scale):
    return Fit(scale)(recipe, report, seed)


def closure():
    rows = torch.randn(5000, 3, generator=torch.Generator().manual_seed(0))
    half = rows[:2500]

    def fit(recipe, report, seed):
        torch.manual_seed(seed)
        weight = nn.Parameter(torch.randn(3))
        optimizer = recipe.optimizer.build([weight], 10)
        for epoch in range(recipe.epochs):
            optimizer.zero_grad()
            loss = ((half @ weight - rows[2500:].sum(1)) ** 2).mean()
            loss.backward()
            optimizer.step()
            if report(epoch + 1, loss.item()):
                return

    return fit


def with_space(recipe, report, seed):
    return descend(recipe, lambda epoch, loss: report(epoch, loss * recipe.settings["scale"]), seed)


SPACE = {
    "scale": optuna.distributions.FloatDistribution(1.0, 3.0),
    "ways": optuna.distributions.CategoricalDistribution(["a", "b"]),
}


def loader(**options):
    data = TensorDataset(torch.from_numpy(TABLE), torch.from_numpy(LABELS))
    return DataLoader(data, batch_size=8, **options)


def collated(items):
    rows, labels = zip(*items, strict=True)
    return torch.stack(rows) * 2, torch.tensor(labels)


def noisy(rows):
    """Return a Dataset of a class that is made in a function, around rows and a lambda."""
    change = lambda row: row + torch.randn(3)  # noqa: E731

    class Noisy(torch.utils.data.Dataset):
        def __len__(self):
            return len(rows)

        def __getitem__(self, item):
            return change(rows[item]), int(LABELS[item])

    return Noisy()


BUILT_IN = ("digits", "iris", "diabetes", "signals")
LARGER = ("mnist5000", "phishing", "shuttle", "wine")
CODE = {
    "arrays": lambda: of_code(train=(TABLE, LABELS)),
    "tensors": lambda: of_code(train=(torch.from_numpy(TABLE), torch.from_numpy(LABELS))),
    "given parts": lambda: of_code(
        train=(TABLE, LABELS), valid=(TABLE[:20], LABELS[:20]), test=(TABLE[20:40], LABELS[20:40])
    ),
    "DataFrame": lambda: of_code(train=frame()),
    "several targets": lambda: of_code(train=(TABLE, TABLE[:, :2] * 3 + 1)),
    "sparse": lambda: of_code(train=(scipy.sparse.random(60, 40, 0.1, "csr", random_state=0), LABELS)),
    "images": lambda: of_code(train=(IMAGES, LABELS)),
    "texts": lambda: of_code(train=(REVIEWS, LABELS)),
    "token ids": lambda: of_code(
        train=(np.random.default_rng(0).integers(1, 30, (60, 8)), LABELS), kind="text"
    ),
    "TensorDataset": lambda: of_code(train=loader().dataset),
    "DataLoader": lambda: of_code(train=loader(collate_fn=collated, shuffle=True)),
    "DataLoader with workers": lambda: of_code(
        train=DataLoader(Augmented(), batch_size=60, num_workers=1, worker_init_fn=lambda worker: None)
    ),
    "changing rows of a closure": lambda: of_code(train=noisy(torch.from_numpy(TABLE))),
    "weighted sampler": lambda: of_code(
        train=loader(sampler=WeightedRandomSampler(np.arange(1, 61) / 60, 60, generator=torch.Generator()))
    ),
    "changing rows": lambda: of_code(train=Augmented()),
    "rows changed by numpy": lambda: of_code(train=DataLoader(Augmented("numpy"), batch_size=16)),
    "stream": lambda: of_code(train=Endless(), steps_per_epoch=4),
    "random stream": lambda: of_code(train=DataLoader(Endless(random=True), batch_size=8), steps_per_epoch=4),
    "stream to its end": lambda: of_code(train=Endless(rows=80)),
    "model lambda": lambda: of_code(
        train=(TABLE, LABELS), model=lambda inputs, outputs: nn.Linear(inputs, outputs, bias=False)
    ),
    "model class": lambda: of_code(train=(TABLE, LABELS), model=Objects),
    "model instance": lambda: of_code(train=(TABLE, LABELS), model=Objects()),
    "model choice": lambda: of_code(train=(TABLE, LABELS), model=MLP(width=16)),
    "partial model": lambda: of_code(
        train=(TABLE, LABELS), model=functools.partial(nn.Linear, 3, 2, bias=False)
    ),
    "loss closure": lambda: of_code(train=(TABLE, LABELS), loss=weighing(torch.tensor([1.0, 3.0]))),
    "loss module": lambda: of_code(
        train=(TABLE, LABELS), loss=nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))
    ),
    "metric object": lambda: of_code(train=(TABLE, LABELS), metric=Count()),
    "metric lambda": lambda: of_code(
        train=(TABLE, LABELS),
        metric=lambda y_true, y_pred: float((y_true == y_pred).mean()),
        direction="maximize",
    ),
    "torchmetrics": lambda: of_code(train=(TABLE, LABELS), metric=MulticlassF1Score(num_classes=2)),
    "scorer": lambda: of_code(train=(TABLE, LABELS), metric=make_scorer(matthews_corrcoef)),
    "scorer's name": lambda: of_code(train=(TABLE, LABELS), metric="recall_macro"),
    "function": lambda: of_function(descend),
    "function closure": lambda: of_function(closure()),
    "function object": lambda: of_function(Fit(2.0)),
    "function method": lambda: of_function(Fit(3.0).method),
    "function partial": lambda: of_function(functools.partial(weighted, scale=4.0)),
    "function with a space": lambda: of_function(with_space, space=SPACE),
}


def weighing(weights):
    return lambda outputs, targets: nn.functional.cross_entropy(outputs, targets, weight=weights)


def instance(make):
    torch.manual_seed(0)
    return of_code(train=(ODD_ROWS, ODD_LABELS), model=make())


FEW = ("weight norm", "scripted", "lazy", "bfloat16", "shared", "sparse", "compiled")
"""Modules of which objects travel in the usual tests; all others do in the slow ones."""


def kinds(folder: Path):
    """Return a function for each kind that makes its value."""
    built_in = {name: functools.partial(open_source, name) for name in BUILT_IN}
    forms = {
        name: functools.partial(workload_from_code, form, source="__main__:w") for name, form in FORMS.items()
    }
    instances = {f"instance, {name}": functools.partial(instance, ODD[name]) for name in FEW}
    return built_in | files(folder) | CODE | forms | instances


def more_kinds():
    """Return a function for each of the odd modules, as a class or function and as an object."""
    made = {
        name: functools.partial(of_code, train=(ODD_ROWS, ODD_LABELS), model=model)
        for name, model in ODD.items()
    }
    instances = {name: functools.partial(instance, model) for name, model in ODD.items() if name not in FEW}
    del instances["locked"]  # no copy of it can be made, so that no search begins
    larger = {name: functools.partial(open_source, name) for name in LARGER}
    return made | {f"instance, {name}": model for name, model in instances.items()} | larger
