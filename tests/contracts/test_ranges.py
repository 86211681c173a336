"""The contract of every searched field: over its range it changes what a short run reaches.

Two runs that differ in one field, each at an end of its range, are compared by their validation losses: the
largest gap after any epoch, as a share of all that either run lowered the loss by. A run that ends sooner
than the other, by diverging or by its own rule, differs in all.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from functools import cache

import numpy as np
import pytest

from studies import catalogue
from studies.data.dataset import Part
from studies.infeasible import Diverged
from studies.loaded_workload import LoadedWorkload
from studies.metrics import metric
from studies.recipe import Recipe
from studies.schedules.constant import Constant
from studies.space import Numeric, ranges
from studies.train import Training

from choice_params import marks_of
from made_workloads import FORMS, dataset_of

LEAST = 0.008
"""Gap that counts. Of all fields that are searched the smallest is .0115 (MultiStep's second under AdamW),
then .0165 (Muon's nesterov); amsgrad has .0002 to .0054, L1 by its strength of old .0041 under AdamW."""
BRISK = 0.35
"""Coordinate of the lr: these runs are short, and learn the rows at it with every optimizer."""
FAMILIES = ("AdamW", "Momentum", "RMSprop", "Lion", "Muon")
"""Optimizers whose steps differ in kind; the first that a field goes with serves the quick tests."""
MODELS = {"CutMix": ("image", "CNN"), "StochasticDepth": ("table", "TabularResNet")}
"""What a regularizer needs that is not of use for an MLP on a table."""
SMALLEST = {"width": 16, "channels": 4, "hidden": 16}


def part(form, rows, seed):
    """Rows around the mean of their class, a tenth of the labels wrong; texts have words of their class."""
    draw = np.random.default_rng(seed)
    classes = draw.integers(0, 3, rows)
    targets = np.where(draw.random(rows) < 0.1, draw.integers(0, 3, rows), classes)
    if form.kind == "text":
        words = draw.integers(1, form.vocabulary + 1, (rows, *form.shape))
        telling = 1 + 3 * classes.reshape(-1, 1) + draw.integers(0, 3, words.shape)
        return Part(inputs=np.where(draw.random(words.shape) < 0.25, telling, words), targets=targets)
    means = np.random.default_rng(99).normal(size=(3, *form.shape)) * 3 * (12 / np.prod(form.shape)) ** 0.5
    values = draw.normal(size=(rows, *form.shape)) + means[classes]
    return Part(inputs=values.astype(np.float32), targets=targets)


@cache
def rows_of(kind):
    form = FORMS[kind]
    return dataset_of(form, train=part(form, 128, 0), valid=part(form, 64, 1), test=part(form, 16, 2))


def losses(kind, **parts):
    """Return the validation loss after each epoch, as far as the run gets."""
    recipe = Recipe(**parts)
    workload = LoadedWorkload(
        dataset=rows_of(kind), model=recipe.model, metric=metric(None, "classification")
    )
    run = Training(recipe, workload, seed=0)
    with contextlib.suppress(Diverged):
        run.advance(recipe.epochs)
    return [point.valid_loss for point in run.curve]


def gap(left, right):
    if len(left) != len(right):
        return 1.0
    lowered = max(*left, *right) - min(*left, *right)
    return max(abs(a - b) for a, b in zip(left, right, strict=True)) / lowered


def ends(span):
    return (span.from_unit(-1.0), span.from_unit(1.0)) if isinstance(span, Numeric) else span.options


def least_gap(make, choice, field, **others):
    """Return the smallest gap between runs at the ends of a field, or at any two of its options."""
    curves = [make(choice(**others | {field: value})) for value in ends(ranges(choice)[field])]
    return min(gap(left, right) for left, right in itertools.combinations(curves, 2))


def small(name):
    choice = catalogue.find("model", name)
    return choice(**{field: SMALLEST[field] for field in ranges(choice) if field in SMALLEST})


def brisk(optimizer):
    return {"lr": ranges(optimizer)["lr"].from_unit(BRISK)}


def fields_of(*axes):
    return [
        (choice, field)
        for axis in axes
        for choice in catalogue.choices(axis).values()
        for field in ranges(choice)
    ]


def named(choice, field, *more, slow=False):
    marks = [*marks_of(choice), *([pytest.mark.slow] if slow else [])]
    return pytest.param(choice, field, *more, id="-".join((choice.name(), field, *more)), marks=marks)


def families():
    """Yield each field of what stands beside an optimizer, with one of each family that it pairs with."""
    for choice, field in fields_of("schedule", "regularizers", "wrappers"):
        pairs = getattr(choice, "pairs_with", lambda optimizer: True)
        fitting = [name for name in FAMILIES if pairs(catalogue.find("optimizer", name))]
        for name in fitting:
            yield named(choice, field, name, slow=name != fitting[0])


@pytest.mark.parametrize(
    ("choice", "field"),
    [named(choice, field, slow=not choice.offered) for choice, field in fields_of("optimizer")],
)
def test_a_field_of_an_optimizer_does_something_over_its_range(choice, field):
    def make(optimizer):
        batch_size = 128 if choice.full_batch else 16
        return losses(
            "table",
            optimizer=optimizer,
            schedule=Constant(),
            model=small("MLP"),
            epochs=24,
            batch_size=batch_size,
        )

    assert least_gap(make, choice, field, **brisk(choice)) > LEAST


@pytest.mark.parametrize(("choice", "field", "optimizer"), [*families()])
def test_a_field_beside_any_optimizer_does_something_over_its_range(choice, field, optimizer):
    kind, model = MODELS.get(choice.name(), ("table", "MLP"))
    stepping = catalogue.find("optimizer", optimizer)

    def make(beside):
        parts = {"schedule": Constant(), choice.axis: beside if choice.axis == "schedule" else (beside,)}
        return losses(
            kind, optimizer=stepping(**brisk(stepping)), model=small(model), epochs=24, batch_size=16, **parts
        )

    assert least_gap(make, choice, field) > LEAST


@pytest.mark.parametrize(("choice", "field"), [named(choice, field) for choice, field in fields_of("model")])
def test_a_field_of_a_model_does_something_over_its_range(choice, field):
    kind = next(kind for kind, form in FORMS.items() if choice.takes(form))
    fixed = {name: value for name, value in SMALLEST.items() if name in ranges(choice) and name != field}

    assert least_gap(lambda model: losses(kind, model=model, epochs=3), choice, field, **fixed) > LEAST


def test_a_field_that_does_nothing_is_noticed():
    def make(optimizer):
        return losses("table", optimizer=optimizer, schedule=Constant(), model=small("MLP"), epochs=3)

    adamw = catalogue.find("optimizer", "AdamW")
    curves = [make(dataclasses.replace(adamw(), amsgrad=value)) for value in (False, True)]

    assert gap(*curves) < LEAST
