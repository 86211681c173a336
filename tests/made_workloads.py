"""Workloads of made rows: one for every built-in model that fits, and texts of few words."""

from __future__ import annotations

import numpy as np
import pytest

from studies import catalogue
from studies.data.dataset import Dataset, Part
from studies.data.inputs import Inputs
from studies.loaded_workload import LoadedWorkload
from studies.metrics import metric

WORDS, LENGTH = 50, 8
FORMS = {
    "table": Inputs(kind="table", shape=(12,)),
    "image": Inputs(kind="image", shape=(1, 8, 8)),
    "text": Inputs(kind="text", shape=(10,), vocabulary=40),
    "signal": Inputs(kind="signal", shape=(1, 32)),
}
MODELS = {name: choice for name, choice in catalogue.choices("model").items() if name != "Custom"}


def part(inputs, rows, seed):
    draw = np.random.default_rng(seed)
    targets = draw.integers(0, 3, rows)
    if inputs.kind == "text":
        values = draw.integers(1, inputs.vocabulary + 1, (rows, *inputs.shape))
    else:
        values = (
            draw.normal(size=(rows, *inputs.shape)) + targets.reshape(-1, *[1] * len(inputs.shape))
        ).astype(np.float32)
    return Part(inputs=values, targets=targets)


def dataset_of(inputs, **parts):
    """Rows of three classes."""
    return Dataset(
        name="made",
        kind=inputs.kind,
        task="classification",
        classes=("a", "b", "c"),
        feature_names=(),
        missing_share=0.0,
        digest="",
        notes=(),
        **({"vocabulary": inputs.vocabulary} if inputs.kind == "text" else {}),
        **parts,
    )


def workload(inputs, model):
    parts = {
        name: part(inputs, rows, seed)
        for seed, (name, rows) in enumerate({"train": 48, "valid": 16, "test": 16}.items())
    }
    dataset = dataset_of(inputs, **parts)
    return LoadedWorkload(dataset=dataset, model=model(), metric=metric(None, "classification"))


FITTING = [
    pytest.param(inputs, model, id=f"{kind}-{name}")
    for kind, inputs in FORMS.items()
    for name, model in MODELS.items()
    if model.takes(inputs)
]


def texts(rows=60):
    """Texts of the words 1 to 5, of 50 in the vocabulary."""
    draw = np.random.default_rng(0)

    def part(count):
        tokens = draw.integers(1, 6, (count, LENGTH))
        tokens[:, -1] = 0  # padding
        return Part(inputs=tokens, targets=(tokens[:, 0] > 2).astype(np.int64))

    return Dataset(
        name="texts",
        kind="text",
        task="classification",
        train=part(rows),
        valid=part(20),
        test=part(20),
        classes=("no", "yes"),
        feature_names=(),
        vocabulary=WORDS,
        missing_share=0.0,
        digest="",
        notes=(),
    )


def workload_of(model):
    return LoadedWorkload(dataset=texts(), model=model, metric=metric(None, "classification"))
